"""A turn in the dialogue graph: a planner's stages as nodes, from what the speaker sees to the record."""

from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any, Protocol

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.engine._planners import PlannerStage
from negosim.engine._state import (
    Deliberation,
    DeliberationState,
    DialogueContext,
    DialogueState,
    HistoryState,
)
from negosim.engine._steps import after_turn, deliberate, opened, recorded


class Node(Protocol):
    """A node of the dialogue graph."""

    def __call__(self, state: Any, runtime: Runtime[DialogueContext]) -> Coroutine[Any, Any, Any]:
        """Return what the node adds to the state, and where it goes on where that depends."""
        ...


def add_turn(
    builder: StateGraph[DialogueState, DialogueContext, HistoryState, HistoryState],
    chain: tuple[PlannerStage, ...],
) -> str:
    """Add a planner's stages to a graph that has a node "vote"; return the name of the first one."""
    first, last = chain[0], chain[-1]
    for stage in chain[:-1]:
        schema: type[Any] = DialogueState if stage is first else DeliberationState
        builder.add_node(stage.name, _stage_node(stage, opens=stage is first), input_schema=schema)
        if stage.again is not None:
            after = chain[chain.index(stage) + 1].name
            builder.add_conditional_edges(
                stage.name, _loop(stage.again, stage.name, after), [stage.name, after]
            )
    node = _last_node(last, {"turn": first.name, "vote": "vote", END: END}, opens=first is last)
    builder.add_node(last.name, node, input_schema=DialogueState, destinations=(first.name, "vote", END))
    for before, stage in pairwise(chain):
        if before.again is None:
            builder.add_edge(before.name, stage.name)
    return first.name


def _loop(again: Callable[[Deliberation], bool], name: str, after: str) -> Callable[[DeliberationState], str]:
    """Return the choice of a stage that is a loop: to be taken again, or to go on."""

    def choose(state: DeliberationState) -> str:
        return name if again(state["deliberation"]) else after

    return choose


def _stage_node(stage: PlannerStage, *, opens: bool) -> Node:
    """Return a stage as a node that passes on what it has made of the turn."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> DeliberationState:
        goes_on = stage.again is not None and stage.again(state.get("deliberation", {}))
        turn = _turn(state, runtime.context, opens=opens and not goes_on)
        return {"deliberation": await deliberate(stage, turn, runtime.context, last=False)}

    return run


def _last_node(stage: PlannerStage, nodes: dict[str, str], *, opens: bool) -> Node:
    """Return the last stage as a node that puts the turn on record and goes on to what comes after it."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> Command[str]:
        context = runtime.context
        made = await deliberate(stage, _turn(state, context, opens=opens), context, last=True)
        now = await recorded(made, state["history"], context)
        return Command(update={"history": now}, goto=nodes[after_turn(now, context)])

    return run


def _turn(state: DialogueState, context: DialogueContext, *, opens: bool) -> Deliberation:
    """Return the turn as it stands; the stage that opens it lets the next role see the table."""
    return opened(state["history"], context) if opens else state["deliberation"]
