"""Reacting to what was just said: which kind of reaction fits, and what it can name."""

from collections.abc import Mapping
from random import Random

from negosim.agents.sim.frame_files import library
from negosim.agents.sim.grammar import Filled
from negosim.agents.sim.hearing import Heard
from negosim.agents.sim.plan import TurnPlan
from negosim.agents.sim.reading import Position
from negosim.agents.sim.strength import ClaimKind
from negosim.scenarios import Value

_STRONG = ("threat", "rumor")
"""Remarks that call for an answer even where an offer came with them."""

Slots = dict[str, str]


def reaction_kind(plan: TurnPlan) -> str:
    """Name the pool of reactions that fits the last utterance of another role."""
    if plan.reaction is None:
        plan.reaction = _kind(plan, plan.side.seed.stream("sim", plan.me, plan.turn, "reaction"))
    return plan.reaction


def _kind(plan: TurnPlan, rng: Random) -> str:
    reading = plan.reading
    last, heard = reading.last, reading.heard
    if last is None or heard is None:
        return "opening"
    if last.action == "accept":
        return "joined" if plan.view.table.standing is not None else "agreed_part"
    if heard.question == "proof" and plan.view.own_turns and plan.view.own_turns[-1].claims:
        return "heard." + _proof(plan, rng)
    if plan.faith[plan.you].caught and rng.random() < plan.persona.attention:
        return "heard.caught"
    kind = _new_claim(plan, heard)
    if kind is not None and rng.random() < plan.persona.attention:
        return f"heard.{kind}.{_reception(plan, kind, rng)}"
    strong = next((cue for cue in heard.cues if cue in _STRONG), None)
    if last.action == "offer" and last.offer:
        return f"cue.{strong}" if strong is not None and rng.random() < 0.35 else offer_kind(plan)
    if reading.own_count == 0 and heard.question not in ("priority", "success"):
        return "greeted"
    return _to_words(plan, heard, rng)


def _new_claim(plan: TurnPlan, heard: Heard) -> ClaimKind | None:
    """Return what the weightiest claim is about that was not made before, None where all is known."""
    before = {
        claim.key
        for turn in plan.view.transcript[:-1]
        if turn.role != plan.me
        for claim in plan.ear.hear(turn.text).claims
    }
    return next((claim.kind for claim in heard.claims if claim.key not in before), None)


def _to_words(plan: TurnPlan, heard: Heard, rng: Random) -> str:
    """Name the reaction to an utterance that makes no move and no claim."""
    if "demand" in heard.cues and heard.question in (None, "room", "reason", "open"):
        return "cue.demand_yes" if plan.move == "offer" else "cue.demand_no"
    if heard.question in ("alternative", "deadline") and rng.random() < plan.persona.reserve:
        return "heard.silence"
    if heard.question is not None and (heard.question != "open" or not heard.cues):
        return _answer(plan, heard.question)
    cue = next((cue for cue in heard.cues if f"reactions.cue.{cue}" in library().pools), None)
    if cue is not None and (cue in _STRONG or rng.random() < 0.65):
        return f"cue.{cue}"
    return "mention" if heard.mentions else "plain"


def _proof(plan: TurnPlan, rng: Random) -> str:
    """Say what becomes of a request for proof: the truth can be checked; a lie is upheld or dodged."""
    if all(made.true for made in plan.view.own_turns[-1].claims):
        return "proof_given"
    return "proof_invented" if rng.random() < plan.persona.nerve else "proof_dodged"


def _reception(plan: TurnPlan, kind: ClaimKind, rng: Random) -> str:
    """Choose how a claim is received: by whether it is believed, then by temper."""
    faith = plan.faith[plan.you]
    ways = {"believe": 4.0, "match": 1.0, "yield": 1.5} if faith.believed else {"doubt": 3.0, "proof": 2.0}
    pools = library().pools
    known = {way: weight for way, weight in ways.items() if f"heard.{kind}.{way}" in pools}
    if "yield" in known and plan.move != "offer":
        del known["yield"]
    if not known:
        return "believe"
    return rng.choices(list(known), list(known.values()))[0]


def _answer(plan: TurnPlan, question: str) -> str:
    if question == "proof":
        question = "open"
    if question == "offer" and plan.move != "offer":
        question = "offer_no"
    if question == "priority" and any(made.subject == "priority" for made in plan.claims):
        question = "priority_again"
    if plan.words.single and question in ("priority", "room"):
        return f"question.{question}_alone"
    if question == "reason" and reason_asked(plan) is None:
        question = "reason_short" if plan.reading.heard and plan.reading.heard.asked else "open"
    return f"question.{question}"


def reason_asked(plan: TurnPlan) -> str | None:
    """Return the issue the other side asked reasons for, if an argument for it is left."""
    asked = plan.reading.heard.asked if plan.reading.heard is not None else None
    return asked if asked is not None and plan.argument(asked) is not None else None


