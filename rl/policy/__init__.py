"""Trained policies: speaking guided by Q values. Importing this package loads torch."""

from negosim.rl import _needs_torch  # noqa: F401 (says what to install, first of all)
from negosim.rl.policy._batcher import BATCH, TurnBatcher
from negosim.rl.policy._policy import Policy, PolicyContext, PolicyReply
from negosim.rl.training.decoding import Sampling
from negosim.rl.training.policy_folder import PolicyCard, check_policy, read_policy_card

__all__ = [
    "BATCH",
    "Policy",
    "PolicyCard",
    "PolicyContext",
    "PolicyReply",
    "Sampling",
    "TurnBatcher",
    "check_policy",
    "read_policy_card",
]
