"""The dialogue graph: turns until all roles say they have concluded, one leaves, or the cap is reached."""

from functools import lru_cache

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.config import SAFETY_STOP
from negosim.engine._planners import PlannerStage
from negosim.engine._state import (
    DialogueContext,
    DialogueState,
    History,
    HistoryState,
    StageError,
    answers_of,
    history_after,
)
from negosim.engine._turn import Node, add_turn
from negosim.errors import ModelError, ProtocolError
from negosim.records import End, Vote

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
    first = add_turn(builder, chain, after_turn)
    builder.add_node("vote", _vote_node(first), input_schema=HistoryState, destinations=(first, END))
    builder.add_conditional_edges(START, go_on, {"turn": first, "vote": "vote", END: END})
    return builder.compile(name="dialogue")


def go_on(state: HistoryState, runtime: Runtime[DialogueContext]) -> str:
    """Open the dialogue, or take it up where it stands."""
    history = state["history"]
    if not history["turns"]:
        return "turn"
    voted = history["votes"] and history["votes"][-1].after_turn == len(history["turns"]) - 1
    return (after_vote if voted else after_turn)(history, runtime.context)


def after_turn(history: History, context: DialogueContext) -> str:
    """Go on, ask for votes after a full round, or end where somebody left."""
    if history["table"].left_by is not None:
        return END
    count = len(history["turns"])
    if count % len(context.participants) == 0 and (
        context.calls == "separate" or seems_over(history, len(context.participants))
    ):
        return "vote"
    return END if count >= _cap(context.max_turns) else "turn"


def seems_over(history: History, roles: int) -> bool:
    """Tell whether asking for votes is worth its calls: there is a deal, or a round without an offer."""
    last = history["turns"][-roles:]
    return history["table"].deal is not None or all(turn.utterance.action == "talk" for turn in last)


def _vote_node(first: str) -> Node:
    """Return the votes as a node that goes on with a turn, whose first stage is given, or ends."""

    async def vote(state: HistoryState, runtime: Runtime[DialogueContext]) -> Command[str]:
        context, before = runtime.context, state["history"]
        added = context.add(len(before["turns"]) - 1, await cast_votes(before, context))
        now = history_after(before, added)
        over = after_vote(now, context) == END
        return Command(update={"history": now}, goto=END if over else first)

    return vote


async def cast_votes(history: History, context: DialogueContext) -> History:
    """Ask every role, all at once, whether it has concluded the conversation."""
    count = len(history["turns"])
    answers = await answers_of(
        participant.agent.concluded(context.view(history, role))
        for role, participant in enumerate(context.participants)
    )
    concluded: list[bool] = []
    for role, answer in enumerate(answers):
        if isinstance(answer, ModelError | ProtocolError):
            raise StageError("conclude", answer, turn=count, role=role) from answer
        if isinstance(answer, BaseException):
            raise answer
        concluded.append(answer)
    votes = [Vote(after_turn=count - 1, concluded=tuple(concluded))]
    return History(votes=votes, end="concluded") if all(concluded) else History(votes=votes)


def after_vote(history: History, context: DialogueContext) -> str:
    """End when all have concluded or the cap is reached."""
    over = "end" in history or len(history["turns"]) >= _cap(context.max_turns)
    return END if over else "turn"


def end_of(history: History, max_turns: int) -> End:
    """Name why a finished dialogue ended."""
    if "end" in history:
        return history["end"]
    if history["table"].left_by is not None:
        return "walk_away"
    return "max_turns" if max_turns else "safety_stop"


def recursion_limit(stages: int, max_turns: int) -> int:
    """Return LangGraph's cap on steps: every stage and a vote for each utterance, and some air."""
    return (stages + 1) * _cap(max_turns) + 10


def _cap(max_turns: int) -> int:
    return max_turns or SAFETY_STOP
