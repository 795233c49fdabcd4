"""Question sets as questionnaires: asked of a chat model, or answered by the oracle."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from negosim import registry
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.judging._answers import Wording, room_for, worded
from negosim.judging._protocol import Item, Judge, Task
from negosim.judging._question_sheet import FormItem, ask_items, field_of
from negosim.judging._questions import Question, QuestionSet
from negosim.judging._settling import marked, settled
from negosim.records import THIRD_PARTY, Dialogue, Judgement, Turn, agent_perspective
from negosim.scenarios import Scenario
from negosim.taxonomies import Tactic, Taxonomy
from negosim.views import PublicTurn

SAME_AGAIN = 2
"""The repeat that is put in the order of the first, so that order can be told from chance."""

MOST_ITEMS = 15
"""Answers asked for in one call, where the judge's answers can be so long; with a reason and a quote each
they take some 900 tokens."""


class SetQuestionnaire:
    """Asks the questions of a set about every dialogue."""

    templates = ("questions",)

    def __init__(
        self,
        set_id: str,
        set_of: Callable[[Scenario], QuestionSet | None],
        taxonomies: Mapping[str, Sequence[Taxonomy]],
    ) -> None:
        self.id = set_id
        self.set_of = set_of
        """The set as it is asked about a scenario; None: nothing."""
        self._tactics: Mapping[str, Mapping[str, Tactic]] = {
            scenario: {tactic.id: tactic for taxonomy in known for tactic in taxonomy.tactics}
            for scenario, known in taxonomies.items()
        }

    def content(self, scenario: Scenario) -> Any:
        """Return what is asked, for the fingerprint."""
        asked = self.set_of(scenario)
        if asked is None:
            return None
        content: dict[str, Any] = {"set": asked.model_dump(mode="json")}
        if any(question.answer == "tactic" for question in asked.questions):
            tactics = self._tactics[scenario.id].values()
            content["tactics"] = [[tactic.id, tactic.definition] for tactic in tactics]
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

    def worded(
        self, question: Question, scenario: Scenario, rng: Random | None = None, order: int = 0
    ) -> Wording:
        """Put a question of the set: in the order of the file, or in one that `rng` draws, called `order`."""
        return worded(question, scenario.issue_by_id, tuple(self._tactics[scenario.id].values()), rng, order)

    async def answer(self, task: Task) -> Sequence[Judgement]:
        """Fill in a sheet, from the record or by asking the judge's model."""
        asked = self._asked(task)
        if task.code is not None:
            return await _answered_in_code(task.code, task, asked, self.items(task))
        assert task.client is not None
        judged: dict[Item, Judgement | None] = {}
        for number, batch in enumerate(_batches(self._ordered(task, asked), task.client.most)):
            judged |= await ask_items(task, asked, batch, (number,))
        found = marked(asked, settled(asked, judged))
        return [found[item] for item in self.items(task)]

    def _asked(self, task: Task) -> QuestionSet:
        asked = self.set_of(task.scenario)
        assert asked is not None
        return asked

    def _ordered(self, task: Task, asked: QuestionSet) -> list[list[FormItem]]:
        """Return what is asked, by question: as in the file, in another order in each further repeat.

        The third time it is as in the file again: how often answers change then is chance, not order.
        Utterances stay in their order, and a question that depends on another comes after it.
        """
        order = 0 if task.repeat == SAME_AGAIN else task.repeat
        rng = task.stream("order") if order else None
        questions = list(asked.questions)
        if rng is not None:
            rng.shuffle(questions)
        found = []
        for question in sorted(questions, key=lambda question: bool(question.only_if)):
            wording = self.worded(question, task.scenario, rng, order)
            items = list(items_of(question, task.scenario, task.dialogue.turns))
            if rng is not None and question.about == "agent":
                rng.shuffle(items)
            found.append([FormItem(item, field_of(item, task.scenario), wording) for item in items])
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


def _batches(asked: Iterable[Sequence[FormItem]], most: int) -> Iterator[list[FormItem]]:
    """Divide what is asked into calls of about equal size, whose answers have no more tokens than `most`."""
    items = [item for question in asked for item in question]
    needed = sum(room_for(item.field, item.wording) for item in items)
    calls = min(max(-(-len(items) // MOST_ITEMS), -(-needed // most)), len(items))
    for number in range(calls):
        yield items[number * len(items) // calls : (number + 1) * len(items) // calls]
