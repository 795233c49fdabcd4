"""One dialogue as offline RL sees it: turns of an agent and a user, and what it was worth."""

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from negosim._frozen import Frozen
from negosim.importing import SPLITS as SPLITS
from negosim.importing import Split as Split

Role = Literal["agent", "user"]
"""Who speaks: the agent, whose behaviour is learnt, or the user it talks to."""


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


Reward = Annotated[float, AfterValidator(_finite)]

MetaValue = str | int | float | bool | None


class TrajectoryTurn(Frozen):
    """What one side said before the other spoke again."""

    role: Role
    text: Annotated[str, Field(min_length=1)]
    tactic: str | None = None
    """The tactic used, where it is known; several, as in merged turns, are joined with "+"."""
    reward: Reward = 0.0
    """What this turn earned by itself; the trajectory's own reward comes on top, at the end."""


class Trajectory(Frozen):
    """One dialogue with its reward.

    Speakers alternate: consecutive turns of one speaker are merged before. Either side may begin, and
    the agent speaks at least once.
    """

    id: str
    source: str
    """The set it is from and its id there: "persuasion-for-good/20180904-045349_715_live"."""
    split: Split = "train"
    system: str | None = None
    """Context shown to the policy before the first turn: the task, the agent's own brief."""
    turns: Annotated[tuple[TrajectoryTurn, ...], Field(min_length=1)]
    reward: Reward
    """Of the whole dialogue, due at its end; rewards of single turns are not in it."""
    terminal: bool = True
    """Whether the dialogue came to its end. False: it was cut off, and what was still to come is unknown."""
    ancestry: dict[str, Any] | None = None
    """For a product of hindsight regeneration: parent, turn, suggestion, models."""
    meta: dict[str, MetaValue] = Field(default_factory=dict)
    """What else is known: task, persona, problem type."""

    @model_validator(mode="after")
    def _speakers_alternate(self) -> "Trajectory":
        for number, (before, turn) in enumerate(pairwise(self.turns), 2):
            if before.role == turn.role:
                raise ValueError(f"turns {number - 1} and {number} are both the {turn.role}'s; merge them")
        if all(turn.role == "user" for turn in self.turns):
            raise ValueError("the agent never speaks; there is nothing to learn from")
        return self

    @property
    def agent_turns(self) -> tuple[TrajectoryTurn, ...]:
        """The turns of the agent, in order."""
        return tuple(turn for turn in self.turns if turn.role == "agent")

    @property
    def total_reward(self) -> float:
        """The reward of the whole dialogue and of all its turns."""
        return self.reward + sum(turn.reward for turn in self.turns)


def merge_turns(turns: "list[TrajectoryTurn] | tuple[TrajectoryTurn, ...]") -> tuple[TrajectoryTurn, ...]:
    """Join consecutive turns of one speaker, so that speakers alternate.

    Texts are joined with a space (a newline would end the turn for models that stop at one), tactics
    with "+" in order of first use, rewards are summed.
    """
    merged: list[TrajectoryTurn] = []
    for turn in turns:
        if not merged or merged[-1].role != turn.role:
            merged.append(turn)
            continue
        before = merged.pop()
        tactics = dict.fromkeys(
            part for tactic in (before.tactic, turn.tactic) if tactic for part in tactic.split("+")
        )
        merged.append(
            TrajectoryTurn(
                role=turn.role,
                text=f"{before.text} {turn.text}",
                tactic="+".join(tactics) or None,
                reward=before.reward + turn.reward,
            )
        )
    return tuple(merged)
