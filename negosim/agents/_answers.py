"""The forms a chat model answers in, one for each stage; some are built for a scenario or taxonomy."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from negosim.records import Action
from negosim.scenarios import Issue

Said = Annotated[str, Field(min_length=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ReflectionAnswer(_Answer):
    """What `reflect` asks for."""

    reflection: Said


class RolloutAnswer(_Answer):
    """What `rollout` asks for."""

    utterance: Said
    expected_reply: Said


class CandidateScore(_Answer):
    """One candidate's score."""

    reason: str
    score: Annotated[float, Field(ge=0, le=10)]


class JudgeAnswer(_Answer):
    """What `judge` asks for: a score for each candidate, in order."""

    scores: list[CandidateScore]


class ConsolidateAnswer(_Answer):
    """What `consolidate` asks for."""

    utterance: Said


class ConcludeAnswer(_Answer):
    """What `conclude` asks for."""

    concluded: bool


class TacticsAnswer(_Answer):
    """What `tactics` asks for; `tactics_answer` narrows it to a taxonomy."""

    tactics: list[str]


class SpeakAnswer(_Answer):
    """What `speak` asks for; `speak_answer` gives `offer` a field for each issue."""

    utterance: Said
    action: Action
    offer: Any


@lru_cache(maxsize=256)
def tactics_answer(tactic_ids: tuple[str, ...], k: int) -> type[TacticsAnswer]:
    """Return the form for choosing `k` of the given tactics."""
    choice: Any = Annotated[list[Literal[tactic_ids]], Field(min_length=k, max_length=k)]  # type: ignore[valid-type]
    return create_model("Tactics", __base__=TacticsAnswer, tactics=(choice, ...))


def speak_answer(issues: Sequence[Issue]) -> type[SpeakAnswer]:
    """Return the form for an utterance with an offer on the given issues."""
    return _speak_answer(
        tuple((issue.id, issue.values if issue.options is not None else None) for issue in issues)
    )


@lru_cache(maxsize=256)
def _speak_answer(issues: tuple[tuple[str, tuple[str, ...] | None], ...]) -> type[SpeakAnswer]:
    fields: dict[str, Any] = {
        issue: ((Literal[options] if options else float) | None, ...)
        for issue, options in issues
    }
    offer = create_model("Offer", __base__=_Answer, **fields)
    return create_model("Speak", __base__=SpeakAnswer, offer=(offer | None, ...))
