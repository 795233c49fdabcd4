"""Counting what many dialogues come to, without keeping them."""

from dataclasses import dataclass, field

from negosim.records import Dialogue, StageAccount
from negosim.terminal.account import add_account, total_usd

Cell = tuple[str, str, tuple[str, ...]]
"""Scenario, condition, models by role: what a row of the summary is about."""


@dataclass
class Count:
    """What some dialogues came to."""

    done: int = 0
    failed: int = 0
    through_provider: int = 0
    """Of those that failed: because the provider did."""
    agreed: int = 0
    unknown: int = 0
    inapplicable: int = 0
    """Dialogues in which nothing was to be agreed on."""
    joint: float = 0.0
    """Sum of the joint values of agreements."""
    valued: int = 0
    """Agreements of which is known what they are worth."""
    turns: int = 0
    """Utterances of the dialogues that did not fail."""
    calls: int = 0
    tokens: int = 0
    """In and out together."""
    usd: float | None = 0.0
    """None once a call had no known price."""

    def add(self, dialogue: Dialogue) -> None:
        """Count one dialogue."""
        self.done += 1
        self.calls += sum(row.calls for row in dialogue.account)
        self.tokens += sum(row.tokens_in + row.tokens_out for row in dialogue.account)
        usd = total_usd(dialogue.account)
        self.usd = None if self.usd is None or usd is None else self.usd + usd
        if dialogue.status == "failed":
            self.failed += 1
            self.through_provider += dialogue.failure is not None and dialogue.failure.through_provider
            return
        self.turns += len(dialogue.turns)
        self.unknown += dialogue.outcome.status == "unknown"
        self.inapplicable += dialogue.outcome.status == "not_applicable"
        if dialogue.outcome.status == "agreement":
            self.agreed += 1
            if dialogue.outcome.joint_value is not None:
                self.valued += 1
                self.joint += dialogue.outcome.joint_value

    @property
    def finished(self) -> int:
        """Dialogues that did not fail."""
        return self.done - self.failed

    @property
    def mean_joint(self) -> float | None:
        """Mean joint value of the agreements."""
        return self.joint / self.valued if self.valued else None

    @property
    def mean_turns(self) -> float | None:
        """Mean number of utterances of the dialogues that did not fail."""
        return self.turns / self.finished if self.finished else None


@dataclass
class Tally:
    """Counts by scenario, condition and models, and over all; what the calls used."""

    total: Count = field(default_factory=Count)
    cells: dict[Cell, Count] = field(default_factory=dict)
    account: dict[tuple[str, str], StageAccount] = field(default_factory=dict)
    """By stage and model."""

    def add(self, dialogue: Dialogue) -> None:
        """Count one dialogue."""
        self.total.add(dialogue)
        add_account(self.account, dialogue.account)
        cell = (dialogue.scenario, dialogue.condition.name, dialogue.models)
        self.cells.setdefault(cell, Count()).add(dialogue)
