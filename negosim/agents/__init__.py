"""Agents: what plays a role. Every kind answers the same questions, each from a `View`."""

from negosim.agents._chat import ChatAgent, ChatJudge
from negosim.agents._policy import PolicyAgent
from negosim.agents._protocol import Agent, Belief, RolloutJudge, Score, Speech, Thinking

__all__ = [
    "Agent",
    "Belief",
    "ChatAgent",
    "ChatJudge",
    "PolicyAgent",
    "RolloutJudge",
    "Score",
    "Speech",
    "Thinking",
]
