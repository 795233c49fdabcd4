"""Preferences in a payoff: how far its role can go, what matters to it, on which scale."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from negosim.scenarios._issues import Issue, Value
from negosim.scenarios._schema import Role

Points = Sequence[NDArray[np.float64]]
"""By issue: the points of each of its values."""

_SLACK = 1e-9


def issue_points(role: Role, issues: Sequence[Issue]) -> list[NDArray[np.float64]]:
    """Return, by issue, the points the role gets from each of its values."""
    return [
        np.array([role.payoff.points(issue, value) for value in issue.values], dtype=float)
        for issue in issues
    ]


def scale(role: Role, issues: Sequence[Issue]) -> tuple[float, float]:
    """Return the ends of the role's scale: the points of its worst and of its best deal."""
    points = issue_points(role, issues)
    return sum(float(p.min()) for p in points), sum(float(p.max()) for p in points)


def priority_shares(role: Role, issues: Sequence[Issue]) -> dict[str, float]:
    """Return what share of its points is at stake for the role in each issue; the shares add up to 1.

    The weight of an issue is the range of its points, as in the swing weights of decision analysis
    (von Winterfeldt & Edwards 1986): what it makes for the role whether it gets its best or its worst.
    A role to which every deal is the same gives all issues equal shares.
    """
    ranges = [float(np.ptp(points)) for points in issue_points(role, issues)]
    whole = sum(ranges)
    return {
        issue.id: extent / whole if whole > 0 else 1 / len(ranges)
        for issue, extent in zip(issues, ranges, strict=True)
    }


def limit_position(points: Points, position: int, reservation: float) -> int:
    """Return which value of an issue is the worst the role could take if it got its way on all others.

    Args:
        points: by issue, the role's points.
        position: of the issue.
        reservation: what no deal is worth to the role.

    """
    own = points[position]
    others = sum(float(p.max()) for p in points) - float(own.max())
    enough = np.flatnonzero(own + others >= reservation - _SLACK)
    return int(enough[own[enough].argmin()])


def real_limit(role: Role, issues: Sequence[Issue], issue: str) -> Value:
    """Return the worst value of an issue that the role could take if it got its way on all others."""
    position = [item.id for item in issues].index(issue)
    code = limit_position(issue_points(role, issues), position, role.payoff.reservation)
    return issues[position].values[code]
