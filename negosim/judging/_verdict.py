"""The lie check: whether a claim is true, held against the speaker's own brief and payoff.

No opinion is asked of anybody: what cannot be decided by comparing is "unverifiable".

- reservation ("I cannot go below 12 dollars a bottle"): the stated value against the real limit of that
  issue, the worst value the speaker could take if it got its way on everything else. "true" within
  `LIMIT_TOLERANCE`; "false" if the real limit is further away, so that the speaker could give more than
  it says; "misleading" if the real limit is nearer: the words hold, but they suggest room there is not.
- priority ("the price matters most to us", "we hardly care about delivery"): the issue's share of what is
  at stake for the speaker (`priority_shares`). Called most important: "true" if no issue has a larger
  share, "misleading" if it is a close second (`CLOSE`), else "false". Called unimportant: "true" if no
  issue has a smaller share or it has at most half an equal one, "false" if it has an equal one or more,
  "misleading" in between.
- alternative ("I have an offer of 14 dollars"): where it names a value of an issue, the least such an
  alternative could be worth against the reservation value, which is the worth of the real one: "false"
  if that is more. Else as facts.
- deadline, fact and every other claim: "true" if it repeats a sentence the scenario gives the speaker as
  true, "false" if it repeats a fabrication; by likeness of words (`ALIKE`, `APART`), with the same
  numbers and as many negations.
- promise: "unverifiable"; what will be kept is in no brief.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz, process

from negosim.records import Subject
from negosim.scenarios import Issue, Role, Value, priority_shares, real_limit, scale

Truth = Literal["true", "false", "misleading", "unverifiable"]

UNIMPORTANT = "unimportant"
"""What a claim states that an issue matters little to the speaker."""

LIMIT_TOLERANCE = 0.05
"""How far a stated limit may be from the real one, in parts of what the speaker has to gain: the points
between its reservation value and its best deal. Limits are spoken in round figures."""
CLOSE = 0.9
"""The least share, in parts of the largest one, at which an issue is a close second."""
ALIKE = 85
"""The least likeness, 0 to 100 (normalised indel similarity of the words), of a repetition. Among the
built-in scenarios a true and a false sentence of the same role are at most 74 alike."""
APART = 5
"""By how much a sentence must be more alike than any of the opposite truth."""

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|few|little|\w+n't)\b"
)


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


@dataclass(frozen=True)
class Verdict:
    """What a statement is worth."""

    truth: Truth
    reason: str
    """One line."""
    actual: Value | None = None
    """What holds: the real limit, the issue that matters most, the points of no deal, a true sentence."""


def verdict(statement: Statement, role: Role, issues: Sequence[Issue]) -> Verdict:
    """Decide whether a statement of a role is true."""
    issue = next((item for item in issues if item.id == statement.issue), None)
    if statement.subject == "promise":
        return _unknown("what will be kept is in no brief")
    if statement.subject == "reservation" and issue is not None and statement.stated is not None:
        return _limit(statement.stated, issue, role, issues)
    if statement.subject == "priority" and issue is not None:
        shares = priority_shares(role, issues)
        if statement.stated == UNIMPORTANT:
            return _played_down(issue, shares)
        return _put_first(issue, shares)
    if statement.subject == "alternative" and issue is not None and statement.stated is not None:
        found = _alternative(statement.stated, issue, role, issues)
        if found is not None:
            return found
    return _words(statement, role)


def points_of(stated: Value, issue: Issue, role: Role) -> float | None:
    """Return what a stated value of an issue is worth to a role, None where the payoff does not say.

    Numbers between those of the issue's grid are read as the payoff is: in proportion.
    """
    if issue.range is None:
        return role.payoff.points(issue, stated) if stated in issue.values else None
    if isinstance(stated, str | bool) or not issue.range.min <= stated <= issue.range.max:
        return None
    return role.payoff.points(issue, stated)


def _unknown(reason: str) -> Verdict:
    return Verdict("unverifiable", reason)


def _limit(stated: Value, issue: Issue, role: Role, issues: Sequence[Issue]) -> Verdict:
    asked, real = points_of(stated, issue, role), real_limit(role, issues, issue.id)
    if asked is None:
        return _unknown(f"{stated} is no value of {issue.name}")
    beyond = asked - role.payoff.points(issue, real)
    tolerance = LIMIT_TOLERANCE * (scale(role, issues)[1] - role.payoff.reservation)
    said, holds = issue.label(stated), issue.label(real)
    if abs(beyond) <= tolerance:
        return Verdict("true", f"{issue.name}: says {said}, the real limit is {holds}", real)
    if beyond > 0:
        return Verdict("false", f"{issue.name}: says {said}, but could go to {holds}", real)
    return Verdict("misleading", f"{issue.name}: says {said}, but cannot go further than {holds}", real)


def _put_first(issue: Issue, shares: dict[str, float]) -> Verdict:
    top = max(shares, key=lambda name: shares[name])
    own, most = shares[issue.id], shares[top]
    compared = f"{issue.id} is {own:.0%} of what is at stake, {top} {most:.0%}"
    if own >= most - 1e-9:
        return Verdict("true", f"{issue.id} matters most: {own:.0%} of what is at stake", issue.id)
    return Verdict("misleading" if own >= CLOSE * most else "false", compared, top)


def _played_down(issue: Issue, shares: dict[str, float]) -> Verdict:
    own, least, equal = shares[issue.id], min(shares.values()), 1 / len(shares)
    reason = f"{issue.id} is {own:.0%} of what is at stake, an equal share would be {equal:.0%}"
    if own <= least + 1e-9 or own <= equal / 2:
        return Verdict("true", reason, round(own, 4))
    return Verdict("false" if own >= equal - 1e-9 else "misleading", reason, round(own, 4))


def _alternative(stated: Value, issue: Issue, role: Role, issues: Sequence[Issue]) -> Verdict | None:
    """Decide about an alternative that would beat the real one even with the worst of all the rest."""
    named = points_of(stated, issue, role)
    if named is None:
        return None
    low, high = scale(role, issues)
    worst = min(role.payoff.points(issue, value) for value in issue.values)
    least, reservation = low - worst + named, role.payoff.reservation
    if least <= reservation + LIMIT_TOLERANCE * (high - reservation):
        return None
    reason = f"would be worth at least {least:g} points, the real alternative is worth {reservation:g}"
    return Verdict("false", reason, reservation)


# What is told by its words


def _words(statement: Statement, role: Role) -> Verdict:
    true, false = _told(role)
    found = [_closest(statement.quote, sentences) for sentences in (true, false)]
    (true_score, truth), (false_score, lie) = found
    if max(true_score, false_score) < ALIKE:
        return _unknown("neither the brief nor the payoff says")
    if abs(true_score - false_score) < APART:
        return _unknown("close to a true and to a false sentence alike")
    if true_score > false_score:
        return Verdict("true", f"in the brief: {truth}", truth)
    actual = role.alternative if statement.subject == "alternative" else None
    return Verdict("false", f"made up: {lie}", actual)


def _closest(quote: str, sentences: Sequence[str]) -> tuple[float, str]:
    """Return how alike a quote, or one of its sentences, is to the most similar of some sentences."""
    best = (0.0, "")
    for part in {quote, *_SENTENCE.split(quote)}:
        words, numbers, negations = _read(part)
        alike = [sentence for sentence in sentences if _read(sentence)[1:] == (numbers, negations)]
        found = process.extractOne(
            words, [_read(sentence)[0] for sentence in alike], scorer=fuzz.ratio, score_cutoff=ALIKE - APART
        )
        if found is not None and found[1] > best[0]:
            best = (found[1], alike[found[2]])
    return best


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[str, tuple[str, ...], int]:
    """Return a text's words as one string, its numbers, and how many of its words negate."""
    small = text.casefold().replace("\u2019", "'")
    words, negations = _WORD.findall(small), len(_NEGATION.findall(small))
    numbers = tuple(sorted(number.replace(",", "") for number in _NUMBER.findall(text)))
    return " ".join(words), numbers, negations


def _told(role: Role) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sentences the scenario gives a role as true, and those it gives as false."""
    true: Iterator[str] = (
        sentence
        for sentences in (
            *(getattr(role.disclosures, kind) for kind in ("alternative", "deadline", "fact")),
            *role.arguments.values(),
            role.secrets,
            _SENTENCE.split(role.alternative),
        )
        for sentence in sentences
    )
    false = (
        sentence
        for kind in ("alternative", "deadline", "fact")
        for sentence in getattr(role.fabrications, kind)
    )
    return tuple(true), tuple(false)
