"""Training dialogue agents: trajectories, corpora, offline RL. Importing this loads no torch."""

from negosim.importing import Drops
from negosim.rl._card import Card, Origin, RewardSummary
from negosim.rl._export import Exported, export
from negosim.rl._io import read_card, read_trajectories, write_trajectories
from negosim.rl._simulate import imagine, imagined_run, simulate
from negosim.rl._trajectory import Role, Split, Trajectory, TrajectoryTurn, merge_turns
from negosim.rl.sources import prepare

__all__ = [
    "Card",
    "Drops",
    "Exported",
    "Origin",
    "RewardSummary",
    "Role",
    "Split",
    "Trajectory",
    "TrajectoryTurn",
    "export",
    "imagine",
    "imagined_run",
    "merge_turns",
    "prepare",
    "read_card",
    "read_trajectories",
    "simulate",
    "write_trajectories",
]
