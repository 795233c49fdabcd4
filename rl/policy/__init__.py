"""Trained policies: speaking guided by Q values. Importing this package loads torch."""

from negosim.rl._extra import require_torch

require_torch()

from negosim.rl.training._policy_folder import PolicyCard, read_policy_card
from negosim.rl.policy._policy import Policy, Prefix, Reply
from negosim.rl.policy._sampling import Sampling

__all__ = ["Policy", "PolicyCard", "Prefix", "Reply", "Sampling", "read_policy_card"]
