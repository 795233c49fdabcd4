"""The protocol every agent and every rollout judge follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from negosim.config import Objective
from negosim.records import Claim, Rollout, Utterance
from negosim.scenarios import Role
from negosim.views import View


class Speech(NamedTuple):
    """An utterance with what the speaker alone knows about it."""

    utterance: Utterance
    claims: tuple[Claim, ...] = ()
    tactic: str | None = None
    """The tactic used, where the agent chose one itself (planners without rollouts)."""
    reflection: str | None = None
    """The thought behind it, where one answer gave both."""


@dataclass(frozen=True)
class Thinking:
    """What comes before speaking, where it is asked for at once."""

    reflection: str
    rollouts: tuple[Rollout, ...]


@dataclass(frozen=True)
class Belief:
    """What an agent privately believes about another role."""

    reservation: float
    """Where the other's reservation value lies on the other's own scale: 0 its worst deal, 1 its best."""
    priorities: Mapping[str, float]
    """By issue: its share of what matters to the other; the shares add up to 1."""


class Agent(Protocol):
    """What plays a role: a chat model or the simulated negotiator.

    An agent keeps no state of its own between calls: everything it may use is in the view, so a
    dialogue can be continued from its record.

    Every method raises `ProtocolError` when no usable answer could be had and `ModelError` when the
    provider failed.
    """

    model: str
    """How records name it: "sim", "openai:gpt-4o-mini"."""

    async def reflect(self, view: View) -> str:
        """Think privately in two or three sentences: the opening plan, or how it is going."""
        ...

    async def choose_tactics(self, view: View, k: int) -> Sequence[str]:
        """Choose `k` different tactics (ids) worth trying now; `view.reflection` is set."""
        ...

    async def rollout(self, view: View, tactic: str) -> Rollout:
        """Sketch an utterance that uses the tactic and the reply to expect."""
        ...

    async def think(self, view: View, k: int) -> Thinking:
        """Reflect, choose `k` different tactics and sketch a rollout for each, all at once."""
        ...

    async def speak(self, view: View) -> Speech:
        """Say the next public utterance; uses `view.reflection` and the chosen rollout where set."""
        ...

    async def consolidate(self, view: View) -> Utterance:
        """Vary how `view.draft` opens without changing what it means; the move stays the same."""
        ...

    async def concluded(self, view: View) -> bool:
        """Say whether the conversation with the other side is over."""
        ...

    async def believe(self, view: View, other: int, attempt: int = 0) -> Belief:
        """Say privately what the agent believes about the role at position `other`.

        Nothing is said in public and nothing is remembered. `attempt` tells repeated questions apart.
        """
        ...


class Score(NamedTuple):
    """A rollout judge's verdict on one candidate."""

    score: float
    """0 (worst) to 10 (best) on the objective."""
    reason: str


class RolloutJudge(Protocol):
    """What picks among an agent's candidates, on the agent's behalf."""

    model: str

    async def score(
        self, view: View, rollouts: Sequence[Rollout], objective: Objective, other_sides: Sequence[Role]
    ) -> Sequence[Score]:
        """Score each candidate.

        `other_sides` is empty in the `own` view (what the speaker knows). In the `oracle` view, for
        study, it has the other roles with their confidential parts.
        """
        ...
