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
UNSEEN = HERE / "unseen.jsonl"
"""Written after the signs of the check by meaning were settled; its weights are not fitted to them."""
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
    package_in: str | None = None
    """Where the package of a limit is named: "words", "table" (the offer on it), "unnamed"."""

    @property
    def by_words(self) -> bool:
        """Whether it is held against the brief and not the payoff."""
        return self.statement.subject in ("alternative", "deadline", "fact")


def known_claims(place: Path = COMMITTED) -> Sequence[Known]:
    """Return the claims of a file; what is no claim about the speaker's own side is left out."""
    return [_known(row) for row in _rows(place) if row["subject"] is not None]


def claimless(place: Path = COMMITTED) -> Sequence[tuple[Scenario, Role, str]]:
    """Return the utterances of a file that claim nothing about the speaker's own side."""
    found = []
    for row in _rows(place):
        if row["subject"] is None:
            scenario = load_scenario(row["scenario"])
            found.append((scenario, _role(scenario, row), str(row["utterance"])))
    return found


def _rows(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def _role(scenario: Scenario, row: dict[str, Any]) -> Role:
    return next(role for role in scenario.roles if role.id == row["role"])


def _known(row: dict[str, Any]) -> Known:
    scenario = load_scenario(row["scenario"])
    role = _role(scenario, row)
    stated = row["stated"]
    if row["subject"] == "priority":
        stated = {"most": row["issue"], "least": UNIMPORTANT, None: None}[stated]
    package = row["package"] if row["package_in"] in ("words", "table") else None
    statement = Statement(
        row["subject"], row["quote"], row["issue"], stated, package or {}, utterance=row["utterance"]
    )
    accepted = tuple(row.get("accept") or [row["truth"]])
    return Known(row["id"], scenario, role, statement, row["truth"], accepted, row["kind"], row["package_in"])
