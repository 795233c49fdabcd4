"""The records a dialogue leaves behind. Everything downstream reads these, never the engine."""

from negosim.records._dialogue import (
    SCHEMA_VERSION,
    SIMULATED,
    Call,
    Condition,
    Dialogue,
    End,
    Failure,
    Outcome,
    StageAccount,
    total_usd,
)
from negosim.records._judgement import (
    THIRD_PARTY,
    TRUTH,
    JudgedValue,
    Judgement,
    Sheet,
    Status,
    agent_perspective,
)
from negosim.records._measurement import Measurement
from negosim.records._schema import dialogue_schema
from negosim.records._turn import Action, Aside, Claim, Leaving, Rollout, Subject, Turn, Utterance, Vote

__all__ = [
    "SCHEMA_VERSION",
    "SIMULATED",
    "THIRD_PARTY",
    "TRUTH",
    "Action",
    "Aside",
    "Call",
    "Claim",
    "Condition",
    "Dialogue",
    "End",
    "Failure",
    "JudgedValue",
    "Judgement",
    "Leaving",
    "Measurement",
    "Outcome",
    "Rollout",
    "Sheet",
    "StageAccount",
    "Status",
    "Subject",
    "Turn",
    "Utterance",
    "Vote",
    "agent_perspective",
    "dialogue_schema",
    "total_usd",
]
