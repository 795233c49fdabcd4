"""Playing the jobs of a run: several at once, each dialogue stored when it ends."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from negosim.agents import AgentFactory
from negosim.engine._events import DialogueFinished, Watcher
from negosim.engine._plan import Job, Plan
from negosim.engine._progress import RunProgress
from negosim.models import Budget, ChatModel
from negosim.records import Dialogue
from negosim.store import Run, Writer

if TYPE_CHECKING:
    from negosim.engine._play import Clients, RunSetting

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Execution:
    """With what a run is made; nothing of it changes what the dialogues are."""

    watch: Watcher
    chat_models: Mapping[str, ChatModel]
    agents: Mapping[str, AgentFactory]
    cache: bool
    budget: Budget | None
    workers: int
    ray: str | None = None
    """The Ray cluster that plays, if one does."""


async def play_jobs(
    plan: Plan, jobs: Sequence[Job], clients: "Clients", run: Run, writer: Writer, execution: Execution
) -> bool:
    """Play jobs and store the dialogues; return whether some of them can be gone on with.

    The graphs are imported only now, since that takes a while.
    """
    from negosim.engine._play import RunSetting
    from negosim.engine._workers import play_in_processes

    def store(dialogue: Dialogue) -> None:
        writer.append(dialogue)
        _log(dialogue)
        execution.watch(DialogueFinished(dialogue, plan.scenarios[dialogue.scenario]))

    if execution.ray is not None:
        from negosim.engine._remote import RemotePlay

        return await RemotePlay(plan, run, execution, store).play(jobs)
    if execution.workers > 1:
        for dialogue in play_in_processes(plan, jobs, execution.workers):
            store(dialogue)
        return False
    # A simulated dialogue is made again faster than its place could be looked up.
    if plan.simulated:
        await _play_all(RunSetting(plan, clients, execution.watch), jobs, store)
        return False
    progress = RunProgress(run, [job.id for job in jobs])
    unfinished = Unfinished(progress, store)
    await _play_all(RunSetting(plan, clients, execution.watch, progress), jobs, unfinished.store)
    return unfinished.any


class Unfinished:
    """Stores dialogues, and forgets where they stood but for those that can be gone on with."""

    def __init__(self, progress: RunProgress, store: Callable[[Dialogue], None]) -> None:
        self.any = False
        """Whether some can be gone on with."""
        self._progress, self._store = progress, store

    def store(self, dialogue: Dialogue) -> None:
        """Store a dialogue."""
        self._store(dialogue)
        if through_provider(dialogue):
            self.any = True
        else:
            self._progress.forget(dialogue.id)


def through_provider(dialogue: Dialogue) -> bool:
    """Tell whether a dialogue failed through the provider, so that it can be played again."""
    return dialogue.failure is not None and dialogue.failure.through_provider


def _log(dialogue: Dialogue) -> None:
    counts = {
        "dialogue": dialogue.id,
        "end": dialogue.end,
        "outcome": dialogue.outcome.status,
        "turns": len(dialogue.turns),
        "calls": sum(row.calls for row in dialogue.account),
        "seconds": dialogue.seconds,
    }
    if dialogue.failure is None:
        logger.info("dialogue finished", extra=counts)
    else:
        failed = dialogue.failure.model_dump(include={"turn", "role", "stage", "error"})
        logger.error("dialogue failed", extra={**counts, **failed})


class Doubtful:
    """Stores dialogues; what failed through the provider once another has come to its end, or all have.

    If the run is stopped before, because the provider is gone for all, it stays unmade.
    """

    def __init__(self, store: Callable[[Dialogue], None]) -> None:
        self._store = store
        self._failed: list[Dialogue] = []

    def take(self, dialogue: Dialogue) -> None:
        """Store a dialogue, now or later."""
        if through_provider(dialogue):
            self._failed.append(dialogue)
        else:
            self.settle()
            self._store(dialogue)

    def settle(self) -> None:
        """Store those that failed, too."""
        while self._failed:
            self._store(self._failed.pop(0))


async def _play_all(setting: "RunSetting", jobs: Sequence[Job], store: Callable[[Dialogue], None]) -> None:
    """Play jobs in order, `concurrency` at a time; the first error of ours stops the rest."""
    from negosim.engine._play import play

    waiting = iter(jobs)
    doubtful = Doubtful(store)

    async def worker() -> None:
        for job in waiting:
            doubtful.take(await play(setting, job))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(setting.plan.config.concurrency, len(jobs))):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    doubtful.settle()
