"""Limits held against the payoff: "I cannot go below nine thousand".

A limit is about a package. Its truth is a question of arithmetic: with the other issues as the package has
them, is there a value past the stated one that is still worth as much as no deal to the speaker?

- Which package: the values that the words name, with those settled before; where they name none, the offer
  on the table; else the speaker's last; else none (`Situation`). What a package leaves open may be
  anything.
- A limit that is said to hold whatever the rest ("never", "no matter what": `_WHATEVER`) and names no
  package is about the best one for the speaker.
- Past the limit are the values worth less to the speaker. Where a payoff peaks inside a range, there is a
  limit on either side: the words say which ("at most", "at least"), else the stated value does, by its side
  of the peak. Where the words say a side on which the speaker gains, it has no limit there.
- One package decides alone. "false": the speaker could go further, by more than `LIMIT_TOLERANCE` of what
  it has to gain. "misleading": the stated value is itself worse than no deal by more than that, so that the
  words hold but suggest room there is not. Else "true".
- Of an open package every completion counts that the speaker could accept at all. The limit is "true" where
  it holds for at least `MOST` of them, "false" where it holds for no more than `FEW`, else "unverifiable".
  Where a value was left open because it was not surely read, "false" needs that it holds for none.
- A speaker that later offers or accepts what is past its limit, on terms otherwise no better for it, has
  contradicted itself: "false".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from negosim.judging._statement import Direction, Situation, Statement, Verdict, undecided
from negosim.scenarios import Issue, Role, Value, issue_points, scale

LIMIT_TOLERANCE = 0.05
"""How far a stated limit may be from the real one, in parts of what the speaker has to gain: the points
between its reservation value and its best deal. Limits are spoken in round figures."""
FEW, MOST = 0.15, 0.85
"""Shares of the acceptable packages for which a limit must hold to be false, and to be true."""

_SLACK = 1e-9
_WHATEVER = re.compile(
    r"\b(?:never|ever|whatever|no matter|regardless|under no circumstances|in no case|in any (?:case|event)|"
    r"any terms|come what may)\b"
)
_AT_MOST = re.compile(
    r"\b(?:at most|no more|not more|no longer|no later|above|over|beyond|past|exceed|maximum|max|most|"
    r"longest|latest|highest|ceiling|cap|upper|up to|utmost)\b"
)
_AT_LEAST = re.compile(
    r"\b(?:at least|no less|not less|no fewer|no shorter|below|under|beneath|minimum|min|least|fewest|"
    r"shortest|lowest|floor|bottom|lower)\b"
)


def limit(statement: Statement, situation: Situation, role: Role, issues: Sequence[Issue]) -> Verdict:
    """Decide whether a stated limit is real."""
    issue = next(item for item in issues if item.id == statement.issue)
    assert statement.stated is not None
    asked = points_of(statement.stated, issue, role)
    if asked is None:
        return undecided(f"{statement.stated} is no value of {issue.name}")
    whatever = not statement.package and bool(
        _WHATEVER.search((statement.utterance or statement.quote).casefold())
    )
    package = {} if whatever else _package(statement, situation)
    direction = statement.direction or _direction(statement, issue, role)
    sides: Sequence[Direction] = (direction,) if direction else ("at_most", "at_least")
    if issue.range is None:
        sides = sides[:1]
    found = [
        _side(_Bound.of(statement, side, role, asked, issues), package, whatever, situation, role, issues)
        for side in sides
    ]
    if len({one.truth for one in found}) > 1:
        return undecided(
            f"{issue.name}: {issue.label(statement.stated)} could be the most or the least it means"
        )
    return found[0]


def _side(
    bound: "_Bound",
    package: Mapping[str, Value],
    whatever: bool,
    situation: Situation,
    role: Role,
    issues: Sequence[Issue],
) -> Verdict:
    issue, said = bound.issue, bound.issue.label(bound.stated)
    broken = bound.broken(package, situation.later, role, issues)
    if broken is not None:
        return Verdict(
            "false", f"{issue.name}: says {said}, but later agrees to {issue.label(broken)}", broken
        )
    rest = _rest(package, issue, role, issues)
    return bound.verdict(rest.max(keepdims=True) if whatever else rest, package)


def points_of(stated: Value, issue: Issue, role: Role) -> float | None:
    """Return what a stated value of an issue is worth to a role, None where the payoff does not say.

    Numbers between those of the issue's grid are read as the payoff is: in proportion.
    """
    if issue.range is None:
        return role.payoff.points(issue, stated) if stated in issue.values else None
    if isinstance(stated, str | bool) or not issue.range.min <= stated <= issue.range.max:
        return None
    return role.payoff.points(issue, stated)


def peaks(issue: Issue, role: Role) -> bool:
    """Return whether an issue is a range whose best value for a role lies inside it."""
    if issue.range is None:
        return False
    points = [role.payoff.points(issue, value) for value in issue.values]
    return max(points[0], points[-1]) < max(points) - _SLACK


def _package(statement: Statement, situation: Situation) -> dict[str, Value]:
    held = {**situation.settled, **statement.package} if statement.package else situation.offer
    return {name: value for name, value in held.items() if name != statement.issue}


def _rest(
    package: Mapping[str, Value], issue: Issue, role: Role, issues: Sequence[Issue]
) -> NDArray[np.float64]:
    """Return the points of all other issues, for every way to complete a package."""
    rest: NDArray[np.float64] = np.zeros(1)
    for other, points in zip(issues, issue_points(role, issues), strict=True):
        if other.id == issue.id:
            continue
        named = points_of(package[other.id], other, role) if other.id in package else None
        rest = (rest[:, None] + (points if named is None else np.array([named]))).reshape(-1)
    return rest


@dataclass(frozen=True)
class _Bound:
    """A stated limit: what it is worth, and what lies past it."""

    issue: Issue
    stated: Value
    asked: float
    """Points of the stated value."""
    points: NDArray[np.float64]
    """Points of each value of the issue."""
    past: NDArray[np.bool_]
    """Which values the limit rules out."""
    reservation: float
    tolerance: float
    few: float
    """Share of the packages it could take for which a false limit may hold."""

    @classmethod
    def of(
        cls, statement: Statement, side: Direction, role: Role, asked: float, issues: Sequence[Issue]
    ) -> "_Bound":
        issue = next(item for item in issues if item.id == statement.issue)
        assert statement.stated is not None
        points = np.array([role.payoff.points(issue, value) for value in issue.values])
        reservation = role.payoff.reservation
        tolerance = LIMIT_TOLERANCE * (scale(role, issues)[1] - reservation)
        past = _past(statement.stated, side, issue, points, asked)
        few = 0.0 if statement.unsure else FEW
        return cls(issue, statement.stated, asked, points, past, reservation, tolerance, few)

    def verdict(self, rest: NDArray[np.float64], package: Mapping[str, Value]) -> Verdict:
        """Decide by the packages with the given rests."""
        possible = rest[rest + self.points.max() >= self.reservation - _SLACK]
        name, said = self.issue.name, self.issue.label(self.stated)
        if not len(possible) and rest.max() + self.asked >= self.reservation - self.tolerance - _SLACK:
            possible = rest
        if not len(possible):
            return Verdict("misleading", f"{name}: says {said}, but no value makes this worth taking")
        further = np.array([self._further(one) for one in possible])
        short = possible + self.asked < self.reservation - self.tolerance - _SLACK
        if len(rest) == 1:
            return self._alone(float(rest[0]), bool(further[0]), bool(short[0]))
        holds = 1 - float(further.mean())
        whose = "the packages it could take" if not package else "what is left open"
        reason = f"{name}: {said} holds for {holds:.0%} of {whose}"
        if holds <= self.few:
            return Verdict("false", reason, self._worst(float(possible.max())))
        if holds < MOST:
            return undecided(reason)
        return Verdict("misleading" if short.mean() >= MOST else "true", reason)

    def _alone(self, rest: float, further: bool, short: bool) -> Verdict:
        name, said, worst = self.issue.name, self.issue.label(self.stated), self._worst(rest)
        label = "no value" if worst is None else self.issue.label(worst)
        if further:
            return Verdict("false", f"{name}: says {said}, but could go to {label}", worst)
        if short:
            return Verdict("misleading", f"{name}: says {said}, but cannot go further than {label}", worst)
        return Verdict("true", f"{name}: says {said}, the real limit is {label}", worst)

    def _further(self, rest: float) -> bool:
        """Return whether a value past the limit is worth taking, and clearly further than the one stated."""
        taken = self.points[self.past & (rest + self.points >= self.reservation - _SLACK)]
        if not len(taken):
            return False
        indifferent = np.ptp(self.points) <= _SLACK
        return bool(indifferent or np.abs(self.asked - taken).max() > self.tolerance + _SLACK)

    def _worst(self, rest: float) -> Value | None:
        """Return the value worth least that is still worth taking, past the limit if there is one."""
        taken = rest + self.points >= self.reservation - _SLACK
        codes = np.flatnonzero(taken & self.past if (taken & self.past).any() else taken)
        return self.issue.values[int(codes[self.points[codes].argmin()])] if len(codes) else None

    def broken(
        self,
        package: Mapping[str, Value],
        later: Sequence[Mapping[str, Value]],
        role: Role,
        issues: Sequence[Issue],
    ) -> Value | None:
        """Return the value past the limit that the speaker later agreed to, on terms otherwise no better."""
        for deal in later:
            value = deal.get(self.issue.id)
            if value is None or not all(name in deal for name in package):
                continue
            code = self.issue.values.index(value)
            clear = abs(self.asked - self.points[code]) > self.tolerance
            if clear and self.past[code] and self._no_better(deal, package, role, issues):
                return value
        return None

    def _no_better(
        self, deal: Mapping[str, Value], package: Mapping[str, Value], role: Role, issues: Sequence[Issue]
    ) -> bool:
        compared = [issue for issue in issues if issue.id in package]
        gain = sum(
            role.payoff.points(issue, deal[issue.id]) - (points_of(package[issue.id], issue, role) or 0.0)
            for issue in compared
        )
        return gain <= self.tolerance + _SLACK


def _past(
    stated: Value, side: Direction, issue: Issue, points: NDArray[np.float64], asked: float
) -> NDArray[np.bool_]:
    """Return which values a limit rules out; options have no direction, so those worth less."""
    if issue.range is None or isinstance(stated, str):
        worse: NDArray[np.bool_] = points < asked - _SLACK
        return worse if np.ptp(points) > _SLACK else np.array([value != stated for value in issue.values])
    values = np.array(issue.values, dtype=float)
    return values > stated + _SLACK if side == "at_most" else values < stated - _SLACK


def _direction(statement: Statement, issue: Issue, role: Role) -> Direction | None:
    """Return which side a limit without a stated direction rules out: the one on which the speaker loses.

    Inside a range that is best in the middle, as the words say, else as the stated value does by its side of
    the best one; None where neither says.
    """
    if issue.range is None or isinstance(statement.stated, str) or statement.stated is None:
        return None
    points = np.array([role.payoff.points(issue, value) for value in issue.values])
    if not peaks(issue, role):
        lost = points[-1] - points[0]
        return None if abs(lost) <= _SLACK else "at_least" if lost > 0 else "at_most"
    small = statement.quote.casefold()
    most, least = bool(_AT_MOST.search(small)), bool(_AT_LEAST.search(small))
    if most != least:
        return "at_most" if most else "at_least"
    best = float(issue.values[int(points.argmax())])
    return None if statement.stated == best else "at_most" if statement.stated > best else "at_least"
