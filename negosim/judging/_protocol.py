"""The extension point: what is asked about a dialogue, and the sheet it is answered on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from negosim.config import RunConfig
from negosim.errors import ModelError, ProtocolError
from negosim.judging._questions import QuestionSet
from negosim.judging._reader import Reader
from negosim.models import Ledger, ModelClient
from negosim.records import PERSON as PERSON
from negosim.records import Dialogue, Judgement, Status
from negosim.scenarios import Scenario
from negosim.seeding import Seed

ORACLE = "oracle"
"""The judge that reads the record's ground truth."""

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Item:
    """One thing asked: a question, about whom or which utterance."""

    question: str
    agent: int | None = None
    turn: int | None = None

    def judged(self, status: Status, **said: Any) -> Judgement:
        """Return a judgement about it; `said` are the other fields of the judgement."""
        return Judgement(question=self.question, agent=self.agent, turn=self.turn, status=status, **said)


@dataclass(frozen=True)
class Task:
    """One sheet to be filled in, and what it is filled in with."""

    dialogue: Dialogue
    scenario: Scenario
    questions: str
    perspective: str
    judge: str
    """A model's name; `ORACLE`."""
    repeat: int
    reader: Reader | None
    """What the perspective sees; None for "truth", which is the record itself."""
    client: ModelClient | None
    """The way to the judge's model; None for the oracle and the simulated negotiator."""
    ledger: Ledger
    code: "Judge | None" = None
    """The judge, where it is code."""

    def seed(self, *purpose: str | int) -> int:
        """Return the seed of a call; it depends on the sheet and the purpose alone."""
        return self._origin.number(*self._sheet, *purpose)

    def stream(self, *purpose: str | int) -> Random:
        """Return a generator for choices of this sheet, the same for all judges."""
        return self._origin.stream(*self._sheet, *purpose)

    @property
    def _origin(self) -> Seed:
        return Seed(self.dialogue.seed, self.dialogue.scenario, self.dialogue.index)

    @property
    def _sheet(self) -> tuple[str | int, ...]:
        return "judging", self.dialogue.id, self.questions, self.perspective, self.repeat

    async def ask(
        self,
        template: str,
        answer: type[Answer],
        *,
        check: Callable[[Answer], None] = lambda _: None,
        purpose: Sequence[str | int] = (),
        turns: int | None = None,
        shorten: bool = True,
        advise: Callable[[Answer], Mapping[str, str]] = lambda _: {},
        **values: Any,
    ) -> Answer:
        """Ask the judge's model: what the perspective sees of the dialogue, then a template's instruction.

        All calls of a dialogue and perspective share their beginning byte for byte. With `turns`, only
        so many utterances have been made yet. `check` may raise ValueError with what is wrong, `advise`
        returns what is doubtful. Without `shorten`, an answer that was cut off fails where there is no more
        room for it.

        Raises:
            ProtocolError: no attempt gave a usable answer.
            ModelError: the provider failed.

        """
        assert self.client is not None
        assert self.reader is not None
        return await self.client.ask(
            self.reader.messages(template, turns, **values),
            answer,
            stage=self.questions,
            role=self.reader.role,
            seed=self.seed(*purpose),
            ledger=self.ledger,
            check=check,
            shorten=shorten,
            advise=advise,
        )


class Judge(Protocol):
    """What answers question sets in code: the oracle, or a plugin's own (`negosim.registry.judge`).

    It is a class made without arguments, or with the target of a name such as "strategy:FOLDER"; what its
    answers depend on besides its code stands in its attribute `fingerprint`, if it has one. Chat models need
    none of this: they are asked by prompts. The lie check and beliefs are asked of models, the oracle and the
    agents themselves.

    Examples:
        >>> from negosim.registry import judge
        >>> @judge("polite-words")
        ... class PoliteWords:
        ...     async def answer(self, task, asked, items):
        ...         said = " ".join(turn.utterance.text for turn in task.dialogue.turns).lower()
        ...         polite = "thank you" in said
        ...         kinds = {question.id: question.answer for question in asked.questions}
        ...         return [
        ...             item.judged("ok", value=polite)
        ...             if kinds[item.question] == "yes_no"
        ...             else item.judged("not_applicable", reason="answers yes or no alone")
        ...             for item in items
        ...         ]

    """

    async def answer(self, task: "Task", asked: QuestionSet, items: Sequence[Item]) -> Sequence[Judgement]:
        """Answer every item of a set about `task.dialogue`, from `task.perspective`, in their order.

        `item.judged("ok", value=...)` is an answer; what cannot be answered has another status and a
        reason. What the perspective may see is in `task.reader`; the dialogue has everything.
        """
        ...


class Questionnaire(Protocol):
    """What is asked about every dialogue of a run: one sheet for each judge, perspective and repeat."""

    @property
    def id(self) -> str:
        """What `Sheet.questions` says."""
        ...

    @property
    def templates(self) -> tuple[str, ...]:
        """The prompt templates it uses besides those that show the dialogue; part of the fingerprint."""
        ...

    def content(self, scenario: Scenario) -> Any:
        """Return what is asked in JSON's terms, for the fingerprint; None: nothing about this scenario."""
        ...

    def models(self, config: RunConfig) -> Sequence[str]:
        """Return the models it asks in place of the judges, as the run's configuration names them.

        Where there are any, `seats` names judges by what `Dialogue.models` calls them.
        """
        ...

    def seats(
        self, dialogue: Dialogue, scenario: Scenario, judges: Sequence[str]
    ) -> Iterable[tuple[str, str]]:
        """Return who fills in sheets about a dialogue, judge and perspective; nobody if nothing is asked."""
        ...

    def items(self, task: Task) -> Sequence[Item]:
        """Return what a sheet asks, at least one thing: what cannot be answered is entered for each."""
        ...

    async def answer(self, task: Task) -> Sequence[Judgement]:
        """Fill in a sheet: at least one judgement.

        A sheet that finds nothing says so with a judgement whose status is "not_applicable", or its
        cost would be lost.

        Raises:
            ProtocolError, ModelError: as `Task.ask`; every item is then entered as failed.

        """
        ...


def failures(items: Iterable[Item], error: ProtocolError | ModelError) -> tuple[Judgement, ...]:
    """Return the judgements that say an error kept items from being answered.

    Raises:
        ModelError: every other call would fail likewise.

    """
    status: Status = "invalid"
    if isinstance(error, ModelError):
        if error.concerns_all:
            raise error
        status = "error"
    elif error.refused:
        status = "refused"
    return tuple(item.judged(status, reason=error.for_record[:1000]) for item in items)
