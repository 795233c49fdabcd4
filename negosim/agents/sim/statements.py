"""A role's statements about its own situation, true and false."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from negosim.agents.sim.spelling import spoken, written
from negosim.records import Claim, Subject
from negosim.scenarios import Value
from negosim.views import OwnTurn, Side

Kind = Literal["priority", "reservation", "alternative", "deadline", "fact", "promise", "rumor"]
"""What a statement is about; a rumor and a promise are only ever made falsely."""

SUBJECTS: Mapping[Kind, Subject] = {
    "priority": "priority",
    "reservation": "reservation",
    "alternative": "alternative",
    "deadline": "deadline",
    "fact": "fact",
    "promise": "promise",
    "rumor": "fact",
}

TECHNIQUES: Mapping[Kind, str] = {
    "priority": "feigned-priority",
    "reservation": "bluff-reservation-value",
    "alternative": "false-alternative",
    "deadline": "false-deadline",
    "fact": "falsification",
    "promise": "false-promise",
    "rumor": "falsification",
}

DISCLOSED: tuple[Kind, ...] = ("alternative", "deadline", "fact")


@dataclass(frozen=True)
class Limit:
    """The worst value of an issue that a role says or knows it can take."""

    issue: str
    value: Value
    actual: Value


def claim(
    side: Side, kind: Kind, quote: str, *, true: bool, left_out: str | None = None, **details: Value | None
) -> Claim:
    """Make the record of a statement; a false one names its technique where the taxonomy has it."""
    technique = None
    if not true and side.techniques is not None and TECHNIQUES[kind] in side.techniques.by_id:
        technique = TECHNIQUES[kind]
    issue = details.get("issue")
    return Claim(
        subject=SUBJECTS[kind],
        quote=quote,
        stated=details.get("stated"),
        actual=details.get("actual"),
        true=true,
        issue=str(issue) if issue is not None else None,
        technique="paltering" if true and left_out is not None else technique,
        left_out=left_out,
    )


def omission(side: Side, kind: str, quote: str) -> Claim:
    """Make the record of a question about a role's situation that was turned aside.

    Nothing false is said; what is left out is the alternative, or the first true word about the time.
    """
    known = side.role.disclosures.deadline
    subject: Subject = "alternative" if kind == "alternative" else "deadline"
    left_out = side.role.alternative if kind == "alternative" else known[0] if known else None
    return Claim(subject=subject, quote=quote, true=True, technique="omission", left_out=left_out)


def past(own_turns: Sequence[OwnTurn]) -> list[Claim]:
    """Return what the role has claimed so far, oldest first."""
    return [made for turn in own_turns for made in turn.claims]


def disclosure(
    side: Side, kind: Kind, *, true: bool, claims: Sequence[Claim], said: str, rng: Random
) -> str | None:
    """Choose an unused sentence about an alternative, a deadline or a fact.

    A role that has once lied about such a thing does not tell the truth about it later, and the
    other way round: its story stays consistent.
    """
    subject = SUBJECTS[kind]
    if any(made.subject == subject and made.true != true for made in claims):
        return None
    source = side.role.disclosures if true else side.role.fabrications
    unused = [text for text in getattr(source, kind) if fresh(text, said)]
    return rng.choice(unused) if unused else None


def fresh(sentence: str, said: str) -> bool:
    """Return whether a scenario's sentence has not been said yet, in either way of writing it."""
    return spoken(sentence)[1:] not in said and written(sentence)[1:] not in said
