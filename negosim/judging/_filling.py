"""One judge's sheets about one dialogue, filled in one after the other."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from negosim.errors import ModelError, ProtocolError
from negosim.judging._protocol import Judge, Questionnaire, Task, failures
from negosim.judging._reader import Reader
from negosim.models import Ledger, ModelClient, calls_are_of
from negosim.prompts import Prompts
from negosim.records import TRUTH, Dialogue, Sheet, account_totals
from negosim.store import Run
from negosim.taxonomies import Taxonomy

Clients = Mapping[str, ModelClient | None]


@dataclass(frozen=True)
class Assignment:
    """A questionnaire, and the models that may be asked to answer it, by name."""

    questionnaire: Questionnaire
    clients: Clients


@dataclass(frozen=True)
class Material:
    """What prompts are made from."""

    prompts: Mapping[str, Prompts]
    """By scenario."""
    taxonomies: Mapping[str, tuple[Taxonomy, Taxonomy]]
    """By scenario: of tactics and of techniques."""


@dataclass(frozen=True)
class MissingSheet:
    """A sheet to be filled in."""

    questionnaire: Questionnaire
    fingerprint: str
    repeat: int


@dataclass(frozen=True)
class JudgingTask:
    """What one judge has to answer about one dialogue from one perspective.

    Its sheets are filled in one after the other: their prompts share the beginning, so that each finds
    what the one before left in the server's prefix cache.
    """

    dialogue: Dialogue
    judge: str
    perspective: str
    client: ModelClient | None
    sheets: Sequence[MissingSheet]
    done: Callable[[], None]

    def key_of(self, sheet: MissingSheet) -> tuple[Any, ...]:
        """Return the key that one of its sheets will have, as `Sheet.key`."""
        about = self.dialogue.id, sheet.questionnaire.id, self.perspective, self.judge
        return *about, sheet.fingerprint, sheet.repeat


@dataclass(frozen=True)
class SheetFiller:
    """Fills in sheets, whoever stores them."""

    run: Run
    judges: Mapping[str, Judge | None]
    material: Material

    async def fill_in(self, reading: JudgingTask) -> AsyncIterator[Sheet]:
        """Yield the sheets of a task, each when it is filled in.

        Raises:
            ModelError: every other call would fail likewise.
            BudgetError: the budget is used up.

        """
        dialogue, scenario = reading.dialogue, self.run.scenario_of(reading.dialogue)
        calls_are_of(dialogue.id)
        reader = None
        if reading.perspective != TRUTH:
            reader = Reader(
                dialogue,
                scenario,
                reading.perspective,
                prompts=self.material.prompts[scenario.id],
                taxonomies=self.material.taxonomies[scenario.id],
                max_turns=self.run.config.cap(scenario),
                traits=self.run.traits_of(dialogue),
            )
        for missing in reading.sheets:
            yield await self._fill_in(reading, missing, reader)

    async def _fill_in(self, reading: JudgingTask, missing: MissingSheet, reader: Reader | None) -> Sheet:
        started, ledger, questionnaire = time.perf_counter(), Ledger(), missing.questionnaire
        dialogue = reading.dialogue
        task = Task(
            dialogue=dialogue,
            scenario=self.run.scenario_of(dialogue),
            questions=questionnaire.id,
            perspective=reading.perspective,
            judge=reading.judge,
            repeat=missing.repeat,
            reader=reader,
            client=reading.client,
            ledger=ledger,
            code=self.judges.get(reading.judge),
        )
        try:
            judgements = tuple(await questionnaire.answer(task))
        except (ProtocolError, ModelError) as error:
            judgements = failures(questionnaire.items(task), error)
        if not judgements:
            raise ValueError(f"questionnaire {questionnaire.id!r} left a sheet empty")
        account = ledger.rows()
        return Sheet(
            dialogue=dialogue.id,
            questions=questionnaire.id,
            perspective=reading.perspective,
            judge=reading.judge,
            fingerprint=missing.fingerprint,
            repeat=missing.repeat,
            judgements=judgements,
            cached_calls=sum(row.cached_calls for row in account),
            seconds=round(time.perf_counter() - started, 6),
            **account_totals(account),
        )
