"""State and context of the dialogue graph: what its nodes pass on, and what they are played with."""

from asyncio import gather
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar

from negosim.agents import Agent, RolloutJudge, Speech
from negosim.config import Calls, Objective, Votes
from negosim.errors import ModelError, NegosimError, ProtocolError
from negosim.models import Ledger
from negosim.order import Order
from negosim.records import Call, End, Mark, Measurement, Rollout, Turn, Vote
from negosim.scenarios import Scenario
from negosim.table import Table
from negosim.views import Side, View, view_of

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Participant:
    """What plays a role: an agent, who judges its rollouts, and its side of the scenario."""

    agent: Agent
    judge: RolloutJudge
    side: Side


class History(TypedDict, total=False):
    """What has happened in a dialogue, or what a step adds to it."""

    turns: list[Turn]
    votes: list[Vote]
    calls: list[Call]
    measurements: list[Measurement]
    table: Table
    end: End


def history_after(before: History, added: History) -> History:
    """Return what has happened after a step."""
    after = before | added
    after["turns"] = [*before["turns"], *added.get("turns", ())]
    after["votes"] = [*before["votes"], *added.get("votes", ())]
    after["calls"] = [*before["calls"], *added.get("calls", ())]
    after["measurements"] = [*before.get("measurements", ()), *added.get("measurements", ())]
    return after


class Deliberation(TypedDict, total=False):
    """The turn that is being made; nothing of it outlives the turn but what is put on record."""

    view: View
    """What the speaker sees; each stage adds what it found."""
    tactics: Sequence[str]
    candidates: Sequence[Rollout]
    speech: Speech
    notes: Any
    """What a planner's own stages pass on to each other."""
    marks: frozenset[Mark]
    """What is wrong with the turn besides its speech."""


class HistoryState(TypedDict):
    """The part of the graph's state that is kept, and that callers give and get."""

    history: History


class DeliberationState(TypedDict, total=False):
    """The part of the graph's state that the stages of a turn pass on."""

    deliberation: Deliberation


class DialogueState(HistoryState, DeliberationState):
    """The state of the dialogue graph: two values, since LangGraph looks at each after every stage."""


@dataclass(frozen=True)
class DialogueContext:
    """What a dialogue is played with."""

    scenario: Scenario
    participants: tuple[Participant, ...]
    calls: Calls
    k: int
    objective: Objective
    oracle: bool
    max_turns: int
    ledger: Ledger
    """Where the agents enter what the present step costs."""
    settings: Any = None
    """The settings given behind the planner's name, as its planner reads them."""
    views: dict[int, tuple[Turn, View]] = field(default_factory=dict)
    """The last view of each role, with the turn it ended at, so that no record is built anew at each turn."""
    votes: Votes = "when-over"
    on_step: Callable[[History], None] = lambda added: None
    """Told what each turn and each round of votes adds, before anything comes of it."""

    @property
    def order(self) -> Order:
        """Who speaks after whom."""
        return self.participants[0].side.order

    def next_speaker(self, history: History) -> int:
        """Return the position of the role whose turn it is."""
        turns = history["turns"]
        floor = turns[-1].floor if turns else None
        return self.order.next_speaker([turn.role for turn in turns], floor, history["table"].gone)

    def view(self, history: History, role: int) -> View:
        """Return what a role sees of what has happened."""
        turns = history["turns"]
        view = view_of(self.participants[role].side, turns, history["table"], before=self._seen(role, turns))
        if turns:
            self.views[role] = turns[-1], view
        return view

    def _seen(self, role: int, turns: Sequence[Turn]) -> View | None:
        """Return the role's last view, if what has happened goes on from it."""
        last, view = self.views.get(role, (None, None))
        goes_on = view is not None and len(turns) >= view.turn_index and turns[view.turn_index - 1] is last
        return view if goes_on else None

    def add(self, turn: int, step: History) -> History:
        """Put what a step adds on record, with the calls it took for a turn."""
        added = History(**step, calls=self.ledger.drain(turn))
        self.on_step(added)
        return added


async def answers_of(asked: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer | BaseException]:
    """Return the answers, or errors in their place, of agents that are all asked at once.

    An error waits for the others, whose calls are paid for and belong in the account.
    """
    return await gather(*asked, return_exceptions=True)


class StageError(NegosimError):
    """A stage failed for good; the dialogue is stored as failed with this reason."""

    def __init__(self, stage: str, error: ModelError | ProtocolError, *, turn: int, role: int) -> None:
        """`turn` is the index of the utterance that was to come, `role` whose stage failed."""
        self.stage = stage
        self.error = error
        self.turn = turn
        self.role = role
        super().__init__(f"{stage}: {error}")
