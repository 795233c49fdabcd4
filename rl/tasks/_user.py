"""What a user of a task is: it replies until it ends, and then the dialogue has a reward."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from negosim.rl._trajectory import MetaValue, TrajectoryTurn
from negosim.rl.tasks._task import Task


@dataclass(frozen=True)
class Transcript:
    """A dialogue so far, as an agent and a user see it."""

    id: str
    """Of the dialogue; agents derive their randomness from it."""
    system: str | None
    """What the agent was told; users do not read it."""
    turns: tuple[TrajectoryTurn, ...] = ()

    def texts(self, role: str) -> list[str]:
        """Return what one side said."""
        return [turn.text for turn in self.turns if turn.role == role]


@dataclass(frozen=True)
class Reply:
    """What a user says, and whether it ends the dialogue with it."""

    text: str | None
    """None: the user leaves without a word."""
    end: bool = False


class Participant(Protocol):
    """Who a user is, however it answers."""

    @property
    def id(self) -> str:
        """Return a name that no other user of the same task has."""

    @property
    def task(self) -> Task:
        """Return the task."""

    @property
    def persona(self) -> str:
        """Return what kind of user it is; results are broken down by it."""

    def facts(self) -> dict[str, MetaValue]:
        """Return what is known of the user and the end."""


class User(Participant, Protocol):
    """Someone the agent talks to."""

    def reply(self, transcript: Transcript) -> Reply:
        """Answer the last turn of the agent; where the user opens, say the first words."""

    def reward(self) -> float:
        """Return what the dialogue heard last was worth."""


class Mind(Protocol):
    """The hidden state of one simulated user in one dialogue."""

    def open(self, rng: random.Random) -> str:
        """Say the first words."""

    def hear(self, text: str, rng: random.Random) -> Reply:
        """Take in one turn of the agent and answer it."""

    def reward(self) -> float:
        """Return what the dialogue would be worth if it ended here."""

    def facts(self) -> dict[str, MetaValue]:
        """Return what is known of the user and the end."""


@dataclass
class SimUser:
    """An embedded simulated user: no language model, deterministic given its seed.

    What it does follows from its seed and the agent's turns alone. It may be given any transcript: one
    that goes on where the last one ended is heard from there, another from its beginning, so that a
    dialogue can be branched at any point.
    """

    task: Task
    persona: str
    seed: int
    make: Callable[[random.Random], Mind]
    """Makes the mind as it is before the first word."""
    _mind: Mind = field(init=False, repr=False)
    _heard: list[str] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        self._mind = self._fresh()

    @property
    def id(self) -> str:
        """Task, persona and seed."""
        return f"{self.task.id}-{self.persona.replace(' ', '-')}-{self.seed}"

    def reply(self, transcript: Transcript) -> Reply:
        """Answer the last turn of the agent."""
        said = transcript.texts("agent")
        if said[: len(self._heard)] != self._heard or (said and len(said) == len(self._heard)):
            self._mind, self._heard = self._fresh(), []
        if not said:
            self._mind = self._fresh()
            return Reply(self._mind.open(self._stream(0)))
        reply = Reply(None)
        for text in said[len(self._heard) :]:
            self._heard.append(text)
            reply = self._mind.hear(text, self._stream(len(self._heard)))
        return reply

    def reward(self) -> float:
        """Return what the dialogue heard last was worth."""
        return self._mind.reward()

    def facts(self) -> dict[str, MetaValue]:
        """Return persona, seed, and what the mind knows."""
        return {"persona": self.persona, "user_seed": self.seed, **self._mind.facts()}

    def _fresh(self) -> Mind:
        return self.make(self._stream("mind"))

    def _stream(self, purpose: str | int) -> random.Random:
        return random.Random(f"{self.task.id}/{self.persona}/{self.seed}/{purpose}")
