"""The lie check: whether a claim is true, held against the speaker's own brief and payoff.

No opinion is asked of anybody: what cannot be decided by comparing is "unverifiable".

- reservation ("I cannot go below 12 dollars a bottle"): package arithmetic, `_limits.py`.
- priority ("the price matters most to us"): shares of what is at stake, `_priorities.py`.
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
from functools import lru_cache

from rapidfuzz import fuzz, process

from negosim.judging._limits import LIMIT_TOLERANCE, limit, points_of
from negosim.judging._priorities import priority
from negosim.judging._statement import NOWHERE, Situation, Statement, Verdict, undecided
from negosim.scenarios import Issue, Role, Value, scale

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


def verdict(
    statement: Statement, role: Role, issues: Sequence[Issue], situation: Situation = NOWHERE
) -> Verdict:
    """Decide whether a statement of a role is true.

    Args:
        statement: what was claimed.
        role: the speaker's, with its brief and payoff.
        issues: those of the scenario.
        situation: what was on the table, and what the speaker agreed to later.

    """
    issue = next((item for item in issues if item.id == statement.issue), None)
    if statement.subject == "promise":
        return undecided("what will be kept is in no brief")
    if statement.subject == "reservation" and issue is not None and statement.stated is not None:
        return limit(statement, situation, role, issues)
    if statement.subject == "priority" and issue is not None:
        return priority(statement, issue, role, issues)
    if statement.subject == "alternative" and issue is not None and statement.stated is not None:
        found = _alternative(statement.stated, issue, role, issues)
        if found is not None:
            return found
    return _words(statement, role)


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
        return undecided("neither the brief nor the payoff says")
    if abs(true_score - false_score) < APART:
        return undecided("close to a true and to a false sentence alike")
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
