"""Agreement of what a role's brief says with its payoff: limits in numbers, and what matters most or least.

A heuristic for authors: it reads "up to $70 million", "from eighteen turbines up", "the price matters most"
where one issue can be meant, and holds it against the payoff. Limits that the brief makes depend on something
("only if") are left alone.
"""

import re
from collections.abc import Iterator, Sequence

from negosim._quantities import Quantity, quantities
from negosim.scenarios._issues import Issue
from negosim.scenarios._preferences import priority_shares, real_limit, scale
from negosim.scenarios._schema import Role, Scenario

TOLERANCE = 0.05
"""In parts of what a role has to gain: how far a limit in words may be from the payoff's."""
NEARLY = 0.9
"""The least share, in parts of the largest, of an issue that matters "almost as much"."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAUSE = re.compile(r"[;,:]\s+")
_CONDITION = re.compile(r"\b(?:only (?:if|for|with|when)|unless|except|provided)\b", re.IGNORECASE)
_UPPER = re.compile(r"\b(?:up to|at most|no more than|not more than|no longer than)\b", re.IGNORECASE)
_LOWER = re.compile(r"\b(?:at least|no less than|not less than|no fewer than|from\b.+\bup)\b", re.IGNORECASE)
_MOST = re.compile(
    r"\b(?:(?:counts|matters|cares? about|hardest|values?) most|comes first|first aim)\b", re.IGNORECASE
)
_LEAST = re.compile(
    r"\b(?:counts|matters|troubles|cares? about|interests)(?: you)? least\b|\bleast of all\b", re.IGNORECASE
)
_NEARLY = re.compile(r"\b(?:almost|nearly) as (?:much|important)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{4,}")


def disagreements(scenario: Scenario) -> list[str]:
    """Return where a role's brief and its payoff seem to say different things, in one line each."""
    return [
        f"{role.id}: {what}: {sentence.strip()!r}"
        for role in scenario.roles
        for text in (role.brief, *role.secrets)
        for sentence in _SENTENCE.split(text)
        for what in (*_limits(sentence, role, scenario.issues), *_priorities(sentence, role, scenario.issues))
    ]


def _limits(sentence: str, role: Role, issues: Sequence[Issue]) -> Iterator[str]:
    upper, lower = bool(_UPPER.search(sentence)), bool(_LOWER.search(sentence))
    if upper == lower or _CONDITION.search(sentence):
        return
    tolerance = TOLERANCE * (scale(role, issues)[1] - role.payoff.reservation)
    for quantity in quantities(sentence):
        meant = [(issue, value) for issue in issues for value in _values(issue, quantity)]
        if len(meant) != 1:
            continue
        issue, stated = meant[0]
        real = real_limit(role, issues, issue.id)
        beyond = float(real) > stated if upper else float(real) < stated
        given_up = role.payoff.points(issue, stated) - role.payoff.points(issue, real)
        if beyond and given_up > tolerance:
            ends = f"{issue.label(real)} on {issue.phrase}, the brief to {issue.label(stated)}"
            yield f"the payoff goes to {ends}"


def _values(issue: Issue, quantity: Quantity) -> Iterator[float]:
    """Yield the value of a numeric issue that a quantity names, if there is one."""
    for value in issue.values if issue.range is not None else ():
        said = quantities(issue.label(value))[:1]
        same = [(q.kind, q.thing) == (quantity.kind, quantity.thing) for q in said]
        if all(same) and said and abs(said[0].value - quantity.value) < 1e-6 * max(1.0, abs(quantity.value)):
            yield float(value)


def _priorities(sentence: str, role: Role, issues: Sequence[Issue]) -> Iterator[str]:
    shares = priority_shares(role, issues)
    for clause in _CLAUSE.split(sentence):
        meant = [issue for issue in issues if _named(issue, clause, issues)]
        if len(meant) != 1:
            continue
        issue, share = meant[0], shares[meant[0].id]
        says = f"the payoff gives {issue.phrase} {share:.0%} of what is at stake"
        if _MOST.search(clause) and share < max(shares.values()) - 1e-9:
            yield f"{says}, others up to {max(shares.values()):.0%}"
        elif _LEAST.search(clause) and share > min(shares.values()) + 1e-9:
            yield f"{says}, others down to {min(shares.values()):.0%}"
        elif _NEARLY.search(clause) and share < NEARLY * max(shares.values()):
            yield f"{says}, the most important one {max(shares.values()):.0%}"


def _named(issue: Issue, clause: str, issues: Sequence[Issue]) -> bool:
    """Return whether a clause has a word of an issue's name that no other issue's name has."""
    words = set(_WORD.findall(f"{issue.name} {issue.phrase}".casefold()))
    others = {
        word for other in issues if other.id != issue.id for word in _WORD.findall(other.name.casefold())
    }
    return bool((words - others) & set(_WORD.findall(clause.casefold())))
