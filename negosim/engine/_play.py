"""Playing one dialogue, from the opening or from where it stands."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from langchain_core.runnables import RunnableConfig

from negosim.agents import Agent, ChatAgent, ChatJudge, PolicyAgent, RolloutJudge
from negosim.agents.sim import SimAgent, SimJudge
from negosim.engine._dialogue import (
    DialogueContext,
    DialogueGraph,
    DialogueState,
    Seat,
    end_of,
    recursion_limit,
)
from negosim.engine._events import DialogueStarted, TurnFinished, Watcher
from negosim.engine._plan import Job, Plan, opener_of
from negosim.models import Door, Ledger, account_of
from negosim.outcome import outcome_of
from negosim.prompts import PromptWriter
from negosim.records import Dialogue, Outcome, Turn
from negosim.table import Table
from negosim.views import Side

Doors = Mapping[str, Door | None]
"""By model as given; None is what is no chat model: the simulated negotiator, a trained policy."""


@dataclass(frozen=True)
class Stage:
    """What the dialogues of a run are played with."""

    plan: Plan
    doors: Doors
    graph: DialogueGraph
    watch: Watcher


async def play(stage: Stage, job: Job) -> Dialogue:
    """Play one dialogue to its end, or to the failure that ends it.

    Where the graph has a checkpointer that knows the dialogue, it goes on after the last finished turn;
    the watcher is told of the turns before as well.
    """
    plan, config, scenario = stage.plan, stage.plan.config, stage.plan.scenarios[job.scenario]
    started = time.perf_counter()
    opener = opener_of(config, scenario)
    place = RunnableConfig(recursion_limit=recursion_limit(config.max_turns))
    if stage.graph.checkpointer:
        place["configurable"] = {"thread_id": job.id}
    known = await _known(stage, place)
    ledger = Ledger()
    seats = tuple(_seat(stage, job, plan.side(job, role), ledger) for role in range(len(scenario.roles)))
    models = tuple(seat.agent.model for seat in seats)
    stage.watch(DialogueStarted(job.id, scenario, job.condition, opener, models))

    def tell(turn: Turn, table: Table) -> None:
        stage.watch(TurnFinished(job.id, scenario, turn, table))

    table = opening = Table(tuple(issue.id for issue in scenario.issues), len(seats))
    for turn in known.get("turns", ()):
        table = table.after(turn.role, turn.utterance)
        tell(turn, table)
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
        on_turn=tell,
    )
    beginning = DialogueState(turns=[], votes=[], calls=[], table=opening)
    result = await stage.graph.ainvoke(
        None if known else beginning,
        context=context,
        config=place,
        durability="sync" if stage.graph.checkpointer else None,
    )
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
        account=account_of(state["calls"]),
        calls=tuple(state["calls"]),
        seconds=round(time.perf_counter() - started, 3),
    )


async def _known(stage: Stage, place: RunnableConfig) -> DialogueState:
    """Return what the checkpointer has of a dialogue; empty for one not begun."""
    if not stage.graph.checkpointer:
        return DialogueState()
    return cast(DialogueState, (await stage.graph.aget_state(place)).values)


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
