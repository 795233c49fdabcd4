"""Statements about the speaker's own side, what was on the table when they were made, and verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from negosim.records import Subject
from negosim.scenarios import Value

Truth = Literal["true", "false", "misleading", "unverifiable"]

Direction = Literal["at_most", "at_least"]
"""Which side of the stated value a limit rules out: what is above it, or what is below."""

UNIMPORTANT = "unimportant"
"""What a claim states that an issue matters little to the speaker."""


@dataclass(frozen=True)
class Statement:
    """What somebody claims about its own situation."""

    subject: Subject
    quote: str
    """The words."""
    issue: str | None = None
    """Id of the issue it is about, if it is about one."""
    stated: Value | None = None
    """The value it names of that issue; for a priority, `UNIMPORTANT` where it plays the issue down."""
    package: Mapping[str, Value] = field(default_factory=dict)
    """Values of other issues that a limit is said to hold for, by issue; empty where it names none."""
    direction: Direction | None = None
    """Of a limit, where the words say it."""
    than: str | None = None
    """For a priority that is a comparison, "price matters more than forms": id of the lesser issue."""
    utterance: str = ""
    """Everything that was said with it; empty: the quote alone is known."""
    unsure: bool = False
    """Whether the package was read with values that the words do not surely name, so that they are left
    open: the limit is false only if it is whatever they are."""


@dataclass(frozen=True)
class Situation:
    """What a statement was made in, as far as the public record shows it."""

    offer: Mapping[str, Value] = field(default_factory=dict)
    """The package that a limit is about when its words name none: the offer on the table, else the
    speaker's last, with what has been settled."""
    settled: Mapping[str, Value] = field(default_factory=dict)
    """What both sides have agreed on: it holds where a named package leaves an issue open."""
    later: tuple[Mapping[str, Value], ...] = ()
    """What the speaker goes on to offer or accept."""


NOWHERE = Situation()
"""Nothing is known of the table."""


@dataclass(frozen=True)
class Verdict:
    """What a statement is worth."""

    truth: Truth
    reason: str
    """One line."""
    actual: Value | None = None
    """What holds: the real limit, the issue that matters most, the points of no deal, a sentence."""
    open: bool = False
    """Whether rules about words alone decided, or could not: a model's second vote counts."""
    lean: float = 0.0
    """Where it is open: how much likelier the rules hold true than false, -1 to 1."""


def undecided(reason: str) -> Verdict:
    """Return the verdict that nothing decides."""
    return Verdict("unverifiable", reason)
