"""Playing one dialogue, from the opening or from where it stands."""

import time
from asyncio import sleep
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver

from negosim.agents import Agent, ChatAgent, ChatJudge, PolicyAgent, RolloutJudge
from negosim.agents.sim import SimAgent, SimJudge
from negosim.config import Planner
from negosim.engine._checkpoints import Checkpoints
from negosim.engine._dialogue import dialogue_graph, end_of, recursion_limit
from negosim.engine._events import DialogueStarted, TurnFinished, Watcher
from negosim.engine._plan import Job, Plan, opener_of
from negosim.engine._state import (
    DialogueContext,
    DialogueState,
    Progress,
    Seat,
    StageError,
    progress_after,
)
from negosim.engine._waiting import in_greenlet, wait_for
from negosim.errors import ContextLengthError, ModelError
from negosim.models import Door, Ledger, account_of
from negosim.outcome import outcome_of
from negosim.prompts import PromptWriter
from negosim.records import Dialogue, Failure, Outcome
from negosim.table import Table
from negosim.views import Side

Doors = Mapping[str, Door | None]
"""By model as given; None is what is no chat model: the simulated negotiator, a trained policy."""


@dataclass(frozen=True)
class Stage:
    """What the dialogues of a run are played with."""

    plan: Plan
    doors: Doors
    watch: Watcher
    saver: SqliteSaver | None = None
    """Where dialogues in progress are kept, if they are."""


async def play(stage: Stage, job: Job) -> Dialogue:
    """Play one dialogue to its end, or to the failure that ends it.

    Where there are checkpoints of it, it goes on after the last finished step; the watcher is told of the
    turns before as well.

    Raises:
        ModelError: every dialogue would fail likewise.

    """
    plan, config, scenario = stage.plan, stage.plan.config, stage.plan.scenarios[job.scenario]
    started = time.perf_counter()
    opener = opener_of(config, scenario)
    ledger = Ledger()
    seats = tuple(_seat(stage, job, plan.side(job, role), ledger) for role in range(len(scenario.roles)))
    models = tuple(seat.agent.model for seat in seats)
    stage.watch(DialogueStarted(job.id, scenario, job.condition, opener, models))
    kept = Checkpoints(stage.saver, job.id) if stage.saver else None

    def tell(added: Progress) -> None:
        for turn in added.get("turns", ()):
            stage.watch(TurnFinished(job.id, scenario, turn, added["table"]))

    def keep_and_tell(added: Progress) -> None:
        if kept:
            kept.add(added)
        tell(added)

    table = Table(tuple(issue.id for issue in scenario.issues), len(seats))
    so_far = Progress(turns=[], votes=[], calls=[], table=table)
    for added in kept.progress() if kept else ():
        for turn in added.get("turns", ()):
            table = table.after(turn.role, turn.utterance)
        added["table"] = table
        so_far = progress_after(so_far, added)
        tell(added)
    context = DialogueContext(
        scenario=scenario,
        seats=seats,
        calls=config.calls,
        k=config.k,
        objective=config.objective,
        oracle=config.judge_view == "oracle",
        opener=opener,
        max_turns=config.max_turns,
        ledger=ledger,
        on_progress=keep_and_tell,
    )
    so_far, failure = await run_graph(config.planner, so_far, context)
    return Dialogue(
        id=job.id,
        scenario=scenario.id,
        index=job.index,
        seed=config.seed,
        condition=job.condition,
        opener=opener,
        models=models,
        status="failed" if failure else "complete",
        end="failed" if failure else end_of(so_far, config.max_turns),
        turns=tuple(so_far["turns"]),
        votes=tuple(so_far["votes"]),
        outcome=Outcome(status="unknown") if failure else outcome_of(scenario, so_far["table"]),
        failure=failure,
        account=account_of(so_far["calls"]),
        calls=tuple(so_far["calls"]),
        seconds=round(time.perf_counter() - started, 3),
    )


async def run_graph(
    planner: Planner, begun: Progress, context: DialogueContext
) -> tuple[Progress, Failure | None]:
    """Go on with a dialogue by its planner's graph.

    Returns all that has happened, and the failure that ended it if one did.

    Raises:
        ModelError: every dialogue would fail likewise.

    """
    graph = dialogue_graph(planner, context.calls)
    so_far, start = begun, DialogueState(so_far=begun)
    limits = RunnableConfig(recursion_limit=recursion_limit(context.max_turns))

    def run() -> None:
        nonlocal so_far
        steps = graph.stream(start, limits, context=context, stream_mode="values", output_keys="so_far")
        for step in steps:
            so_far = cast(Progress, step)
            wait_for(sleep(0))  # for whoever else runs in the event loop, and for Ctrl-C

    try:
        await in_greenlet(run)
    except StageError as error:
        _raise_if_hopeless(error)
        calls = context.ledger.drain(error.turn - (error.stage == "conclude"))
        return progress_after(so_far, Progress(calls=calls)), _failure(error)
    return so_far, None


def _raise_if_hopeless(failed: StageError) -> None:
    """Stop the run where every dialogue would fail likewise.

    A prompt that does not fit is the fault of a long dialogue, unless nothing has been said yet.
    """
    error = failed.error
    first_prompt = isinstance(error, ContextLengthError) and failed.turn == 0
    if first_prompt or (isinstance(error, ModelError) and error.concerns_all):
        raise error


def _failure(failed: StageError) -> Failure:
    kind, message = type(failed.error).__name__, failed.error.for_record
    return Failure(turn=failed.turn, role=failed.role, stage=failed.stage, error=kind, message=message)


def _seat(stage: Stage, job: Job, side: Side, ledger: Ledger) -> Seat:
    own = stage.doors[job.models[side.index]]
    judge_model = stage.plan.config.judge_model
    judging = stage.doors[judge_model] if judge_model else own

    @cache
    def writer() -> PromptWriter:
        return PromptWriter(stage.plan.prompts[job.scenario], side)

    spec = stage.plan.specs.get(job.models[side.index])
    agent: Agent
    if own:
        agent = ChatAgent(own, writer(), ledger)
    else:
        agent = PolicyAgent(spec) if spec and spec.kind == "policy" else SimAgent()
    judge: RolloutJudge = ChatJudge(judging, writer(), ledger) if judging else SimJudge()
    return Seat(agent, judge, side)
