"""The dialogue graph: turns until all roles say they have concluded, one leaves, or the cap is reached."""

from asyncio import gather
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from negosim.agents import Agent, Objective, RolloutJudge
from negosim.config import SAFETY_STOP, Calls, Planner
from negosim.engine._turn import StageError, TurnContext, finished_turn, turn_graph
from negosim.errors import ContextLengthError, ModelError, ProtocolError
from negosim.models import Ledger
from negosim.records import Call, End, Failure, Turn, Vote
from negosim.scenarios import Scenario
from negosim.table import Table
from negosim.views import Side, View, view_of


@dataclass(frozen=True)
class Seat:
    """A place at the table: an agent, its side, and who judges its rollouts."""

    agent: Agent
    judge: RolloutJudge
    side: Side


@dataclass(frozen=True)
class DialogueContext:
    """What a dialogue is played with."""

    scenario: Scenario
    seats: tuple[Seat, ...]
    calls: Calls
    k: int
    objective: Objective
    oracle: bool
    opener: int
    max_turns: int
    ledger: Ledger
    """Where the agents enter what the present step costs."""
    on_turn: Callable[[Turn, Table], None]


def extend(old: list[Any], batches: Sequence[list[Any]]) -> list[Any]:
    """Add what new turns bring to what there is."""
    return [*old, *chain.from_iterable(batches)]


class DialogueState(TypedDict, total=False):
    """What has happened so far."""

    turns: Annotated[list[Turn], DeltaChannel(extend)]
    votes: Annotated[list[Vote], DeltaChannel(extend)]
    table: Table
    calls: Annotated[list[Call], DeltaChannel(extend)]
    end: End
    failure: Failure


UNCHECKPOINTED = RunnableConfig(configurable={"__pregel_checkpointer": None, "__pregel_durability": "async"})
"""A turn has no place to be kept: it must not inherit the dialogue's checkpointer."""

DialogueGraph = CompiledStateGraph[DialogueState, DialogueContext, DialogueState, DialogueState]


def dialogue_graph(
    planner: Planner, calls: Calls = "separate", checkpointer: BaseCheckpointSaver[str] | None = None
) -> DialogueGraph:
    """Build and compile the dialogue graph around a planner's turn graph.

    With a checkpointer, a dialogue can be taken up after its last finished turn.
    """
    turns = turn_graph(planner, calls)

    async def take_turn(state: DialogueState, runtime: Runtime[DialogueContext]) -> dict[str, Any]:
        """Let the next role speak."""
        context = runtime.context
        role = (context.opener + len(state["turns"])) % len(context.seats)
        seat = context.seats[role]
        view = _view(state, seat)
        others = tuple(r for i, r in enumerate(context.scenario.roles) if context.oracle and i != role)
        turn_context = TurnContext(view, seat.agent, seat.judge, context.k, context.objective, others)
        try:
            output = await turns.ainvoke(
                {}, context=turn_context, config=UNCHECKPOINTED if checkpointer else None, version="v2"
            )
        except StageError as error:
            _raise_if_hopeless(error.error, view)
            failure = _failure(view.turn_index, role, error.stage, error.error)
            return {"end": "failed", "failure": failure, "calls": context.ledger.drain(view.turn_index)}
        turn = finished_turn(view, output.value)
        table = state["table"].after(role, turn.utterance)
        context.on_turn(turn, table)
        return {"turns": [turn], "table": table, "calls": context.ledger.drain(view.turn_index)}

    builder = StateGraph(DialogueState, context_schema=DialogueContext)
    builder.add_node("turn", take_turn)
    builder.add_node("vote", vote)
    builder.add_edge(START, "turn")
    builder.add_conditional_edges("turn", after_turn, ["turn", "vote", END])
    builder.add_conditional_edges("vote", after_vote, ["turn", END])
    return builder.compile(checkpointer=checkpointer, name="dialogue")


async def after_turn(state: DialogueState, runtime: Runtime[DialogueContext]) -> str:
    """Go on, ask for votes after a full round, or end where somebody left or a stage failed."""
    if "failure" in state or state["table"].left_by is not None:
        return END
    context, count = runtime.context, len(state["turns"])
    if count % len(context.seats) == 0 and (
        context.calls == "separate" or seems_over(state, len(context.seats))
    ):
        return "vote"
    return END if count >= _cap(context.max_turns) else "turn"


def seems_over(state: DialogueState, roles: int) -> bool:
    """Tell whether asking for votes is worth its calls: there is a deal, or a round without an offer."""
    last = state["turns"][-roles:]
    return state["table"].deal is not None or all(turn.utterance.action == "talk" for turn in last)


async def vote(state: DialogueState, runtime: Runtime[DialogueContext]) -> dict[str, Any]:
    """Ask every role, all at once, whether it has concluded the conversation."""
    seats, last = runtime.context.seats, len(state["turns"]) - 1
    answers = await gather(
        *(seat.agent.concluded(_view(state, seat)) for seat in seats), return_exceptions=True
    )
    concluded: list[bool] = []
    for role, answer in enumerate(answers):
        if isinstance(answer, ModelError | ProtocolError):
            _raise_if_hopeless(answer, _view(state, seats[role]))
            failure = _failure(len(state["turns"]), role, "conclude", answer)
            return {"end": "failed", "failure": failure, "calls": runtime.context.ledger.drain(last)}
        if isinstance(answer, BaseException):
            raise answer
        concluded.append(answer)
    done: dict[str, Any] = {"end": "concluded"} if all(concluded) else {}
    cast_votes = [Vote(after_turn=last, concluded=tuple(concluded))]
    return {"votes": cast_votes, "calls": runtime.context.ledger.drain(last), **done}


async def after_vote(state: DialogueState, runtime: Runtime[DialogueContext]) -> str:
    """End when all have concluded or the cap is reached."""
    over = "end" in state or len(state["turns"]) >= _cap(runtime.context.max_turns)
    return END if over else "turn"


def end_of(state: DialogueState, max_turns: int) -> End:
    """Name why a finished dialogue ended."""
    if "end" in state:
        return state["end"]
    if state["table"].left_by is not None:
        return "walk_away"
    return "max_turns" if max_turns else "safety_stop"


def recursion_limit(max_turns: int) -> int:
    """Return LangGraph's cap on steps: a turn and a vote for each utterance, and some air."""
    return 2 * _cap(max_turns) + 10


def _cap(max_turns: int) -> int:
    return max_turns or SAFETY_STOP


def _view(state: DialogueState, seat: Seat) -> View:
    return view_of(seat.side, state["turns"], state["table"])


def _raise_if_hopeless(error: ModelError | ProtocolError, view: View) -> None:
    """Stop the run where every dialogue would fail likewise.

    A prompt that does not fit is the fault of a long dialogue, unless nothing has been said yet.
    """
    first_prompt = isinstance(error, ContextLengthError) and not view.transcript
    if first_prompt or (isinstance(error, ModelError) and error.permanent):
        raise error


def _failure(turn: int, role: int, stage: str, error: Exception) -> Failure:
    return Failure(turn=turn, role=role, stage=stage, error=type(error).__name__, message=str(error))
