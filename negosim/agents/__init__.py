"""Agents: what plays a role. Every kind answers the same six questions, each from a `View`."""

from negosim.agents._chat import ChatAgent, ChatJudge
from negosim.agents._protocol import Agent, Objective, RolloutJudge, Score, Speech, Thinking

__all__ = ["Agent", "ChatAgent", "ChatJudge", "Objective", "RolloutJudge", "Score", "Speech", "Thinking"]
