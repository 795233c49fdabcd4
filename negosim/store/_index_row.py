"""Row of a dialogue in the index of a run: header, outcome and account."""

from typing import Any

from pydantic import ConfigDict

from negosim._frozen import Frozen
from negosim.records import Claim, Condition, Outcome, StageAccount, total_usd


class _IndexPart(Frozen):
    model_config = ConfigDict(extra="ignore")


class _Turn(_IndexPart):
    claims: tuple[Claim, ...] = ()


class IndexedPart(_IndexPart):
    """What of a stored dialogue the index has."""

    id: str
    scenario: str
    index: int
    condition: Condition
    models: tuple[str, ...]
    status: str
    end: str
    turns: tuple[_Turn, ...]
    outcome: Outcome
    account: tuple[StageAccount, ...] = ()
    seconds: float = 0.0


def row_of(found: IndexedPart) -> dict[str, Any]:
    """Return the columns that tables of dialogues show."""
    outcome, account = found.outcome, found.account
    claims = [claim for turn in found.turns for claim in turn.claims]
    row: dict[str, Any] = {
        "scenario": found.scenario,
        "condition": found.condition.name,
        "index": found.index,
        "models": list(found.models),
        "status": found.status,
        "end": found.end,
        "outcome": outcome.status,
        "turns": len(found.turns),
        "joint_value": outcome.joint_value,
        "pareto_distance": outcome.pareto_distance,
        "nash_ratio": outcome.nash_ratio,
        "false_claims": sum(not claim.true for claim in claims) if claims else None,
        "calls": sum(stage.calls for stage in account),
        "tokens_in": sum(stage.tokens_in for stage in account),
        "tokens_out": sum(stage.tokens_out for stage in account),
        "usd": total_usd(stage.usd for stage in account),
        "seconds": found.seconds,
    }
    for role, value in enumerate(outcome.values or ()):
        row[f"value_{role + 1}"] = value
    for role, reward in enumerate(outcome.rewards or ()):
        row[f"reward_{role + 1}"] = reward
    return row
