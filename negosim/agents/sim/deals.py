"""Every complete deal and what it is worth to one role, as arrays."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from negosim.scenarios import Issue, Payoff, Value, limit_position

Floats = NDArray[np.float64]


class Deals:
    """The deals of a scenario, numbered as in `DealSpace`, with one role's values.

    `value` has shape (deals,), in the role's points; `codes` has shape (deals, issues): the position
    of each deal's value among the issue's values.
    """

    def __init__(self, issues: Sequence[Issue], payoff: Payoff) -> None:
        self.issues = tuple(issues)
        self.ids = tuple(issue.id for issue in issues)
        self.index = {issue.id: position for position, issue in enumerate(issues)}
        self.positions = tuple({value: code for code, value in enumerate(issue.values)} for issue in issues)
        self.points: tuple[Floats, ...] = tuple(
            np.array([payoff.points(issue, value) for value in issue.values], dtype=float) for issue in issues
        )
        self._own: dict[str, dict[Value, float]] = {
            issue.id: dict(zip(issue.values, points.tolist(), strict=True))
            for issue, points in zip(issues, self.points, strict=True)
        }
        self.shape = tuple(len(points) for points in self.points)
        self.value = self.total(self.points)
        self.codes = np.indices(self.shape, dtype=np.int16).reshape(len(self.shape), -1).T.copy()
        self.order = np.argsort(self.value, kind="stable")
        self.ranked: list[float] = self.value[self.order].tolist()
        """The values in ascending order, those of the deals in `order`."""
        self.reservation = float(payoff.reservation)
        self.best = float(self.ranked[-1])
        self.span = max(self.best - self.reservation, 1e-9)
        ranges = [float(np.ptp(points)) for points in self.points]
        whole = sum(ranges) or 1.0
        self.weights = tuple(extent / whole for extent in ranges)
        self.by_weight = tuple(sorted(self.ids, key=lambda issue: -self.weights[self.index[issue]]))
        """The issues, the weightiest first."""
        self.scores: tuple[Floats, ...] = tuple(
            (points - points.min()) / (extent or 1.0)
            for points, extent in zip(self.points, ranges, strict=True)
        )
        """Own satisfaction by issue and value, 0 (worst) to 1 (best)."""

    def total(self, tables: Sequence[Floats]) -> Floats:
        """Add up one table of points per issue over all deals."""
        total: Floats = np.zeros(())
        for table in tables:
            total = total[..., None] + table
        return total.reshape(-1)

    def number(self, deal: Mapping[str, Value]) -> int:
        """Return the number of a complete deal."""
        number = 0
        for issue, positions, size in zip(self.ids, self.positions, self.shape, strict=True):
            number = number * size + positions[deal[issue]]
        return number

    def deal(self, number: int) -> dict[str, Value]:
        """Return deal `number` as a value for every issue."""
        return {
            issue.id: issue.values[code]
            for issue, code in zip(self.issues, self.codes[number].tolist(), strict=True)
        }

    def worth(self, deal: Mapping[str, Value]) -> float:
        """Return what the values of a deal, complete or partial, are worth to the role."""
        return sum(self.own_points(issue, value) for issue, value in deal.items())

    def own_points(self, issue: str, value: Value) -> float:
        """Return the role's points for one value of one issue."""
        return self._own[issue][value]

    def limit(self, issue: str) -> Value:
        """Return the worst value of an issue the role could take if it got its way on all others."""
        position = self.index[issue]
        return self.issues[position].values[limit_position(self.points, position, self.reservation)]

    def utility(self, value: float) -> float:
        """Scale points so that the reservation value is 0 and the best deal is 1."""
        return (value - self.reservation) / self.span


@lru_cache(maxsize=256)
def deals_of(issues: tuple[Issue, ...], payoff: Payoff) -> Deals:
    """Return the deals with this payoff; computed once for equal issues and payoffs."""
    return Deals(issues, payoff)
