"""Playing in a Ray cluster: dialogues as items of tasks, stored here as they come.

What a dialogue has come to is told step by step and kept in the run folder, as on one machine: so a dialogue
whose machine is lost goes on elsewhere after its last finished turn, and so does a run that is resumed.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from negosim import registry
from negosim.cluster import Perform, Send, TaskTools, connected, refuse_in_process, refuse_objects
from negosim.engine._events import Event, ServerSaid
from negosim.engine._held import HeldStep
from negosim.engine._plan import Job, Plan
from negosim.engine._planners import planner_name
from negosim.engine._progress import DialogueProgress, RunProgress
from negosim.engine._state import History
from negosim.errors import UserError
from negosim.models import open_clients
from negosim.records import Dialogue
from negosim.store import Run

if TYPE_CHECKING:
    from negosim.engine._jobs import Execution
    from negosim.engine._play import KeptSteps


def check_remote(plan: Plan, execution: "Execution") -> None:
    """Check that a plan can be played on other machines.

    Raises:
        UserError: something of it is bound to this process.

    """
    if execution.workers > 1:
        raise UserError("several workers are of this machine, and ray of a cluster; leave one of them out")
    refuse_objects(execution.chat_models, execution.agents)
    refuse_in_process(plan.specs.values(), plan.config.models)
    check_planner_elsewhere(plan, "ray")


def check_planner_elsewhere(plan: Plan, what: str) -> None:
    """Check that other processes know the planner.

    Raises:
        UserError: it is registered in this one alone.

    """
    name = planner_name(plan.config.planner)
    if registry.plugins("planners")[name].version is None:
        raise UserError(
            f"planner {name!r} is registered in this process alone; leave {what} out, or name it in the "
            "entry points of an installed package"
        )


@dataclass(frozen=True)
class RemoteJob:
    """A job, and what is kept of its dialogue so far."""

    job: Job
    steps: tuple[HeldStep, ...] = ()


class ToldSteps:
    """Steps of a dialogue: those kept where the run is, and new ones told there."""

    def __init__(self, steps: Sequence[HeldStep], send: Send) -> None:
        self.steps = [step.history() for step in steps]
        self._send = send

    def add(self, added: History) -> None:
        """Tell what a step has added."""
        self._send(HeldStep.of(added))


@dataclass(frozen=True)
class PlayingWork:
    """Playing the dialogues of a plan on any machine."""

    plan: Plan
    cache: bool

    @asynccontextmanager
    async def opened(self, tools: TaskTools) -> AsyncIterator[Perform]:
        """Open the models.

        Raises:
            UserError: a model cannot be opened or reached from there.

        """
        from negosim.engine._play import RunSetting, play

        plan = self.plan

        async with open_clients(
            plan.specs, {}, cache=self.cache, budget=tools.budget, answers=tools.answers
        ) as clients:

            async def perform(item: RemoteJob, send: Send) -> Dialogue:
                class OnlyTold:
                    """Progress of this dialogue alone."""

                    def of(self, dialogue: str) -> "KeptSteps":
                        """Return what is kept of it."""
                        return ToldSteps(item.steps, send)

                def watch(event: Event) -> None:
                    if isinstance(event, ServerSaid):
                        send(event)

                progress = None if plan.simulated else OnlyTold()
                return await play(RunSetting(plan, clients, watch, progress), item.job)

            yield perform


class RemotePlay:
    """One playing of jobs in a cluster."""

    def __init__(
        self, plan: Plan, run: Run, execution: "Execution", store: Callable[[Dialogue], None]
    ) -> None:
        self._plan, self._run, self._execution, self._store = plan, run, execution, store
        self._progress: RunProgress | None = None
        self._standing: dict[str, DialogueProgress] = {}

    async def play(self, jobs: Sequence[Job]) -> bool:
        """Play jobs; return whether some of their dialogues can be gone on with."""
        from negosim.engine._jobs import Doubtful, Unfinished

        plan, execution = self._plan, self._execution
        assert execution.ray is not None
        self._progress = RunProgress(self._run, [] if plan.simulated else [job.id for job in jobs])
        unfinished = Unfinished(self._progress, self._store)
        doubtful = Doubtful(self._store if plan.simulated else unfinished.store)
        with connected(execution.ray) as cluster:
            async for received in cluster.perform(
                PlayingWork(replace(plan, jobs=()), execution.cache),
                jobs,
                count=len(jobs),
                concurrency=None if plan.simulated else plan.config.concurrency,
                cache=execution.cache and any(spec.chats for spec in plan.specs.values()),
                budget=execution.budget,
                renew=self._renewed,
            ):
                if received.done:
                    self._standing.pop(received.item.id, None)
                    doubtful.take(received.content)
                elif isinstance(received.content, HeldStep):
                    self._standing[received.item.id].add(received.content.history())
                else:
                    execution.watch(received.content)
        doubtful.settle()
        return unfinished.any

    def _renewed(self, job: Job) -> RemoteJob:
        """Return a job as it is to be gone on with."""
        if self._plan.simulated:
            return RemoteJob(job)
        assert self._progress is not None
        standing = self._standing[job.id] = self._progress.of(job.id)
        return RemoteJob(job, tuple(HeldStep.of(step) for step in standing.steps))
