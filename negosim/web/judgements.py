"""Judgements of a dialogue as its page shows them: who says what, from whose view, quoting what."""

from collections.abc import Iterable
from dataclasses import dataclass

from negosim._text import clean, one_line, points
from negosim.records import (
    INCONSISTENT,
    QUOTES_DROPPED,
    THIRD_PARTY,
    Dialogue,
    Judgement,
    Sheet,
    agent_perspective,
)
from negosim.scenarios import Scenario
from negosim.terminal import Lens
from negosim.web.segments import quoted

HARMLESS = frozenset({"position", "chance_first", "order", QUOTES_DROPPED, INCONSISTENT})
"""Details of an answer that tell nothing of a private side."""


@dataclass(frozen=True)
class JudgementView:
    """One answer of one judge."""

    key: str
    """Its id on the page."""
    questions: str
    question: str
    about: str
    judge: str
    perspective: str
    answer: str
    reason: str
    evidence: tuple[str, ...]
    turns: tuple[int, ...]
    """Numbers of the utterances that have a quote."""
    detail: str


def judgement_views(
    sheets: Iterable[Sheet], dialogue: Dialogue, scenario: Scenario, lens: Lens
) -> tuple[JudgementView, ...]:
    """Return the answers a view may see.

    Everything with `lens.truth`. Otherwise what a neutral reader answered from what was public, and what the
    roles shown answered themselves; an answer that holds the truth against the words is neither.
    """
    seen = {THIRD_PARTY, *(agent_perspective(role) for role in lens.private)}
    views: list[JudgementView] = []
    for sheet in sheets:
        if not lens.truth and sheet.perspective not in seen:
            continue
        for given in sheet.judgements:
            if lens.truth or not set(given.detail) - HARMLESS:
                views.append(_view(f"j{len(views) + 1}", sheet, given, dialogue, scenario, lens))
    return tuple(views)


def _view(
    key: str, sheet: Sheet, given: Judgement, dialogue: Dialogue, scenario: Scenario, lens: Lens
) -> JudgementView:
    about = []
    if given.agent is not None:
        about.append(f"agent {given.agent + 1}, {one_line(scenario.roles[given.agent].name)}")
    if given.turn is not None:
        about.append(f"utterance {given.turn + 1}")
    said = [clean(turn.utterance.text) for turn in dialogue.turns]
    quotes = [clean(quote) for quote in given.evidence]
    found = {number for number, text in enumerate(said, 1) if any(quoted(quote, text) for quote in quotes)}
    detail = {name: value for name, value in given.detail.items() if value is not None}
    return JudgementView(
        key=key,
        questions=sheet.questions,
        question=given.question,
        about=", ".join(about),
        judge=one_line(sheet.judge) + (f" (time {sheet.repeat + 1})" if sheet.repeat else ""),
        perspective=sheet.perspective.replace("_", " "),
        answer=_answer(given),
        reason=clean(given.reason),
        evidence=tuple(quotes),
        turns=tuple(sorted(found)),
        detail="; ".join(f"{name}: {value}" for name, value in detail.items()) if lens.truth else "",
    )


def _answer(given: Judgement) -> str:
    value = given.value
    if value is None:
        return given.status.replace("_", " ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(value) if isinstance(value, str) else points(value)
