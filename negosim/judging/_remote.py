"""Judging in a Ray cluster: what one judge has to answer about one dialogue is an item of a task."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from negosim.cluster import Perform, Send, TaskTools, connected
from negosim.judging._filling import Assignment, Clients, JudgingTask, Material, MissingSheet, SheetFiller
from negosim.judging._protocol import Judge, Questionnaire
from negosim.models import Budget, ModelSpec, open_clients
from negosim.records import Dialogue, Sheet
from negosim.store import Run


@dataclass(frozen=True)
class RemoteReading:
    """What one judge has to answer, as it is sent."""

    dialogue: Dialogue
    judge: str
    perspective: str
    sheets: tuple[tuple[int, str, int], ...]
    """Position of the questionnaire, fingerprint, repeat."""


def assigned(asked: Sequence[Questionnaire], run: Run, judges: Clients, agents: Clients) -> list[Assignment]:
    """Return questionnaires with who may be asked to answer them: the judges, or the agents themselves."""
    by_name = {client.model.name: client for client in agents.values() if client}
    return [Assignment(item, by_name if item.models(run.config) else judges) for item in asked]


@dataclass(frozen=True)
class JudgingWork:
    """Judging the dialogues of a run on any machine."""

    run: Run
    judge_specs: Mapping[str, ModelSpec]
    agent_specs: Mapping[str, ModelSpec]
    judges: Mapping[str, Judge | None]
    asked: Sequence[Questionnaire]
    material: Material
    cache: bool

    @asynccontextmanager
    async def opened(self, tools: TaskTools) -> AsyncIterator[Perform]:
        """Open the models.

        Raises:
            UserError: a model cannot be opened or reached from there.

        """
        budget, answers = tools.budget, tools.answers
        async with (
            open_clients(self.judge_specs, {}, cache=self.cache, budget=budget, answers=answers) as judges,
            open_clients(self.agent_specs, {}, cache=self.cache, budget=budget, answers=answers) as agents,
        ):
            seated = assigned(self.asked, self.run, judges, agents)
            filler = SheetFiller(self.run, self.judges, self.material)

            async def perform(item: RemoteReading, send: Send) -> None:
                sheets = [
                    MissingSheet(seated[position].questionnaire, fingerprint, repeat)
                    for position, fingerprint, repeat in item.sheets
                ]
                client = seated[item.sheets[0][0]].clients.get(item.judge)
                reading = JudgingTask(
                    item.dialogue, item.judge, item.perspective, client, sheets, lambda: None
                )
                async for sheet in filler.fill_in(reading):
                    send(sheet)

            yield perform


@dataclass(frozen=True)
class RemoteJudging:
    """One judging in a cluster."""

    ray: str
    work: JudgingWork
    concurrency: int
    budget: Budget | None

    async def sheets(
        self, readings: Iterable[JudgingTask], asked: Sequence[Questionnaire]
    ) -> AsyncIterator[Sheet]:
        """Yield the sheets of tasks as they are filled in."""
        positions = {item.id: position for position, item in enumerate(asked)}
        filled: set[tuple[Any, ...]] = set()
        asks = bool(self.work.judge_specs or self.work.agent_specs)

        def renewed(reading: JudgingTask) -> RemoteReading:
            left = tuple(
                (positions[sheet.questionnaire.id], sheet.fingerprint, sheet.repeat)
                for sheet in reading.sheets
                if reading.key_of(sheet) not in filled
            )
            return RemoteReading(reading.dialogue, reading.judge, reading.perspective, left)

        with connected(self.ray) as cluster:
            async for received in cluster.perform(
                self.work,
                readings,
                count=len(self.work.run),
                concurrency=self.concurrency if asks else None,
                cache=self.work.cache and asks,
                budget=self.budget,
                renew=renewed,
            ):
                if received.done:
                    filled.difference_update(map(received.item.key_of, received.item.sheets))
                    received.item.done()
                else:
                    filled.add(received.content.key)
                    yield received.content
