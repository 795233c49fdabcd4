"""Capabilities of agents, checked when a run is planned against what the planner needs."""

import inspect
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from negosim import registry
from negosim.agents import Agent, Says, self_directed
from negosim.agents.users import acts_said
from negosim.engine._planners import PlannerStage, planner_of
from negosim.engine._steps import passes_by
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.records import SIMULATED
from negosim.taxonomies import list_taxonomies, load_taxonomy
from negosim.traits import NEGOTIATOR, has_effect

if TYPE_CHECKING:
    from negosim.engine._plan import Job, Plan

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
        remarks[_without_effect(plan, job)] = None
        remarks |= dict.fromkeys(_idle_traits(plan, job))
    remarks |= dict.fromkeys(_odd_tactics(plan))
    for remark in filter(None, remarks):
        logger.warning("%s", remark)


def _without_effect(plan: "Plan", job: "Job") -> str:
    """Say that nobody in a dialogue thinks by the planner, where it is one for chat models; else ""."""
    chain = plan.planner.chain(plan.config.calls)
    if not any(Says in _several(stage.needs) for stage in chain) or not plan.agents.keys() >= set(job.models):
        return ""
    agents = [plan.agent(name, plan.side(job, role)) for role, name in enumerate(job.models)]
    if not all(passes_by(agent, stage) for agent in agents for stage in chain):
        return ""
    who = " and ".join(dict.fromkeys(job.models))
    planner = plan.config.planner
    return f"planner {planner!r} changes nothing in {job.scenario!r}: {who} decides without one what to say"


def _idle_traits(plan: "Plan", job: "Job") -> Iterator[str]:
    """Yield of each trait of an embedded participant that it changes nothing of it."""
    for role, ids in enumerate(job.traits):
        name, side = job.models[role], plan.side(job, role)
        if not ids or name not in plan.agents or name in plan.through:
            continue
        kind = side.role.simulated if not side.issues else NEGOTIATOR
        if name.partition(":")[0] not in (SIMULATED, "user", "habit"):
            kind = None
        acts = [(tactic.id, tactic.family) for tactic in side.tactics.tactics] if side.issues else []
        for trait in side.traits:
            if not has_effect(trait, kind, acts or acts_said(side.role)):
                who = f"{side.role.name} in {job.scenario!r}"
                yield f"trait {trait.id!r} changes nothing of {who}, whom {name} plays"


def _odd_tactics(plan: "Plan") -> Iterator[str]:
    """Yield of each tactic that a trait favours and that is none."""
    if not any(trait.tactics for trait in plan.traits.values()):
        return
    names = _tactic_names(plan)
    for trait in plan.traits.values():
        for key in sorted(trait.tactics.keys() - names):
            hint = suggest(key, sorted(names))
            yield f"trait {trait.id!r} favours {key!r}, which is no tactic and no family of any; {hint}"


def _tactic_names(plan: "Plan") -> set[str]:
    """Return the ids and families of all tactics there are: in the run's taxonomies, and in others found."""
    found = [*plan.tactics.values()]
    for name in list_taxonomies():
        with suppress(UserError):  # one that cannot be loaded is named by `negosim taxonomies list`
            found.append(load_taxonomy(name))
    said = {
        act for scenario in plan.scenarios.values() for role in scenario.roles for act, _ in acts_said(role)
    }
    tactics = [tactic for taxonomy in found for tactic in taxonomy.tactics]
    return said | {name for tactic in tactics for name in (tactic.id, tactic.family) if name}


def _several(needs: type | tuple[type, ...] | None) -> tuple[type, ...]:
    return needs if isinstance(needs, tuple) else (needs,) if needs is not None else ()


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
    lacks = [_lacking(agent, protocol) for protocol in _several(stage.needs)]
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
