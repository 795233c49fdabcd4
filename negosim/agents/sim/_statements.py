"""What a role says about its own situation, and whether it is true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np

from negosim.agents.sim._deals import Deals
from negosim.agents.sim._persona import Persona
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


@dataclass(frozen=True)
class Limit:
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


def disclosure(side: Side, kind: Kind, *, true: bool, claims: Sequence[Claim], said: str, rng: Random) -> str | None:
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


def declared_priority(deals: Deals, persona: Persona, claims: Sequence[Claim], *, lying: bool) -> str:
    """Return the issue a role says matters most to it: what it said before, else its choice."""
    for made in claims:
        if made.subject == "priority" and made.issue is not None:
            return made.issue
    ranked = sorted(range(len(deals.ids)), key=lambda position: -deals.weights[position])
    if not lying or len(ranked) < 2:
        return deals.ids[ranked[0]]
    lesser = ranked[(len(ranked) + 1) // 2 :]
    return deals.ids[lesser[int(persona.decoy * len(lesser)) % len(lesser)]]


def limit_on(deals: Deals, issue: str, value: Value, others: Mapping[str, Value] | None) -> Limit | None:
    """Compare a value with the worst one the role could really take on that issue.

    Args:
        deals: the role's deals.
        issue: the issue spoken of.
        value: what the role would call its limit.
        others: the rest of the package the limit is meant for; None: the best for the role.

    Returns:
        The limit, None where `value` is no more than the truth, or the truth is no limit at all.

    """
    position = deals.index[issue]
    points = deals.points[position]
    rest = sum(
        float(deals.points[other].max())
        if others is None
        else deals.own_points(deals.ids[other], others[deals.ids[other]])
        for other in range(len(deals.ids))
        if other != position
    )
    enough = np.flatnonzero(points + rest >= deals.reservation - 1e-9)
    if not len(enough):
        return None
    worst = int(enough[points[enough].argmin()])
    actual = deals.issues[position].values[worst]
    return Limit(issue, value, actual)