def offer_kind(plan: TurnPlan) -> str:
    """Say what the last utterance, an offer, did to its speaker's position, in the hearer's points."""
    last, shift = plan.reading.last, plan.reading.shift
    if last is not None and last.offer is not None and len(last.offer) < len(plan.deals.ids):
        return "partial"
    if shift is None:
        return "first_offer"
    if shift.gains:
        return "trade" if shift.losses else "concession"
    return "retreat" if shift.losses else "hold"


def reaction_slots(plan: TurnPlan, kind: str, now: Mapping[str, Value] | None = None) -> Slots:
    """Return what a reaction of this kind can name: issues, old and new values.

    Args:
        plan: the speaker's plan.
        kind: of reaction.
        now: the speaker's position once it has spoken; decides which values it can agree to. None where
            that is not known yet.

    """
    slots = dict(plan.slots)
    reading, words = plan.reading, plan.words
    if reading.heard is not None:
        heard = reading.heard
        if heard.mentions:
            slots["issue"] = words.phrase[heard.mentions[0]]
        if heard.asked is not None:
            slots["asked"] = words.phrase[heard.asked]
        if kind.startswith("heard.priority"):
            slots.pop("issue", None)
            if heard.priorities:
                slots["issue"] = words.phrase[heard.priorities[-1]]
        argument = (
            plan.argument(heard.asked) if kind == "question.reason" and heard.asked is not None else None
        )
        if argument is not None:
            slots["argument"] = argument
    if now is not None and plan.mine is not None and plan.deals.worth(now) < plan.deals.worth(plan.mine):
        slots["gives"] = ""
    if reading.shift is not None and reading.last is not None and reading.last.action == "offer":
        shift = reading.shift
        for issue in [*shift.gains, *shift.losses][:1]:
            _name(slots, plan, issue, shift.before, shift.after, "", now)
        if shift.gains and shift.losses:
            _name(slots, plan, shift.losses[0], shift.before, shift.after, "2", now)
    if kind in ("first_offer", "hold") and plan.theirs is not None:
        _name_gap(slots, plan, plan.theirs, now)
    if kind in ("partial", "agreed_part"):
        _name_part(slots, plan)
    return slots


def react(plan: TurnPlan, slots: Slots, budget: int) -> Filled | None:
    """Choose and word a reaction of at most `budget` words."""
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "reaction words")
    kind = reaction_kind(plan)
    pool = kind if kind.startswith("heard.") else f"reactions.{kind}"
    pools = (pool,) if kind == "opening" else (pool, "reactions.mention", "reactions.plain")
    for name in pools:
        if name == "reactions.mention" and kind.startswith("heard."):
            continue
        template = plan.pick(name, slots, rng, budget)
        if template is not None and template.size(slots) <= budget + (6 if name == pool else 0):
            return template.fill(slots, rng, plan.persona.speaker)
    return None


def _name(
    slots: Slots,
    plan: TurnPlan,
    issue: str,
    before: Position,
    after: Position,
    suffix: str,
    now: Mapping[str, Value] | None,
) -> None:
    words = plan.words
    slots[f"issue{suffix}"] = words.phrase[issue]
    slots[f"old{suffix}"] = slots[f"before{suffix}"] = words.short[issue][before[issue]]
    slots[f"new{suffix}"] = words.short[issue][after[issue]]
    _hold_to(slots, plan, issue, after[issue], suffix, now)


def _hold_to(
    slots: Slots, plan: TurnPlan, issue: str, value: Value, suffix: str, now: Mapping[str, Value] | None
) -> None:
    """Say whether the speaker's own move has a value, or something that is better for it."""
    if now is None or issue not in now:
        return
    if now[issue] == value:
        slots[f"keeps{suffix}"] = ""
    elif plan.deals.own_points(issue, now[issue]) > plan.deals.own_points(issue, value):
        slots[f"refuses{suffix}"] = ""


def _name_gap(slots: Slots, plan: TurnPlan, theirs: Position, now: Mapping[str, Value] | None) -> None:
    """Name where their offer is farthest from the own wishes, and where it is closest."""
    deals, words = plan.deals, plan.words
    lost = {
        issue: float(points.max()) - deals.own_points(issue, theirs[issue])
        for issue, points in zip(deals.ids, deals.points, strict=True)
    }
    worst, best = max(lost, key=lambda issue: lost[issue]), min(lost, key=lambda issue: lost[issue])
    slots["issue"], slots["new"] = words.phrase[worst], words.full[worst][theirs[worst]]
    _hold_to(slots, plan, worst, theirs[worst], "", now)
    if best != worst and now is not None and now.get(best) == theirs[best]:
        slots["liked"], slots["liked_value"] = words.phrase[best], words.full[best][theirs[best]]


def _name_part(slots: Slots, plan: TurnPlan) -> None:
    """Name the single issue just proposed or agreed."""
    last = plan.reading.last
    offer = last.offer if last is not None and last.offer else plan.view.table.settled
    for issue, value in list(offer.items())[-1:]:
        slots["issue"], slots["new"] = plan.words.phrase[issue], plan.words.full[issue][value]
