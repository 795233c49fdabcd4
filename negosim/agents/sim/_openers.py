"""Varying how an utterance opens, without touching what it means."""

import re
from dataclasses import dataclass
from functools import lru_cache

import yaml

from negosim.agents.sim._frames import read_data
from negosim.agents.sim._plan import Plan
from negosim.records import Utterance

_RATE = 0.4
"""Share of utterances whose opening is varied."""
_NEAR = 90
"""Characters in which an opener must not be echoed."""


@dataclass(frozen=True)
class _Openers:
    openers: tuple[str, ...]
    already: re.Pattern[str]
    small: frozenset[str]


@lru_cache(maxsize=1)
def _data() -> _Openers:
    data = yaml.load(read_data("openers.yaml"), Loader=yaml.CSafeLoader)
    already = re.compile(rf"(?:{data['already']})\b")
    return _Openers(tuple(data["openers"]), already, frozenset(data["small"].split()))


def reopened(plan: Plan, draft: Utterance) -> Utterance:
    """Put a discourse opener in front of a draft, now and then, each opener once a dialogue."""
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "opener")
    data, text = _data(), draft.text
    if (
        rng.random() >= _RATE
        or plan.reading.last is None
        or plan.phase == "closing"
        or data.already.match(text)
    ):
        return draft
    start = rng.randrange(len(data.openers))
    near = text[:_NEAR].casefold()
    opener = next(
        (
            word
            for word in data.openers[start:] + data.openers[:start]
            if f"{word} " not in plan.reading.said and word[:4].casefold() not in near
        ),
        None,
    )
    first = text.partition(" ")[0]
    if opener is None:
        return draft
    if first == "I" or first.startswith("I'"):
        return draft.model_copy(update={"text": f"{opener} {text}"})
    if first.rstrip(",.:").lower() in data.small:
        return draft.model_copy(update={"text": f"{opener} {text[0].lower()}{text[1:]}"})
    return draft
