"""Transcripts as simulated users and the agents that talk with them see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Speaker = Literal["agent", "user"]
"""Who speaks: the one whose behaviour is at issue, or the user it talks to."""


class SpokenTurn(Protocol):
    """One turn: whose it is ("agent" or "user"), and its words."""

    @property
    def role(self) -> Speaker:
        """Return "agent" or "user"."""

    @property
    def text(self) -> str:
        """Return the words."""


@dataclass(frozen=True)
class Line:
    """One turn, in its plainest form."""

    role: Speaker
    text: str


@dataclass(frozen=True)
class Transcript:
    """A dialogue so far."""

    id: str
    """Of the dialogue; agents derive their randomness from it."""
    system: str | None
    """What the agent was told; users do not read it."""
    turns: Sequence[SpokenTurn] = ()

    def texts(self, role: str) -> list[str]:
        """Return what one side said."""
        return [turn.text for turn in self.turns if turn.role == role]
