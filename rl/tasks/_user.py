"""What a user of a task is: it replies until it ends, and then the dialogue has a reward."""

from typing import Protocol

from negosim.agents.users import Reply, Transcript
from negosim.rl._trajectory import MetaValue


class Participant(Protocol):
    """Who a user is, however it answers."""

    @property
    def id(self) -> str:
        """Return a name that no other user of the same task has."""

    @property
    def kind(self) -> str:
        """Return the id of the task."""

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
