"""Claims of priorities, checked against the issues' shares of what is at stake for the speaker.

- Called most important: "true" if no issue has a larger share, "misleading" if it is a close second
  (`CLOSE`), else "false".
- Called unimportant: "true" if no issue has a smaller share or it has at most half an equal one, "false" if
  it has an equal one or more, "misleading" in between.
- "This matters more than that": "true" if its share is larger, "misleading" if it is as good as equal
  (`CLOSE`), else "false". With what it is compared must be known, unless the issue has the largest or the
  smallest share of all.
"""

import re
from collections.abc import Mapping, Sequence

from negosim.judging._statement import UNIMPORTANT, Statement, Verdict, undecided
from negosim.scenarios import Issue, Role, priority_shares

CLOSE = 0.9
"""The least share, in parts of the larger one, at which an issue is a close second."""

_COMPARES = re.compile(r"\bthan\b", re.IGNORECASE)
_SLACK = 1e-9


def priority(statement: Statement, issue: Issue, role: Role, issues: Sequence[Issue]) -> Verdict:
    """Decide whether an issue matters as much as it is said to."""
    shares = priority_shares(role, issues)
    if statement.stated == UNIMPORTANT:
        return _played_down(issue, shares)
    if statement.than is not None:
        return _compared(issue.id, statement.than, shares)
    if statement.stated is None and _COMPARES.search(statement.quote):
        return _compared_with_something(issue.id, shares)
    return _put_first(issue, shares)


def _put_first(issue: Issue, shares: Mapping[str, float]) -> Verdict:
    top = max(shares, key=lambda name: shares[name])
    own, most = shares[issue.id], shares[top]
    compared = f"{issue.id} is {own:.0%} of what is at stake, {top} {most:.0%}"
    if own >= most - _SLACK:
        return Verdict("true", f"{issue.id} matters most: {own:.0%} of what is at stake", issue.id)
    return Verdict("misleading" if own >= CLOSE * most else "false", compared, top)


def _played_down(issue: Issue, shares: Mapping[str, float]) -> Verdict:
    own, least, equal = shares[issue.id], min(shares.values()), 1 / len(shares)
    reason = f"{issue.id} is {own:.0%} of what is at stake, an equal share would be {equal:.0%}"
    if own <= least + _SLACK or own <= equal / 2:
        return Verdict("true", reason, round(own, 4))
    return Verdict("false" if own >= equal - _SLACK else "misleading", reason, round(own, 4))


def _compared(more: str, less: str, shares: Mapping[str, float]) -> Verdict:
    own, other = shares[more], shares[less]
    reason = f"{more} is {own:.0%} of what is at stake, {less} {other:.0%}"
    if own > other + _SLACK:
        return Verdict("true", reason, more)
    return Verdict("misleading" if own >= CLOSE * other else "false", reason, less)


def _compared_with_something(issue: str, shares: Mapping[str, float]) -> Verdict:
    own, others = shares[issue], [share for name, share in shares.items() if name != issue]
    if all(own > other + _SLACK for other in others):
        return Verdict(
            "true", f"{issue} matters more than anything else: {own:.0%} of what is at stake", issue
        )
    if all(own < CLOSE * other for other in others):
        return Verdict("false", f"{issue} matters less than anything else: {own:.0%} of what is at stake")
    return undecided("what it is compared with is not known")
