"""Training dialogue agents: trajectories, simulated users, offline RL. Importing this loads no torch."""

from negosim.rl._card import Card, Drops, Origin, RewardSummary
from negosim.rl._io import read_card, read_trajectories, write_trajectories
from negosim.rl._trajectory import Role, Split, Trajectory, TrajectoryTurn, merge_turns

__all__ = [
    "Card",
    "Drops",
    "Origin",
    "RewardSummary",
    "Role",
    "Split",
    "Trajectory",
    "TrajectoryTurn",
    "merge_turns",
    "read_card",
    "read_trajectories",
    "write_trajectories",
]
