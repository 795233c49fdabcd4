"""Making a run: every dialogue of a plan, several at once, each stored when it ends."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig

from negosim.agents import Agent, ChatAgent, ChatJudge, RolloutJudge
from negosim.agents.sim import SimAgent, SimJudge
from negosim.config import RunConfig
from negosim.engine._dialogue import (
    DialogueContext,
    DialogueState,
    Seat,
    dialogue_graph,
    end_of,
    recursion_limit,
)
from negosim.engine._events import DialogueFinished, DialogueStarted, RunStarted, TurnFinished, Watcher
from negosim.engine._fingerprint import fingerprint
from negosim.engine._plan import Job, Plan, opener_of, resolve
from negosim.models import ChatModel, Door, Ledger, ModelSpec
from negosim.outcome import outcome_of
from negosim.prompts import PromptWriter
from negosim.records import Dialogue, Outcome
from negosim.store import Run, RunHeader
from negosim.table import Table
from negosim.views import Side

Doors = Mapping[str, Door | None]
"""By model as given; None is the simulated negotiator."""


def generate(
    config: RunConfig,
    *,
    out: str | Path | None = None,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
) -> Run:
    """Make a run and return it. As `generate_async`, for callers without an event loop."""
    return asyncio.run(generate_async(config, out=out, watch=watch, chat_models=chat_models))


async def generate_async(
    config: RunConfig,
    *,
    out: str | Path | None = None,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
) -> Run:
    """Make every dialogue of a configuration and store it in a run folder.

    Args:
        config: what to make.
        out: the run folder; by default a new one in `runs/` of the working directory.
        watch: called with every event, in this thread.
        chat_models: models of the caller's own, by the name the configuration gives them. They are
            not closed.

    Raises:
        UserError: something the configuration names is wrong, a model cannot be reached, or the
            folder cannot be written. Nothing is left behind unless dialogues were finished.

    """
    provided = chat_models or {}
    plan = resolve(config, provided)
    doors: dict[str, Door | None] = {
        name: _door(model, ModelSpec(kind="openai")) for name, model in provided.items()
    }
    opened: list[ChatModel] = []
    try:
        for name, spec in plan.specs.items():
            if spec.kind == "sim":
                doors[name] = None
                continue
            from negosim.models import open_model

            model = open_model(spec)
            opened.append(model)
            await model.preflight()
            doors[name] = _door(model, spec)
        run = Run.create(Path(out) if out is not None else _new_folder(plan), _header(plan))
        tell = watch or (lambda event: None)
        tell(RunStarted(run))
        await _play_all(plan, doors, run, tell)
    finally:
        for model in opened:
            await model.close()
    return run


def _door(model: ChatModel, spec: ModelSpec) -> Door:
    return Door(model, temperature=spec.temperature, max_tokens=spec.max_tokens, seed=spec.seed)


def _new_folder(plan: Plan) -> Path:
    subject = next(iter(plan.scenarios)) if len(plan.scenarios) == 1 else f"{len(plan.scenarios)}-scenarios"
    return Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{subject}-{secrets.token_hex(2)}"


def _header(plan: Plan) -> RunHeader:
    parameters = {name: spec.model_dump(mode="json") for name, spec in plan.specs.items()}
    return RunHeader(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=plan.config,
        fingerprint=fingerprint(plan.scenarios, (plan.tactics, plan.techniques), plan.prompts, parameters),
        scenarios=dict(plan.scenarios),
        planned=len(plan.jobs),
    )


async def _play_all(plan: Plan, doors: Doors, run: Run, watch: Watcher) -> None:
    """Play the jobs in order, `concurrency` at a time; the first error of ours stops the rest."""
    waiting = iter(plan.jobs)

    async def worker() -> None:
        for job in waiting:
            dialogue = await play(plan, job, doors, watch)
            run.append(dialogue)
            watch(DialogueFinished(dialogue, plan.scenarios[job.scenario]))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(plan.config.concurrency, len(plan.jobs))):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def play(plan: Plan, job: Job, doors: Doors, watch: Watcher) -> Dialogue:
    """Play one dialogue to its end, or to the failure that ends it."""
    config, scenario = plan.config, plan.scenarios[job.scenario]
    started = time.perf_counter()
    ledger, opener = Ledger(), opener_of(config, scenario)
    sides = [plan.side(job, role) for role in range(len(scenario.roles))]
    seats = tuple(_seat(plan, job, side, doors, ledger) for side in sides)
    models = tuple(seat.agent.model for seat in seats)
    watch(DialogueStarted(job.id, scenario, job.condition, opener, models))
    context = DialogueContext(
        scenario=scenario,
        seats=seats,
        planner=config.planner,
        k=config.k,
        objective=config.objective,
        oracle=config.judge_view == "oracle",
        opener=opener,
        max_turns=config.max_turns,
        on_turn=lambda turn, table: watch(TurnFinished(job.id, scenario, turn, table)),
    )
    opening = DialogueState(turns=[], votes=[], table=Table(tuple(i.id for i in scenario.issues), len(seats)))
    limit = RunnableConfig(recursion_limit=recursion_limit(config.max_turns))
    result = await dialogue_graph(config.planner).ainvoke(opening, context=context, config=limit)
    state = cast(DialogueState, result)
    failure = state.get("failure")
    return Dialogue(
        id=job.id,
        scenario=scenario.id,
        index=job.index,
        seed=config.seed,
        condition=job.condition,
        opener=opener,
        models=models,
        status="failed" if failure else "complete",
        end=end_of(state, config.max_turns),
        turns=tuple(state["turns"]),
        votes=tuple(state["votes"]),
        outcome=Outcome(status="unknown") if failure else outcome_of(scenario, state["table"]),
        failure=failure,
        account=ledger.rows(),
        seconds=round(time.perf_counter() - started, 3),
    )


def _seat(plan: Plan, job: Job, side: Side, doors: Doors, ledger: Ledger) -> Seat:
    own = doors[job.models[side.index]]
    judging = doors[plan.config.judge_model] if plan.config.judge_model else own

    @cache
    def writer() -> PromptWriter:
        return PromptWriter(plan.prompts[job.scenario], side)

    agent: Agent = ChatAgent(own, writer(), ledger) if own else SimAgent()
    judge: RolloutJudge = ChatJudge(judging, writer(), ledger) if judging else SimJudge()
    return Seat(agent, judge, side)
