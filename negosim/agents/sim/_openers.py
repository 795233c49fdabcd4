"""Varying how an utterance opens, without touching what it means."""

import re

from negosim.agents.sim._plan import Plan
from negosim.records import Utterance

_RATE = 0.4
"""Share of utterances whose opening is varied."""

_OPENERS = (
    "Well,", "Look,", "All right,", "Honestly,", "You know,", "Okay,", "Listen,", "Right,", "To be fair,",
    "Frankly,", "Hm,", "Now,", "Alright then,", "Let's see,",
)

_PLAIN_STARTS = frozenset(
    "a all an and as at before between but by can compared dropping fair for from give going good here how if in it "
    "it's leave let let's like moving my no nobody not now on once one our people settling since so some somebody "
    "something staying suppose take taking that that's the there there's these they think this to we we'd we'll "
    "we're we've what what's when where which who why with you you'd you'll you're you've your".split()
)
"""First words that are written small after an opener; names and "I" are not among them."""

_OWN_OPENER = re.compile(r"^(?:All right|Okay|Good|Well|Look|Honestly|Fine|Fair enough|Likewise|Interesting|Perfect|Yes|Done|Thanks|Thank)\b")


def reopened(plan: Plan, draft: Utterance) -> Utterance:
    """Put a discourse opener in front of a draft, now and then, each opener once a dialogue if possible."""
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "opener")
    text = draft.text
    if rng.random() >= _RATE or plan.reading.last is None or plan.phase == "closing" or _OWN_OPENER.match(text):
        return draft
    start = rng.randrange(len(_OPENERS))
    rotated = _OPENERS[start:] + _OPENERS[:start]
    start_of_text = text[:90].casefold()
    opener = next(
        (word for word in rotated if f"{word} " not in plan.reading.said and word[:4].casefold() not in start_of_text), None
    )
    first, _, rest = text.partition(" ")
    if opener is None or not rest:
        return draft
    if first.rstrip(",.").lower() in _PLAIN_STARTS and first[:2] not in ("I ", "I'"):
        return draft.model_copy(update={"text": f"{opener} {first[0].lower()}{first[1:]} {rest}"})
    if first == "I" or first.startswith("I'"):
        return draft.model_copy(update={"text": f"{opener} {text}"})
    return draft
