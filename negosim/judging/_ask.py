"""Question sets as questionnaires: asked of a chat model, or answered by the oracle."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from negosim import registry
from negosim.config import RunConfig
from negosim.errors import ModelError, ProtocolError, UserError
from negosim.judging._answers import Form, Wording, form_of, read, worded
from negosim.judging._protocol import Item, Judge, Task, failures
from negosim.judging._questions import Question, QuestionSet
from negosim.records import THIRD_PARTY, Dialogue, JudgedValue, Judgement, Turn, agent_perspective
from negosim.scenarios import Scenario
from negosim.speech import opening
from negosim.taxonomies import Tactic, Taxonomy
from negosim.views import PublicTurn

MOST_ITEMS = 15
"""Answers asked for in one call; with a reason and a quote each they take some 900 tokens."""

FIRST_WORDS = 6
"""Words that remind of an utterance."""


@dataclass(frozen=True)
class FormItem:
    """An item as it is asked: the field of the form, and the wording of its question."""

    item: Item
    field: str
    wording: Wording


class SetQuestionnaire:
    """Asks the questions of a set about every dialogue."""

    templates = ("questions",)

    def __init__(
        self,
        set_id: str,
        set_of: Callable[[Scenario], QuestionSet | None],
        taxonomies: tuple[Taxonomy, Taxonomy],
    ) -> None:
        self.id = set_id
        self.set_of = set_of
        """The set as it is asked about a scenario; None: nothing."""
        tactics = {tactic.id: tactic for taxonomy in taxonomies for tactic in taxonomy.tactics}
        self._tactics: tuple[Tactic, ...] = tuple(tactics.values())

    def content(self, scenario: Scenario) -> Any:
        """Return what is asked, for the fingerprint."""
        asked = self.set_of(scenario)
        if asked is None:
            return None
        content: dict[str, Any] = {"set": asked.model_dump(mode="json")}
        if any(question.answer == "tactic" for question in asked.questions):
            content["tactics"] = [[tactic.id, tactic.definition] for tactic in self._tactics]
        return content

    def models(self, config: RunConfig) -> Sequence[str]:
        """Ask nobody but the judges."""
        return ()

    def seats(
        self, dialogue: Dialogue, scenario: Scenario, judges: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """Return each judge with each perspective of the set; the oracle has the record's own."""
        asked = self.set_of(scenario)
        if asked is None:
            return
        for judge in judges:
            code = registry.load("judges", judge) if registry.has("judges", judge) else None
            if own := getattr(code, "perspectives", ()):
                yield from ((judge, perspective) for perspective in own)
                continue
            if "third_party" in asked.perspectives:
                yield judge, THIRD_PARTY
            if "agents" in asked.perspectives:
                yield from ((judge, agent_perspective(role)) for role in range(len(scenario.roles)))

    def items(self, task: Task) -> Sequence[Item]:
        """Return every question, for each agent or utterance it is about."""
        asked = self._asked(task)
        return [
            item
            for question in asked.questions
            for item in items_of(question, task.scenario, task.dialogue.turns)
        ]

    def worded(self, question: Question, scenario: Scenario, rng: Random | None = None) -> Wording:
        """Put a question of the set: in the order of the file, or in one that `rng` draws."""
        return worded(question, scenario.issue_by_id, self._tactics, rng)

    async def answer(self, task: Task) -> Sequence[Judgement]:
        """Fill in a sheet, from the record or by asking the judge's model."""
        asked = self._asked(task)
        if task.code is not None:
            return await _answered_in_code(task.code, task, asked, self.items(task))
        judged: dict[Item, Judgement | None] = {}
        for number, batch in enumerate(_batches(self._ordered(task, asked))):
            judged |= await _ask(task, asked, batch, number)
        settled = _settled(asked, judged)
        return [settled[item] for item in self.items(task)]

    def _asked(self, task: Task) -> QuestionSet:
        asked = self.set_of(task.scenario)
        assert asked is not None
        return asked

    def _ordered(self, task: Task, asked: QuestionSet) -> list[list[FormItem]]:
        """Return what is asked, by question: as in the file, in another order in each further repeat.

        Utterances stay in their order, and a question that depends on another comes after it.
        """
        rng = task.stream("order") if task.repeat else None
        questions = list(asked.questions)
        if rng is not None:
            rng.shuffle(questions)
        found = []
        for question in sorted(questions, key=lambda question: bool(question.only_if)):
            wording = self.worded(question, task.scenario, rng)
            items = list(items_of(question, task.scenario, task.dialogue.turns))
            if rng is not None and question.about == "agent":
                rng.shuffle(items)
            found.append([FormItem(item, _field(item), wording) for item in items])
        return found


