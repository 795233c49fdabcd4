"""Agents: what plays a role. Every kind answers the same questions, each from a `View`."""

from negosim.agents._chat import ChatAgent, ChatJudge
from negosim.agents._policy import POLICY, PolicyAgent
from negosim.agents._protocol import (
    Agent,
    AgentContext,
    AgentFactory,
    Answers,
    Asks,
    Belief,
    Believes,
    Consolidates,
    Reflects,
    RolloutJudge,
    RollsOut,
    Score,
    Speech,
    Thinking,
    Thinks,
    agent_factory,
    capable,
    self_directed,
)

__all__ = [
    "POLICY",
    "Agent",
    "AgentContext",
    "AgentFactory",
    "Answers",
    "Asks",
    "Belief",
    "Believes",
    "ChatAgent",
    "ChatJudge",
    "Consolidates",
    "PolicyAgent",
    "Reflects",
    "RolloutJudge",
    "RollsOut",
    "Score",
    "Speech",
    "Thinking",
    "Thinks",
    "agent_factory",
    "capable",
    "self_directed",
]
