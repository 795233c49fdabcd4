"""What a role says about its own situation, and whether it is true."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal, NamedTuple

from negosim.agents.sim._words import spoken
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


class Limit(NamedTuple):
    """The worst value of an issue that a role says or knows it can take."""

    issue: str
    value: Value
    actual: Value


def claim(side: Side, kind: Kind, quote: str, *, true: bool, **details: Value | None) -> Claim:
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
        technique=technique,
    )


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
    unused = [sentence for sentence in map(spoken, getattr(source, kind)) if sentence[1:] not in said]
    return rng.choice(unused) if unused else None