async def _answered_in_code(
    judge: Judge, task: Task, asked: QuestionSet, items: Sequence[Item]
) -> Sequence[Judgement]:
    """Return the answers of a judge in code, one for each item.

    Raises:
        UserError: it answered something else than it was asked.

    """
    judgements = list(await judge.answer(task, asked, items))
    if [(one.question, one.agent, one.turn) for one in judgements] != [
        (item.question, item.agent, item.turn) for item in items
    ]:
        raise UserError(
            f"judge {task.judge!r} gave {len(judgements)} answers to the {len(items)} items of {asked.id!r}, "
            "or in another order; it must answer each item, in their order"
        )
    return judgements


def items_of(
    question: Question, scenario: Scenario, turns: Sequence[Turn] | Sequence[PublicTurn]
) -> Iterator[Item]:
    """Yield what a question asks about a dialogue: once, for each agent, or for each utterance."""
    if question.about == "agent":
        yield from (Item(question.id, agent=role) for role in range(len(scenario.roles)))
    elif question.about == "turn":
        yield from (Item(question.id, agent=turn.role, turn=turn.index) for turn in turns)
    else:
        yield Item(question.id)


def _field(item: Item) -> str:
    """Name an item's field; ids have no double hyphens, so that names differ."""
    name = item.question.replace("-", "_")
    if item.turn is not None:
        return f"{name}__{item.turn + 1}"
    return name if item.agent is None else f"{name}__agent_{item.agent + 1}"


def _batches(asked: Iterable[Sequence[FormItem]]) -> Iterator[list[FormItem]]:
    """Divide what is asked into calls of about equal size."""
    items = [item for question in asked for item in question]
    calls = -(-len(items) // MOST_ITEMS)
    for number in range(calls):
        yield items[number * len(items) // calls : (number + 1) * len(items) // calls]


async def _ask(
    task: Task, asked: QuestionSet, batch: Sequence[FormItem], number: int
) -> dict[Item, Judgement | None]:
    """Ask one call's items. The first sound answer to each counts: what is asked again is for the others."""
    judged: dict[Item, Judgement | None] = {}

    def check(answer: Form) -> None:
        wrong = []
        for one in batch:
            known = judged.get(one.item)
            if known is not None and known.status == "ok":
                continue
            try:
                given = answer.given(one.field)
                judged[one.item] = read(one.item, one.wording, given, _said(one.item, task))
            except ValueError as error:
                judged[one.item] = _invalid(one.item, str(error))
        for item, judgement in _settled(asked, judged, partly=True).items():
            if judgement.status == "invalid":
                wrong.append(f"{_field(item)}: {judgement.reason}")
        if wrong:
            raise ValueError("; ".join(wrong[:8]))

    form = form_of({item.field: item.wording for item in batch})
    try:
        await task.ask(
            "questions",
            form,
            check=check,
            purpose=(number,),
            title=asked.title,
            instructions=asked.instructions,
            questions=_shown(task, batch),
        )
    except (ProtocolError, ModelError) as error:
        failed = failures([item.item for item in batch], error)
        if isinstance(error, ModelError) or not judged:
            return dict(zip([item.item for item in batch], failed, strict=True))
    return judged


def _said(item: Item, task: Task) -> list[str]:
    """Return what may be quoted: the utterance a question is about, or all of them."""
    return [turn.utterance.text for turn in task.dialogue.turns if item.turn in (None, turn.index)]


def _settled(
    asked: QuestionSet, judged: Mapping[Item, Judgement | None], *, partly: bool = False
) -> dict[Item, Judgement]:
    """Decide which answers count: one whose condition does not hold is not applicable.

    With `partly`, conditions on items that are not there (yet) are left open.
    """
    settled: dict[Item, Judgement] = {}
    for item, judgement in judged.items():
        if (out := ruled_out(asked, item, judged)) is not None:
            settled[item] = out
        elif judgement is not None:
            settled[item] = judgement
        elif not partly or _all_known(asked, item, judged):
            settled[item] = _invalid(item, "needs an answer here, not null")
    return settled


def ruled_out(asked: QuestionSet, item: Item, judged: Mapping[Item, Judgement | None]) -> Judgement | None:
    """Return the judgement that an item has no answer because of another's, None where it may have one."""
    for name, wanted in asked.by_id(item.question).only_if.items():
        other = judged.get(Item(name, item.agent, item.turn))
        if other is not None and other.status == "ok" and other.value != wanted:
            assert other.value is not None
            return item.judged("not_applicable", reason=f"{name} is {_json(other.value)}")
    return None


def _all_known(asked: QuestionSet, item: Item, judged: Mapping[Item, Judgement | None]) -> bool:
    names = asked.by_id(item.question).only_if
    return all(judged.get(Item(name, item.agent, item.turn)) is not None for name in names)


def _invalid(item: Item, reason: str) -> Judgement:
    return item.judged("invalid", reason=reason)


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
    conditions = [f'"{name}" is {_json(value)}' for name, value in question.only_if.items()]
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
        else {"dialogue": example.dialogue, "answer": _json(example.answer), "reason": example.reason},
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


def _json(value: JudgedValue) -> str:
    return orjson.dumps(value).decode()
