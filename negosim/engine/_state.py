"""What the stages of a dialogue hand on, and what they are played with."""

from asyncio import gather
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, TypeVar

from negosim.agents import Agent, RolloutJudge, Speech
from negosim.agents.sim import SimAgent, SimJudge
from negosim.config import Calls, Objective
from negosim.errors import ModelError, NegosimError, ProtocolError
from negosim.models import Ledger
from negosim.records import Call, End, Rollout, Turn, Vote
from negosim.scenarios import Scenario
from negosim.table import Table
from negosim.views import Side, View, view_of

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Seat:
    """A place at the table: an agent, its side, and who judges its rollouts."""

    agent: Agent
    judge: RolloutJudge
    side: Side


class Progress(TypedDict, total=False):
    """What has happened so far, or what a step adds to it."""

    turns: list[Turn]
    votes: list[Vote]
    calls: list[Call]
    table: Table
    end: End


def progress_after(before: Progress, added: Progress) -> Progress:
    """Return what has happened after a step."""
    after = before | added
    after["turns"] = [*before["turns"], *added.get("turns", ())]
    after["votes"] = [*before["votes"], *added.get("votes", ())]
    after["calls"] = [*before["calls"], *added.get("calls", ())]
    return after


class TurnState(TypedDict, total=False):
    """The turn that is being made; nothing of it outlives the turn but what is put on record."""

    view: View
    """What the speaker sees; each stage adds what it found."""
    tactics: Sequence[str]
    candidates: Sequence[Rollout]
    speech: Speech


class SoFar(TypedDict):
    """The part of the graph's state that stages of a turn leave alone."""

    so_far: Progress


class Handed(TypedDict, total=False):
    """The part of the graph's state that the stages of a turn hand on."""

    turn: TurnState


class DialogueState(SoFar, Handed):
    """The state of the dialogue graph: two values, since LangGraph looks at each after every stage."""


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
    on_progress: Callable[[Progress], None]
    """Told what each turn and each round of votes adds, before anything comes of it."""

    @cached_property
    def waits(self) -> bool:
        """Whether anything has to be waited for: not where simulated negotiators are among themselves."""
        return not all(
            isinstance(seat.agent, SimAgent) and isinstance(seat.judge, SimJudge) for seat in self.seats
        )

    async def at_once(self, asked: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer | BaseException]:
        """Return answers, or errors in their place, of agents that are all asked at once.

        An error waits for the others, whose calls are paid for and belong in the account.
        """
        if self.waits:
            return await gather(*asked, return_exceptions=True)
        return [await one for one in asked]

    def view(self, progress: Progress, role: int) -> View:
        """Return what a role sees of what has happened."""
        return view_of(self.seats[role].side, progress["turns"], progress["table"])

    def add(self, turn: int, progress: Progress) -> Progress:
        """Put what a step adds on record, with the calls it took for a turn."""
        added = Progress(**progress, calls=self.ledger.drain(turn))
        self.on_progress(added)
        return added


class StageError(NegosimError):
    """A stage failed for good; the dialogue is stored as failed with this reason."""

    def __init__(self, stage: str, error: ModelError | ProtocolError, *, turn: int, role: int) -> None:
        """`turn` is the index of the utterance that was to come, `role` whose stage failed."""
        self.stage = stage
        self.error = error
        self.turn = turn
        self.role = role
        super().__init__(f"{stage}: {error}")
