"""The two tasks of the hindsight work, donation and emotional support, with their simulated users."""

from negosim.rl.tasks._chat_user import ChatUser, run_chat_episodes
from negosim.rl.tasks._episode import (
    Agent,
    BatchAgent,
    answered,
    run_episode,
    run_episodes,
    spoken,
    trajectory_of,
)
from negosim.rl.tasks._task import DONATION, SUPPORT, TASKS, Task, strategies_of, task_named
from negosim.rl.tasks._user import User
from negosim.rl.tasks._users import APART, persona_names, sim_agent, sim_user, sim_users, simulate

__all__ = [
    "APART",
    "DONATION",
    "SUPPORT",
    "TASKS",
    "Agent",
    "BatchAgent",
    "ChatUser",
    "Task",
    "User",
    "answered",
    "persona_names",
    "run_chat_episodes",
    "run_episode",
    "run_episodes",
    "sim_agent",
    "sim_user",
    "sim_users",
    "simulate",
    "spoken",
    "strategies_of",
    "task_named",
    "trajectory_of",
]
