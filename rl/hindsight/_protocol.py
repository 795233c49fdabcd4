"""The protocols of hindsight regeneration: controller, forward model, reward model.

Each has back ends of its own (chat model, trained policy, rules); the pipeline knows these forms only.
Source of the method: Hong, Lin, Dragan and Levine (2024), "Interactive dialogue agents via reinforcement
learning on hindsight regenerations", section 4 and appendix B.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from negosim._frozen import Frozen
from negosim.models import Ledger
from negosim.rl._trajectory import MetaValue, Trajectory, TrajectoryTurn
from negosim.seeding import Seed

PLACES = 3
"""Places a controller names in a dialogue."""

HARD_SHARE = 0.2
"""How often the hard forward model completes a dialogue; the paper says "occasionally"."""

BOTTOM = 0.25
"""The share of dialogues, lowest rewards first, that the hard forward model is made from."""


class Suggestion(Frozen):
    """One place where the agent could have done better."""

    said: str
    """What the agent said there, as the controller quotes it."""
    why: str
    better: str
    """What it should have said instead."""
    tactic: str | None = None
    """The tactic of `better`, where the controller knows it."""


class Completion(Frozen):
    """What follows a prefix."""

    turns: tuple[TrajectoryTurn, ...]
    """The user's answer to the replacement first; speakers alternate."""
    ended: bool
    """Whether the dialogue came to its end; False: it was stopped at the cap."""


@dataclass(frozen=True)
class Prefix:
    """A dialogue up to and with the replacement: all that a forward model knows."""

    system: str | None
    meta: dict[str, MetaValue]
    """What was known before the first turn: problem type, situation, scenario; nothing about how the
    original dialogue went on, and nothing about what kind of person its user was."""
    turns: tuple[TrajectoryTurn, ...]
    room: int
    """Most turns that may follow, of both sides together."""
    parent: str
    """Id of the original, so that a model that learns from examples can leave that one out."""


@dataclass(frozen=True)
class Step:
    """One step of one regeneration: where its randomness comes from, where its calls are accounted."""

    seed: Seed
    ledger: Ledger = field(default_factory=Ledger)

    def stream(self, *purpose: str | int) -> random.Random:
        """Return a fresh generator for a purpose."""
        return self.seed.stream("hindsight", *purpose)

    def number(self, *purpose: str | int) -> int:
        """Return a number for a purpose."""
        return self.seed.number("hindsight", *purpose)


class DiscardedError(Exception):
    """A suggestion or a dialogue is not usable; the message is the reason it is counted under."""


class Controller(Protocol):
    """Names what the agent should have said, knowing how the dialogue went on."""

    name: str

    async def review(self, dialogue: Trajectory, step: Step) -> Sequence[Suggestion]:
        """Return up to `PLACES` places, most important first.

        Raises:
            ProtocolError: a model gave no usable answer.

        """
        ...


class ForwardModel(Protocol):
    """Completes a dialogue, both sides of it, in the style of the data."""

    name: str

    async def complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        """Go on from a prefix to the dialogue's end, at most `prefix.room` turns.

        With `hard`, as the dialogues with the lowest rewards would go on.

        Raises:
            ProtocolError: a model gave no usable answer.
            DiscardedError: no completion came of it.

        """
        ...


class RewardModel(Protocol):
    """Says what a dialogue was worth, from what was said in it."""

    name: str

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return the reward; the dialogue's own stands at 0.

        Raises:
            ProtocolError: a model gave no usable answer.
            DiscardedError: the dialogue has no reward, for example because it is unfinished.

        """
        ...
