"""Training dialogue agents: trajectories, simulated users, offline RL. Importing this loads no torch."""

from negosim.rl._card import Card, Drops, Origin, RewardSummary
from negosim.rl._export import Exported, export
from negosim.rl._io import read_card, read_trajectories, write_trajectories
from negosim.rl._trajectory import Role, Split, Trajectory, TrajectoryTurn, merge_turns
from negosim.rl.sources import detect, prepare
from negosim.rl.tasks import run_chat_episodes, run_episode, run_episodes, sim_agent, sim_users, simulate

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
    "detect",
    "export",
    "merge_turns",
    "prepare",
    "read_card",
    "read_trajectories",
    "run_chat_episodes",
    "run_episode",
    "run_episodes",
    "sim_agent",
    "sim_users",
    "simulate",
    "write_trajectories",
]
