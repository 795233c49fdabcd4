"""Measuring agents on simulated users: the same users for every agent. Importing this loads no torch."""

from negosim.rl.evaluation._agents import ChatAgent, Contender, HabitAgent, open_agents
from negosim.rl.evaluation._evaluate import Evaluated, evaluate, evaluation_users
from negosim.rl.evaluation._measure import Evaluation, Result, measure
from negosim.rl.evaluation._play import Failed, Played, play
from negosim.rl.evaluation._tables import evaluation_report, evaluation_tables, notes_of, write_csv

__all__ = [
    "ChatAgent",
    "Contender",
    "Evaluated",
    "Evaluation",
    "Failed",
    "HabitAgent",
    "Played",
    "Result",
    "evaluate",
    "evaluation_report",
    "evaluation_tables",
    "evaluation_users",
    "measure",
    "notes_of",
    "open_agents",
    "play",
    "write_csv",
]
