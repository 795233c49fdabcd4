"""The dialogue graph: turns until all roles say they have concluded, one leaves, or the cap is reached."""

from functools import lru_cache

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.config import SAFETY_STOP, Calls, Planner
from negosim.engine._state import (
    DialogueContext,
    DialogueState,
    Progress,
    SoFar,
    StageError,
    progress_after,
)
from negosim.engine._turn import CHAINS, add_turn
from negosim.engine._waiting import Node, NodeResult, as_node
from negosim.errors import ModelError, ProtocolError
from negosim.records import End, Vote

DialogueGraph = CompiledStateGraph[DialogueState, DialogueContext, SoFar, SoFar]


@lru_cache
def dialogue_graph(planner: Planner, calls: Calls = "separate") -> DialogueGraph:
    """Build and compile the dialogue graph with a planner's stages in it.

    It begins with what has happened so far, nothing as a rule, and raises `StageError` when a stage
    fails for good. It is run synchronously, in a greenlet.
    """
    builder = StateGraph(
        DialogueState, context_schema=DialogueContext, input_schema=SoFar, output_schema=SoFar
    )
    first = add_turn(builder, planner, calls, after_turn)
    builder.add_node("vote", as_node(_voting(first)), input_schema=SoFar, destinations=(first, END))
    builder.add_conditional_edges(START, go_on, {"turn": first, "vote": "vote", END: END})
    return builder.compile(name="dialogue")


def go_on(state: SoFar, runtime: Runtime[DialogueContext]) -> str:
    """Open the dialogue, or take it up where it stands."""
    so_far = state["so_far"]
    if not so_far["turns"]:
        return "turn"
    voted = so_far["votes"] and so_far["votes"][-1].after_turn == len(so_far["turns"]) - 1
    return (after_vote if voted else after_turn)(so_far, runtime.context)


def after_turn(so_far: Progress, context: DialogueContext) -> str:
    """Go on, ask for votes after a full round, or end where somebody left."""
    if so_far["table"].left_by is not None:
        return END
    count = len(so_far["turns"])
    if count % len(context.seats) == 0 and (
        context.calls == "separate" or seems_over(so_far, len(context.seats))
    ):
        return "vote"
    return END if count >= _cap(context.max_turns) else "turn"


def seems_over(so_far: Progress, roles: int) -> bool:
    """Tell whether asking for votes is worth its calls: there is a deal, or a round without an offer."""
    last = so_far["turns"][-roles:]
    return so_far["table"].deal is not None or all(turn.utterance.action == "talk" for turn in last)


def _voting(first: str) -> Node:
    """Return the votes as a node that goes on with a turn, whose first stage is given, or ends."""

    async def vote(state: SoFar, runtime: Runtime[DialogueContext]) -> NodeResult:
        context, before = runtime.context, state["so_far"]
        added = context.add(len(before["turns"]) - 1, await cast_votes(before, context))
        now = progress_after(before, added)
        over = after_vote(now, context) == END
        return Command(update={"so_far": now}, goto=END if over else first)

    return vote


async def cast_votes(so_far: Progress, context: DialogueContext) -> Progress:
    """Ask every role, all at once, whether it has concluded the conversation."""
    count = len(so_far["turns"])
    answers = await context.at_once(
        seat.agent.concluded(context.view(so_far, role)) for role, seat in enumerate(context.seats)
    )
    concluded: list[bool] = []
    for role, answer in enumerate(answers):
        if isinstance(answer, ModelError | ProtocolError):
            raise StageError("conclude", answer, turn=count, role=role) from answer
        if isinstance(answer, BaseException):
            raise answer
        concluded.append(answer)
    votes = [Vote(after_turn=count - 1, concluded=tuple(concluded))]
    return Progress(votes=votes, end="concluded") if all(concluded) else Progress(votes=votes)


def after_vote(so_far: Progress, context: DialogueContext) -> str:
    """End when all have concluded or the cap is reached."""
    over = "end" in so_far or len(so_far["turns"]) >= _cap(context.max_turns)
    return END if over else "turn"


def end_of(so_far: Progress, max_turns: int) -> End:
    """Name why a finished dialogue ended."""
    if "end" in so_far:
        return so_far["end"]
    if so_far["table"].left_by is not None:
        return "walk_away"
    return "max_turns" if max_turns else "safety_stop"


def recursion_limit(max_turns: int) -> int:
    """Return LangGraph's cap on steps: every stage and a vote for each utterance, and some air."""
    return (max(map(len, CHAINS.values())) + 1) * _cap(max_turns) + 10


def _cap(max_turns: int) -> int:
    return max_turns or SAFETY_STOP
