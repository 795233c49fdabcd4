"""Hindsight regeneration: growing a set of dialogues by what the agent should have said.

A controller reads a finished dialogue and names where the agent should have spoken otherwise; a forward
model goes on from there; a reward model says what the new dialogue was worth.
"""

from negosim.rl.hindsight._match import THRESHOLD, quoted_turn
from negosim.rl.hindsight._progress import progress_path
from negosim.rl.hindsight._protocol import (
    BOTTOM,
    HARD_SHARE,
    PLACES,
    Completion,
    Controller,
    DiscardedError,
    ForwardModel,
    Prefix,
    RewardModel,
    Step,
    Suggestion,
)
from negosim.rl.hindsight._regenerate import regenerate, regenerate_async

__all__ = [
    "BOTTOM",
    "HARD_SHARE",
    "PLACES",
    "THRESHOLD",
    "Completion",
    "Controller",
    "DiscardedError",
    "ForwardModel",
    "Prefix",
    "RewardModel",
    "Step",
    "Suggestion",
    "progress_path",
    "quoted_turn",
    "regenerate",
    "regenerate_async",
]
