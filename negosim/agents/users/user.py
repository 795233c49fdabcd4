"""A simulated user: a mind that hears the agent's turns and answers; its state follows from what it heard."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from negosim.agents.users.talk import Transcript

Fact = str | int | float | bool | None


@dataclass(frozen=True)
class UserReply:
    """What a user says, and whether it ends the dialogue with it."""

    text: str | None
    """None: the user leaves without a word."""
    end: bool = False


class Mind(Protocol):
    """The hidden state of one simulated user in one dialogue."""

    def open(self, rng: random.Random) -> str:
        """Say the first words."""

    def hear(self, text: str, rng: random.Random) -> UserReply:
        """Take in one turn of the agent and answer it."""

    def reward(self) -> float:
        """Return what the dialogue would be worth if it ended here."""

    def outlook(self) -> float:
        """Return how good a reward is in sight, from -1 (none at all) to 1 (the best there is).

        It tells apart what the reward does not yet: a user that is nearly won over gives nothing so far.
        """

    def answer(self, measure: str, *, before: bool) -> float | None:
        """Answer a measure by id, None where it means nothing to this mind.

        Args:
            measure: its id.
            before: whether it is asked before the first word.

        """

    def facts(self) -> dict[str, Fact]:
        """Return what is known of the user and the end."""


@dataclass
class SimUser:
    """An embedded simulated user: no language model, deterministic given its seed.

    What it does follows from its seed and the agent's turns alone. It may be given any transcript: one
    that goes on where the last one ended is heard from there, another from its beginning, so that a
    dialogue can be branched at any point.
    """

    kind: str
    """Which conversation it is for: "donation", "support"."""
    persona: str
    seed: int
    make: Callable[[random.Random], Mind]
    """Makes the mind as it is before the first word."""
    mind: Mind = field(init=False, repr=False)
    """Its state after the last transcript it was given."""
    _heard: list[str] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        self.mind = self._fresh()

    @property
    def id(self) -> str:
        """Conversation, persona and seed."""
        return f"{self.kind}-{self.persona.replace(' ', '-')}-{self.seed}"

    def reply(self, transcript: Transcript) -> UserReply:
        """Answer the last turn of the agent."""
        said = transcript.texts("agent")
        if said[: len(self._heard)] != self._heard or (said and len(said) == len(self._heard)):
            self.mind, self._heard = self._fresh(), []
        if not said:
            self.mind = self._fresh()
            return UserReply(self.mind.open(self._stream(0)))
        reply = UserReply(None)
        for text in said[len(self._heard) :]:
            self._heard.append(text)
            reply = self.mind.hear(text, self._stream(len(self._heard)))
        return reply

    def hear(self, transcript: Transcript) -> Mind:
        """Return its state after a transcript, whether or not the last turn was the agent's."""
        if transcript.texts("agent") != self._heard or not self._heard:
            self.reply(transcript)
        return self.mind

    def reward(self) -> float:
        """Return what the dialogue heard last was worth."""
        return self.mind.reward()

    def facts(self) -> dict[str, Fact]:
        """Return persona, seed, and what the mind knows."""
        return {"persona": self.persona, "user_seed": self.seed, **self.mind.facts()}

    def _fresh(self) -> Mind:
        return self.make(self._stream("mind"))

    def _stream(self, purpose: str | int) -> random.Random:
        return random.Random(f"{self.kind}/{self.persona}/{self.seed}/{purpose}")
