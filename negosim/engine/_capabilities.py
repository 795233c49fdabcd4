"""Capabilities of agents, checked when a run is planned against what the planner needs."""

import inspect
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from negosim import registry
from negosim.agents import Agent, self_directed
from negosim.engine._planners import PlannerStage, planner_of
from negosim.errors import UserError

if TYPE_CHECKING:
    from negosim.engine._plan import Plan

logger = logging.getLogger(__name__)

SPEAKS_ALONE = "direct"
"""The planner for agents that only speak."""


def check_agents(plan: "Plan") -> None:
    """Make every agent of a plan once and hold it against what the planner needs.

    Raises:
        UserError: an agent cannot be made, is none, or lacks what the planner needs.

    """
    checked: set[tuple[str, str, int]] = set()
    remarks: dict[str, None] = {}
    for job in plan.jobs:
        for role, name in enumerate(job.models):
            if name in plan.agents and (name, job.scenario, role) not in checked:
                checked.add((name, job.scenario, role))
                side = plan.side(job, role)
                check_agent(name, plan.agent(name, side), plan)
                remarks[plan.agents[name].remarks(side)] = None
    for remark in filter(None, remarks):
        logger.warning("%s", remark)


def check_agent(name: str, agent: Agent, plan: "Plan") -> None:
    """Hold one agent against the protocol and the planner's needs.

    Raises:
        UserError: it does not fit; says what it lacks.

    """
    if wrong := _lacking(agent, Agent):
        raise UserError(f"{name} is no agent: it lacks {wrong}; see negosim.agents.Agent")
    if self_directed(agent):
        return
    planner = plan.config.planner
    for stage in plan.planner.chain(plan.config.calls):
        if wrong := lacking_for(agent, stage):
            raise UserError(
                f"{name} lacks {wrong}, which planner {planner!r} needs to {stage.name}; "
                f"use --planner {' or '.join(_fitting(agent, plan)) or SPEAKS_ALONE}, or give the agent "
                "that capability"
            )


def _fitting(agent: Agent, plan: "Plan") -> list[str]:
    """Return the planners that an agent can take."""
    fitting = []
    for name in registry.plugins("planners"):
        with suppress(UserError):  # one that cannot be loaded is named by `negosim plugins`
            stages = planner_of(name).chain(plan.config.calls)
            fitting += [name] if not any(lacking_for(agent, stage) for stage in stages) else []
    return sorted(fitting)


def lacking_for(agent: object, stage: PlannerStage) -> str:
    """Return what an agent lacks to take a stage, "" where it can."""
    needs = stage.needs if isinstance(stage.needs, tuple) else (stage.needs,) if stage.needs else ()
    lacks = [_lacking(agent, protocol) for protocol in needs]
    return "" if not all(lacks) else " or ".join(lacks)


def _lacking(agent: object, protocol: type) -> str:
    """Return what a protocol asks for and an object has not, "" where it fits."""
    methods = [name for name, member in vars(protocol).items() if inspect.isfunction(member)]
    methods = [name for name in methods if not name.startswith("_")]
    missing = [f"{name}()" for name in methods if not callable(getattr(agent, name, None))]
    missing += [name for name in getattr(protocol, "__annotations__", {}) if not hasattr(agent, name)]
    if missing:
        return " and ".join(missing)
    plain = [name for name in methods if not inspect.iscoroutinefunction(getattr(agent, name))]
    return " and ".join(f"an async {name}() (it is a plain function)" for name in plain)
