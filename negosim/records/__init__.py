"""The records a dialogue leaves behind. Everything downstream reads these, never the engine."""

from negosim.records._dialogue import (
    SCHEMA_VERSION,
    Call,
    Condition,
    Dialogue,
    End,
    Failure,
    Outcome,
    StageAccount,
)
from negosim.records._turn import Action, Claim, Rollout, Subject, Turn, Utterance, Vote

__all__ = [
    "SCHEMA_VERSION",
    "Action",
    "Call",
    "Claim",
    "Condition",
    "Dialogue",
    "End",
    "Failure",
    "Outcome",
    "Rollout",
    "StageAccount",
    "Subject",
    "Turn",
    "Utterance",
    "Vote",
]
