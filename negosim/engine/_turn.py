"""A turn: how a planner gets from what the speaker sees to one public utterance.

- `rollout`: reflect → tactics → K rollouts at once → judge → speak → consolidate (report, 3.3).
  With fused calls, think (reflection, tactics and rollouts in one) → judge → speak → consolidate.
- `reflect`: reflect → speak → consolidate.
- `direct`: speak, in one call.

The stages are nodes of the dialogue graph itself; a graph of its own, called once a turn, costs more
(`benchmarks/bare_langgraph.py`).
"""

from collections.abc import Awaitable, Callable
from itertools import pairwise

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.agents import Speech
from negosim.config import Calls, Planner
from negosim.engine._state import (
    DialogueContext,
    DialogueState,
    Handed,
    Progress,
    Seat,
    SoFar,
    StageError,
    TurnState,
    progress_after,
)
from negosim.engine._waiting import Node, NodeResult, as_node
from negosim.errors import ModelError, ProtocolError
from negosim.records import Rollout, Turn
from negosim.views import View

Stage = Callable[[TurnState, Seat, DialogueContext], Awaitable[TurnState]]
Step = Callable[[DialogueState, DialogueContext], Awaitable[TurnState]]
AfterTurn = Callable[[Progress, DialogueContext], str]
"""Says what comes after a turn: "turn", "vote" or END."""


async def reflect(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Think privately about the conversation so far."""
    view = turn["view"]
    return {"view": view._replace(reflection=await seat.agent.reflect(view))}


async def tactics(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Choose K tactics."""
    return {"tactics": await seat.agent.choose_tactics(turn["view"], context.k)}


async def rollout(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Sketch a candidate for each tactic as a mini-dialogue, all at once.

    One node for all: a task of the graph for each would take LangGraph a third longer
    (`benchmarks/bare_langgraph.py`).
    """
    view = turn["view"]
    sketches = await context.at_once(seat.agent.rollout(view, tactic) for tactic in turn["tactics"])
    candidates: list[Rollout] = []
    for sketch in sketches:
        if isinstance(sketch, BaseException):
            raise sketch
        candidates.append(sketch)
    return {"candidates": candidates}


async def think(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Reflect and sketch all K candidates at once."""
    thinking = await seat.agent.think(turn["view"], context.k)
    return {
        "view": turn["view"]._replace(reflection=thinking.reflection),
        "candidates": thinking.rollouts,
    }


async def judge(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Score the candidates; the best wins, the first of equals."""
    view = turn["view"]
    candidates = turn["candidates"]
    others = (role for index, role in enumerate(context.scenario.roles) if index != view.side.index)
    scores = await seat.judge.score(
        view, candidates, context.objective, tuple(others) if context.oracle else ()
    )
    scored = tuple(
        candidate.model_copy(update={"score": score.score, "reason": score.reason})
        for candidate, score in zip(candidates, scores, strict=True)
    )
    best = max(range(len(scores)), key=lambda position: scores[position].score)
    return {"view": view._replace(rollouts=scored, chosen=best)}


async def speak(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Say the public utterance."""
    speech = await seat.agent.speak(turn["view"])
    return {"view": turn["view"]._replace(draft=speech.utterance), "speech": speech}


async def consolidate(turn: TurnState, seat: Seat, context: DialogueContext) -> TurnState:
    """Vary the opening of the utterance."""
    utterance = await seat.agent.consolidate(turn["view"])
    return {"speech": turn["speech"]._replace(utterance=utterance)}


STAGES: dict[str, Stage] = {
    "reflect": reflect,
    "tactics": tactics,
    "rollout": rollout,
    "think": think,
    "judge": judge,
    "speak": speak,
    "consolidate": consolidate,
}

CHAINS: dict[tuple[Planner, Calls], tuple[str, ...]] = {
    ("rollout", "separate"): ("reflect", "tactics", "rollout", "judge", "speak", "consolidate"),
    ("rollout", "fused"): ("think", "judge", "speak", "consolidate"),
    ("reflect", "separate"): ("reflect", "speak", "consolidate"),
    ("reflect", "fused"): ("reflect", "speak", "consolidate"),
    ("direct", "separate"): ("speak",),
    ("direct", "fused"): ("speak",),
}


def add_turn(
    builder: StateGraph[DialogueState, DialogueContext, SoFar, SoFar],
    planner: Planner,
    calls: Calls,
    after: AfterTurn,
) -> str:
    """Add the stages of a planner's turn to a graph that has a node "vote"; return the first one.

    Nodes say themselves where it goes on, where that depends: asking an edge costs as much as a stage.
    """
    chain = CHAINS[planner, calls]
    first, last = chain[0], chain[-1]
    for name in chain[:-1]:
        schema = DialogueState if name == first else Handed
        builder.add_node(name, as_node(_node(_step(name, opens=name == first))), input_schema=schema)
    ending = _ending(_step(last, opens=last == first), {"turn": first, "vote": "vote", END: END}, after)
    builder.add_node(last, as_node(ending), input_schema=DialogueState, destinations=(first, "vote", END))
    for before, stage in pairwise(chain):
        builder.add_edge(before, stage)
    return first


def _step(name: str, *, opens: bool) -> Step:
    """Return a stage as a step of the turn; the one that opens it lets the next role see the table."""
    stage = STAGES[name]

    async def take(state: DialogueState, context: DialogueContext) -> TurnState:
        turn = _opened(state["so_far"], context) if opens else state["turn"]
        view = turn["view"]
        try:
            return turn | await stage(turn, context.seats[view.side.index], context)
        except (ModelError, ProtocolError) as error:
            raise _failed(name, error, view) from error

    return take


def _node(step: Step) -> Node:
    """Return a step as a node that hands on what it has made of the turn."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> NodeResult:
        return {"turn": await step(state, runtime.context)}

    return run


def _opened(so_far: Progress, context: DialogueContext) -> TurnState:
    """Return the beginning of a turn: what the role sees that speaks next."""
    role = (context.opener + len(so_far["turns"])) % len(context.seats)
    return TurnState(view=context.view(so_far, role))


def _ending(step: Step, nodes: dict[str, str], after: AfterTurn) -> Node:
    """Return the last step as a node that puts the turn on record and goes on to what comes after it."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> NodeResult:
        context = runtime.context
        made = await step(state, context)
        view, speech = made["view"], made["speech"]
        turn = _record(view, speech)
        table = view.table.after(turn.role, speech.utterance)
        added = context.add(turn.index, Progress(turns=[turn], table=table))
        now = progress_after(state["so_far"], added)
        return Command(update={"so_far": now}, goto=nodes[after(now, context)])

    return run


def _record(view: View, speech: Speech) -> Turn:
    draft = view.draft.text if view.draft else None
    return Turn(
        index=view.turn_index,
        role=view.side.index,
        reflection=view.reflection or speech.reflection,
        rollouts=view.rollouts,
        chosen=view.chosen,
        tactic=speech.tactic if view.chosen is None else view.rollouts[view.chosen].tactic,
        draft=draft if draft != speech.utterance.text else None,
        utterance=speech.utterance,
        claims=speech.claims,
    )


def _failed(stage: str, error: ModelError | ProtocolError, view: View) -> StageError:
    return StageError(stage, error, turn=view.turn_index, role=view.side.index)
