"""Claims with known truth: the committed ones, and sets of the same form from elsewhere."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negosim.judging import UNIMPORTANT, Statement
from negosim.scenarios import Role, Scenario, load_scenario

HERE = Path(__file__).parent
COMMITTED = HERE / "claims.jsonl"
SHARED = HERE.parent.parent.parent / "shared" / "data" / "claims" / "claims.jsonl"
"""A set that other people made; not always there."""


@dataclass(frozen=True)
class Known:
    """A claim, who makes it, and what it is worth."""

    id: str
    scenario: Scenario
    role: Role
    statement: Statement
    truth: str
    accepted: tuple[str, ...]
    """Verdicts that a fair reading allows."""
    kind: str

    @property
    def by_words(self) -> bool:
        """Whether it is held against the brief and not the payoff."""
        return self.statement.subject in ("alternative", "deadline", "fact")


def known_claims(place: Path = COMMITTED) -> Sequence[Known]:
    """Return the claims of a file; statements about the other side, which are no claims, are left out."""
    rows = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]
    return [_known(row) for row in rows if row["subject"] is not None]


def _known(row: dict[str, Any]) -> Known:
    scenario = load_scenario(row["scenario"])
    role = next(role for role in scenario.roles if role.id == row["role"])
    stated = row["stated"]
    if row["subject"] == "priority":
        stated = {"most": row["issue"], "least": UNIMPORTANT, None: None}[stated]
    package = row["package"] if row["package_in"] in ("words", "table") else None
    statement = Statement(
        row["subject"], row["quote"], row["issue"], stated, package or {}, utterance=row["utterance"]
    )
    accepted = tuple(row.get("accept") or [row["truth"]])
    return Known(row["id"], scenario, role, statement, row["truth"], accepted, row["kind"])
