"""The dialogue graph: turns until all roles say they have concluded, one leaves, or the cap is reached."""

from functools import lru_cache

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.config import SAFETY_STOP
from negosim.engine._planners import PlannerStage
from negosim.engine._state import DialogueContext, DialogueState, HistoryState
from negosim.engine._steps import after_vote, begun_with, voted
from negosim.engine._turn import Node, add_turn

LONGEST_LOOP = 10_000
"""Rounds that a stage which is taken again and again may take in a turn."""

DialogueGraph = CompiledStateGraph[DialogueState, DialogueContext, HistoryState, HistoryState]


@lru_cache
def dialogue_graph(chain: tuple[PlannerStage, ...]) -> DialogueGraph:
    """Build and compile the dialogue graph with a planner's stages in it.

    It begins with what has happened so far, nothing as a rule, and raises `StageError` when a stage
    fails for good.
    """
    builder = StateGraph(
        DialogueState, context_schema=DialogueContext, input_schema=HistoryState, output_schema=HistoryState
    )
    first = add_turn(builder, chain)
    builder.add_node("vote", _vote_node(first), input_schema=HistoryState, destinations=(first, END))
    builder.add_conditional_edges(START, go_on, {"turn": first, "vote": "vote", END: END})
    return builder.compile(name="dialogue")


def go_on(state: HistoryState, runtime: Runtime[DialogueContext]) -> str:
    """Open the dialogue, or take it up where it stands."""
    return begun_with(state["history"], runtime.context)


def _vote_node(first: str) -> Node:
    """Return the votes as a node that goes on with a turn, whose first stage is given, or ends."""

    async def vote(state: HistoryState, runtime: Runtime[DialogueContext]) -> Command[str]:
        now = await voted(state["history"], runtime.context)
        over = after_vote(now, runtime.context) == END
        return Command(update={"history": now}, goto=END if over else first)

    return vote


def recursion_limit(chain: tuple[PlannerStage, ...], max_turns: int) -> int:
    """Return LangGraph's cap on steps: every stage and a vote for each utterance, and some air."""
    rounds = LONGEST_LOOP if any(stage.again for stage in chain) else 1
    return (len(chain) + 1) * rounds * (max_turns or SAFETY_STOP) + 10
