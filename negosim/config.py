"""What a run is made from: one resolved, immutable configuration."""

import os
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from negosim._frozen import Frozen
from negosim.agents import Objective
from negosim.plugins import anchored
from negosim.records import Condition

__all__ = ["SAFETY_STOP", "Calls", "JudgeView", "Planner", "RunConfig"]

Planner = Literal["rollout", "reflect", "direct"]
"""How a turn is thought through: best of K rollouts, a reflection alone, or one call."""

JudgeView = Literal["own", "oracle"]
"""What the rollout judge sees: the speaker's information only, or every brief (for study)."""

Calls = Literal["separate", "fused"]
"""Whether each stage is a call of its own, or reflection, tactics and rollouts are one, and votes are
asked for only when the conversation seems to end."""


def _whole(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


Reference = Annotated[str, AfterValidator(anchored)]
"""An id or a path; a path is kept whole, so that a run can be resumed from anywhere."""

SAFETY_STOP = 200
"""Utterances after which a dialogue of the unrestricted mode (`max_turns` 0) is stopped."""


class RunConfig(Frozen):
    """Everything that decides what a run's dialogues are."""

    scenarios: Annotated[tuple[Reference, ...], Field(min_length=1)]
    """Ids or paths."""
    dialogues: Annotated[int, Field(ge=1)] = 1
    """For each scenario, condition and assignment of models."""
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)] = (Condition(),)
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    models: Annotated[tuple[str, ...], Field(min_length=1)] = ("sim",)
    """One for all roles, or one for each role."""
    judge_model: str | None = None
    """The rollout judge's model; None: each speaker's own."""
    swap_roles: bool = False
    """Play every dialogue a second time with the models' roles exchanged."""
    planner: Planner = "rollout"
    k: Annotated[int, Field(ge=1)] = 3
    """Rollouts a turn."""
    calls: Calls = "separate"
    objective: Objective = "joint"
    judge_view: JudgeView = "own"
    max_turns: Annotated[int, Field(ge=0)] = 30
    """Cap on utterances; 0 is unrestricted up to `SAFETY_STOP`."""
    opener: str | None = None
    """Id of the role that speaks first; None: the scenario's own choice."""
    tactics: Reference = "persuasion"
    """Taxonomy the tactics come from."""
    techniques: Reference = "deception"
    """Taxonomy the deceptive condition shows to the reflection."""
    prompts: Annotated[str, AfterValidator(_whole)] | None = None
    """Folder of prompt templates that override the built-in ones."""
    concurrency: Annotated[int, Field(ge=1)] = 1
    """Dialogues at once; does not change what they say."""
