"""Agents that the caller gives as Python objects, in place of names in the configuration."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from negosim.agents import Agent, AgentContext, AgentFactory
from negosim.config import RunConfig
from negosim.errors import UserError

GivenAgent: TypeAlias = Agent | Callable[[AgentContext], Agent]
"""An agent, or what makes one for each dialogue and role."""

OBJECT = "python:"
"""What the name of an agent given as an object begins with in the configuration."""


def given_agents(
    config: RunConfig, agents: Sequence[GivenAgent | None]
) -> tuple[RunConfig, dict[str, AgentFactory]]:
    """Return the configuration with names for agents that are given, and how each is made, by name.

    Raises:
        UserError: they do not fit the models that the configuration names.

    """
    if not agents:
        return config, {}
    if len(config.models) not in (1, len(agents)):
        raise UserError(
            f"{len(agents)} agents do not fit {len(config.models)} models; give as many, or one model"
        )
    models = config.models if len(config.models) == len(agents) else config.models * len(agents)
    made: dict[str, AgentFactory] = {}
    names: list[str] = []
    known: list[tuple[GivenAgent, str]] = []
    for agent, model in zip(agents, models, strict=True):
        name = model if agent is None else next((name for one, name in known if one is agent), None)
        if name is None:
            assert agent is not None
            name = _name(agent, made)
            made[name] = _factory(agent)
            known.append((agent, name))
        names.append(name)
    return config.model_copy(update={"models": tuple(names)}), made


def _name(agent: GivenAgent, taken: dict[str, AgentFactory]) -> str:
    """Return a name after the class or function; a second object of a class has a number."""
    named = agent if inspect.isclass(agent) or inspect.isfunction(agent) else type(agent)
    name = f"{OBJECT}{named.__module__}.{named.__qualname__}"
    number = sum(other == name or other.startswith(f"{name}#") for other in taken)
    return f"{name}#{number + 1}" if number else name


def _factory(agent: GivenAgent) -> AgentFactory:
    if isinstance(agent, Agent) and not inspect.isclass(agent):
        return AgentFactory(SharedAgent(agent))
    if not callable(agent):
        raise UserError(f"{agent!r} is no agent: it has no speak(), concluded() and model")
    return AgentFactory(agent)


@dataclass(frozen=True)
class SharedAgent:
    """One agent given as an object: it plays every dialogue."""

    agent: Agent

    def __call__(self, context: AgentContext) -> Agent:
        """Return the agent."""
        return self.agent
