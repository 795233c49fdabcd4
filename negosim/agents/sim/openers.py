"""Varying how an utterance opens, without touching what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from negosim.agents.sim.compose import ComposedUtterance, full_utterance
from negosim.agents.sim.frame_files import load_data
from negosim.agents.sim.plan import TurnPlan
from negosim.records import Utterance

_NEAR = 90
"""Characters in which an opener must not be echoed."""
_OPENED = re.compile(r"[\w' ]{1,14}[,.…!?:—]")
"""An utterance that begins like this has an opener already."""


@dataclass(frozen=True)
class _Openers:
    by_voice: Mapping[str, tuple[str, ...]]
    small: frozenset[str]


@lru_cache(maxsize=1)
def _data() -> _Openers:
    data = load_data("openers.yaml")
    small = frozenset(data.pop("small").split())
    return _Openers({voice: tuple(openers) for voice, openers in data.items()}, small)


def _is_quoted(said: ComposedUtterance) -> bool:
    """Return whether the first words are on record as a claim or as what was said instead of an answer."""
    return bool(said.parts[0].claims) or said.reaction == "heard.silence"


def reopened(plan: TurnPlan, draft: Utterance, tactic: str) -> Utterance:
    """Put a discourse opener in front of a draft, now and then, each opener once a dialogue.

    Words recorded as a claim stay as they are, so a draft that begins with one is left alone.
    """
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "opener")
    data, text, voice = _data(), draft.text, plan.persona.voice
    if (
        rng.random() >= voice.opener
        or plan.reading.last is None
        or plan.phase == "closing"
        or _is_quoted(full_utterance(plan, tactic))
        or _OPENED.match(text)
    ):
        return draft
    openers = data.by_voice[voice.name]
    start = rng.randrange(len(openers))
    near = text[:_NEAR].casefold()
    opener = next(
        (
            word.strip()
            for word in openers[start:] + openers[:start]
            if f"{word.strip()} " not in plan.reading.said and word[:4].casefold() not in near
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
