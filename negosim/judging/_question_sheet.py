"""One call of a question set: its form, what is entered in it, and how it is split where it is too long."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from negosim.errors import ModelError, ProtocolError
from negosim.judging._answers import Form, Wording, form_of, read
from negosim.judging._protocol import Item, Task, failures
from negosim.judging._questions import Question, QuestionSet
from negosim.judging._settling import as_json, contradictions, invalid, settled
from negosim.records import INCONSISTENT, JudgedValue, Judgement
from negosim.scenarios import Scenario
from negosim.speech import opening

FIRST_WORDS = 6
"""Words that remind of an utterance."""


@dataclass(frozen=True)
class FormItem:
    """An item as it is asked: the field of the form, and the wording of its question."""

    item: Item
    field: str
    wording: Wording


def field_of(item: Item, scenario: Scenario) -> str:
    """Name an item's field, by whom it is about; ids have no double hyphens, so that names differ."""
    name = item.question.replace("-", "_")
    if item.turn is not None:
        return f"{name}__{item.turn + 1}"
    return name if item.agent is None else f"{name}__{_named(item.agent, scenario)}"


def _named(role: int, scenario: Scenario) -> str:
    """Return the name of a role in the characters servers allow; its id where another's would be the same."""
    names = [re.sub(r"[^a-z0-9]+", "_", one.name.lower()).strip("_") for one in scenario.roles]
    own = names[role]
    return own if own and names.count(own) == 1 else scenario.roles[role].id.replace("-", "_")


async def ask_items(
    task: Task, asked: QuestionSet, batch: Sequence[FormItem], purpose: tuple[int, ...]
) -> dict[Item, Judgement | None]:
    """Ask one call's items. Where the answer is cut off, those without a sound answer are asked in halves."""
    sheet = _QuestionSheet(task, asked, batch)
    try:
        await sheet.ask(purpose)
    except ModelError as error:
        return sheet.failed(error)
    except ProtocolError as error:
        left = sheet.unanswered()
        if error.cut_off and len(left) > 1:
            middle = len(left) // 2
            first = await ask_items(task, asked, left[:middle], (*purpose, 0))
            return sheet.judged | first | await ask_items(task, asked, left[middle:], (*purpose, 1))
        return sheet.judged or sheet.failed(error)
    return sheet.judged


class _QuestionSheet:
    """One call's form, and what has been entered in it over the attempts of the call.

    The first sound answer to each item counts: what is asked again is for the others, and for answers that
    contradict each other.
    """

    def __init__(self, task: Task, asked: QuestionSet, batch: Sequence[FormItem]) -> None:
        self.judged: dict[Item, Judgement | None] = {}
        self._task = task
        self._asked = asked
        self._batch = batch
        self._doubted: set[Item] = set()

    async def ask(self, purpose: tuple[int, ...]) -> None:
        await self._task.ask(
            "questions",
            form_of({one.field: one.wording for one in self._batch}),
            check=self._check,
            advise=self._advise,
            shorten=len(self._batch) == 1,
            purpose=purpose,
            title=self._asked.title,
            instructions=self._asked.instructions,
            questions=_shown(self._task, self._batch),
        )

    def failed(self, error: ProtocolError | ModelError) -> dict[Item, Judgement | None]:
        """Return the judgements that say why there is no answer."""
        items = [one.item for one in self._batch]
        return dict(zip(items, failures(items, error), strict=True))

    def unanswered(self) -> list[FormItem]:
        """Return what has no sound answer yet."""
        return [one for one in self._batch if not self._is_sound(one.item)]

    def _is_sound(self, item: Item) -> bool:
        known = self.judged.get(item)
        return known is not None and known.status == "ok"

    def _check(self, answer: Form) -> None:
        for one in self._batch:
            if self._is_sound(one.item) and one.item not in self._doubted:
                continue
            try:
                given = answer.given(one.field)
                self.judged[one.item] = read(one.item, one.wording, given, _said(one.item, self._task))
            except ValueError as error:
                if not self._is_sound(one.item):
                    self.judged[one.item] = invalid(one.item, str(error))
        wrong = [
            f"{field_of(item, self._task.scenario)}: {judgement.reason}"
            for item, judgement in settled(self._asked, self.judged, partly=True).items()
            if judgement.status == "invalid"
        ]
        if wrong:
            raise ValueError("; ".join(wrong[:8]))

    def _advise(self, answer: Form) -> dict[str, str]:
        """Return what contradicts what, so that it is asked again."""
        found, scenario = contradictions(self._asked, self.judged), self._task.scenario
        self._doubted = {item for pair in found for item in pair}
        reasons = [
            f"{field_of(item, scenario)} is {as_json(_value(self.judged[item]))}, which contradicts "
            f"{field_of(other, scenario)}, {as_json(_value(self.judged[other]))}; answer both again"
            for item, other in found
        ]
        return {INCONSISTENT: "; ".join(reasons[:8])} if reasons else {}


def _value(judgement: Judgement | None) -> JudgedValue:
    assert judgement is not None
    assert judgement.value is not None
    return judgement.value


def _said(item: Item, task: Task) -> list[tuple[str, str]]:
    """Return what may be quoted, with its speaker: the utterance a question is about, or all of them."""
    turns = [turn for turn in task.dialogue.turns if item.turn in (None, turn.index)]
    return [(task.scenario.roles[turn.role].name, turn.utterance.text) for turn in turns]


def _shown(task: Task, batch: Sequence[FormItem]) -> list[dict[str, Any]]:
    """Return the questions of a call as the template shows them, each once with all it is asked about."""
    by_question: dict[str, list[FormItem]] = {}
    for item in batch:
        by_question.setdefault(item.item.question, []).append(item)
    return [_shown_question(task, items) for items in by_question.values()]


def _shown_question(task: Task, items: Sequence[FormItem]) -> dict[str, Any]:
    wording = items[0].wording
    question, issue, title = wording.question, wording.issue, task.scenario.title
    if question.about == "agent":
        heading = question.id.replace("-", " ").capitalize()
    else:
        heading = question.worded(title=title, agent="the speaker")
    plain = "true (yes) or false (no)" if wording.yes_first else "false (no) or true (yes)"
    if issue is not None and issue.range is not None:
        values = issue.values
        plain = (
            f'a number from {values[0]} to {values[-1]}, or "{wording.options[-1][0]}" if it was left open'
        )
    conditions = [f'"{name}" is {as_json(value)}' for name, value in question.only_if.items()]
    example = question.example
    return {
        "text": heading,
        "scale": [(grade, (question.scale or {}).get(grade, "")) for grade in wording.grades],
        "options": () if issue is not None and issue.range is not None else wording.options,
        "plain": plain,
        "only_if": " and ".join(conditions),
        "quotes": question.quotes,
        "example": None
        if example is None
        else {"dialogue": example.dialogue, "answer": as_json(example.answer), "reason": example.reason},
        "targets": [{"field": item.field, "label": _label(task, question, item.item)} for item in items],
    }


def _label(task: Task, question: Question, item: Item) -> str:
    if item.turn is not None:
        turn = task.dialogue.turns[item.turn]
        begins = opening(turn.utterance.text, FIRST_WORDS)
        return f"[{item.turn + 1}] {task.scenario.roles[turn.role].name}: {begins}"
    if item.agent is None:
        return ""
    return question.worded(title=task.scenario.title, agent=task.scenario.roles[item.agent].name)
