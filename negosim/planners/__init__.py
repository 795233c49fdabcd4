"""Planners: how a turn is thought through; one file each, brought by the entry point `negosim.planners`.

A planner of one's own is put together from the same parts: the stages here, or new ones.
"""

from negosim.engine import Planner, PlannerSettings, PlannerStage, StagePrompt, planner_of
from negosim.planners.stages import CONSOLIDATE, JUDGE, PLAN, REFLECTION, ROLLOUTS, SPEAK, TACTICS, THINK

__all__ = [
    "CONSOLIDATE",
    "JUDGE",
    "PLAN",
    "REFLECTION",
    "ROLLOUTS",
    "SPEAK",
    "TACTICS",
    "THINK",
    "Planner",
    "PlannerSettings",
    "PlannerStage",
    "StagePrompt",
    "planner_of",
]
