"""A turn in the dialogue graph: a planner's stages as nodes, from what the speaker sees to the record."""

from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any, Protocol

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.agents import Speech
from negosim.engine._measures import ask_measures
from negosim.engine._planners import PlannerStage
from negosim.engine._state import (
    Deliberation,
    DeliberationState,
    DialogueContext,
    DialogueState,
    History,
    HistoryState,
    StageError,
    history_after,
)
from negosim.errors import ModelError, ProtocolError
from negosim.records import Turn
from negosim.views import View

AfterTurn = Callable[[History, DialogueContext], str]
"""Says what comes after a turn: "turn", "vote" or END."""


class Node(Protocol):
    """A node of the dialogue graph."""

    def __call__(self, state: Any, runtime: Runtime[DialogueContext]) -> Coroutine[Any, Any, Any]:
        """Return what the node adds to the state, and where it goes on where that depends."""
        ...


def add_turn(
    builder: StateGraph[DialogueState, DialogueContext, HistoryState, HistoryState],
    chain: tuple[PlannerStage, ...],
    after: AfterTurn,
) -> str:
    """Add a planner's stages to a graph that has a node "vote"; return the name of the first one."""
    first, last = chain[0], chain[-1]
    for stage in chain[:-1]:
        schema: type[Any] = DialogueState if stage is first else DeliberationState
        builder.add_node(stage.name, _stage_node(stage, opens=stage is first), input_schema=schema)
    node = _last_node(last, {"turn": first.name, "vote": "vote", END: END}, after, opens=first is last)
    builder.add_node(last.name, node, input_schema=DialogueState, destinations=(first.name, "vote", END))
    for before, stage in pairwise(chain):
        builder.add_edge(before.name, stage.name)
    return first.name


def _stage_node(stage: PlannerStage, *, opens: bool) -> Node:
    """Return a stage as a node that passes on what it has made of the turn."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> DeliberationState:
        return {"deliberation": await _deliberate(stage, state, runtime.context, opens=opens)}

    return run


def _last_node(stage: PlannerStage, nodes: dict[str, str], after: AfterTurn, *, opens: bool) -> Node:
    """Return the last stage as a node that puts the turn on record and goes on to what comes after it."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> Command[str]:
        context = runtime.context
        made = await _deliberate(stage, state, context, opens=opens)
        view, speech = made["view"], made["speech"]
        turn = _record(view, speech)
        step = History(turns=[turn], table=view.table.after(turn.role, speech.utterance))
        said = history_after(state["history"], step)
        if measurements := await ask_measures(said, context, "each_turn"):
            step["measurements"] = measurements
        now = history_after(state["history"], context.add(turn.index, step))
        return Command(update={"history": now}, goto=nodes[after(now, context)])

    return run


async def _deliberate(
    stage: PlannerStage, state: DialogueState, context: DialogueContext, *, opens: bool
) -> Deliberation:
    """Take a stage of the turn; the one that opens it lets the next role see the table."""
    turn = _opened(state["history"], context) if opens else state["deliberation"]
    view = turn["view"]
    try:
        return turn | await stage.run(turn, context.participants[view.side.index], context)
    except (ModelError, ProtocolError) as error:
        raise StageError(stage.name, error, turn=view.turn_index, role=view.side.index) from error


def _opened(history: History, context: DialogueContext) -> Deliberation:
    """Return the beginning of a turn: what the role sees that speaks next."""
    role = (context.opener + len(history["turns"])) % len(context.participants)
    return Deliberation(view=context.view(history, role))


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
