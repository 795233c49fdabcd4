"""Mistakes that cost donations: pressing, passing over doubts, asking before there is trust."""

from collections.abc import Iterator

from negosim.agents.users import APPEALS, ASKS, PLANS, REPLIES, good_acts, guess_persona, promised
from negosim.rl.hindsight._rules import Fault, Moment


def donation_faults(moment: Moment) -> Iterator[Fault]:
    """Yield what is wrong with one turn of a persuader, the gravest first."""
    better, acts = _better(moment), set(moment.acts)
    pledged = promised(moment.before) is not None
    doubt = next((cue for cue in moment.heard if cue in REPLIES), None)
    if "pressure" in acts:
        yield Fault(5, "pressing made the donor shut down; go on with what speaks to them", better)
    if doubt is not None and not pledged and REPLIES[doubt] not in acts:
        answer = ["acknowledgement", REPLIES[doubt]]
        yield Fault(4.5, f"the donor's doubt ({doubt.removeprefix('objection-')}) was passed over", answer)
    if "closing" in acts and not pledged:
        yield Fault(4, "it was given up before the donor had said yes", better)
    if acts & ASKS and "refuse" in moment.heard:
        yield Fault(3.5, "asked again straight after a no, with nothing new to speak for it", better)
    if acts & ASKS and not pledged and not APPEALS & set(moment.used):
        yield Fault(3, "asked before there was any reason to trust or to care", better)
    if {"displeased", "annoyed"} & set(moment.effect):
        yield Fault(3, "this put the donor off, as the answer shows", better)
    if not acts or acts == {"other"}:
        yield Fault(2.5, "the turn did nothing for the cause", better)
    if any(moment.used.count(act) > 1 for act in acts & APPEALS):
        yield Fault(2, "the same appeal for the third time", better)
    if acts != set(better):
        yield Fault(0.5, "something else would have brought the donor closer to giving", better)


def _better(moment: Moment) -> list[str]:
    """Return what to do instead, knowing whom the donor turned out to be and what they came to doubt."""
    if promised(moment.before) is not None or not moment.before.texts("agent"):
        return good_acts(moment.before)
    if (doubt := next((cue for cue in moment.heard if cue in REPLIES), None)) is not None:
        return ["acknowledgement", REPLIES[doubt]]
    persona = guess_persona(moment.whole) or "philanthropic"
    left = [act for act in PLANS[persona] if act not in moment.used]
    if left and moment.used and not (set(moment.used) & APPEALS and len(left) < 2):
        return left[:2] if len(left) > 2 else left[:1]
    small = persona == "unfriendly" or bool(ASKS & set(moment.used))
    return ["foot-in-the-door"] if small else ["proposition-of-donation"]
