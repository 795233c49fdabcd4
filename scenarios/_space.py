"""The space of deals of a scenario: values, efficiency and fairness, computed exhaustively."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from negosim.scenarios._issues import Deal
from negosim.scenarios._preferences import issue_points
from negosim.scenarios._schema import Scenario

Values = NDArray[np.float64]

TOLERANCE = 1e-9


class DealSpace:
    """Every complete deal of a scenario and what it is worth to each role.

    Deals are numbered in the order of `itertools.product` over the issues' values: the last issue
    varies fastest. `values` has shape (deals, roles), in each role's own points: what a deal is worth to
    those who are party to it. Where some can agree without the others, an outcome is a deal and its
    coalition, and who is not in it has its reservation value.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.shape = tuple(len(issue.values) for issue in scenario.issues)
        self.values = self._enumerate()
        self.reservations: Values = np.array([role.payoff.reservation for role in scenario.roles])

    def _enumerate(self) -> Values:
        columns = []
        for role in self.scenario.roles:
            total: Values = np.zeros(())
            for points in issue_points(role, self.scenario.issues):
                total = total[..., None] + points
            columns.append(total.reshape(-1))
        return np.stack(columns, axis=1)

    def __len__(self) -> int:
        return len(self.values)

    def deal(self, number: int) -> dict[str, Any]:
        """Return deal `number` as a value for every issue."""
        indices = np.unravel_index(number, self.shape)
        return {
            issue.id: issue.values[int(i)] for issue, i in zip(self.scenario.issues, indices, strict=True)
        }

    def number(self, deal: Deal) -> int:
        """Return the number of a complete deal."""
        indices = tuple(issue.values.index(deal[issue.id]) for issue in self.scenario.issues)
        return int(np.ravel_multi_index(indices, self.shape))

    @property
    def takes_all(self) -> bool:
        """Whether nobody can be left out of a deal."""
        return self.scenario.rule.takes_all

    @property
    def coalitions(self) -> tuple[tuple[int, ...], ...]:
        """Every set of roles that can make a deal, that of all first."""
        return self.scenario.rule.coalitions

    def values_among(self, number: int, coalition: Sequence[int] | None = None) -> Values:
        """Return what deal `number` is worth to each role; of some, None being all, who are party to it."""
        worth: Values = self.values[number]
        return worth if coalition is None else self._kept(worth, coalition)

    def _kept(self, values: Values, coalition: Sequence[int]) -> Values:
        kept: Values = np.broadcast_to(self.reservations, values.shape).copy()
        kept[..., list(coalition)] = values[..., list(coalition)]
        return kept

    @cached_property
    def outcomes(self) -> Values:
        """The values of every deal of every coalition, one coalition after the other: that of all first."""
        return np.concatenate([self._kept(self.values, coalition) for coalition in self.coalitions])

    @cached_property
    def efficient(self) -> NDArray[np.bool_]:
        """Whether no other outcome is at least as good for every role and better for one."""
        return pareto_mask(self.outcomes)

    @cached_property
    def _frontier(self) -> Values:
        efficient: Values = self.values[self.pareto] if self.takes_all else self.outcomes[self.efficient]
        return efficient

    @property
    def best_joint(self) -> float:
        """The largest sum of all roles' values that any outcome has."""
        return float((self.joint if self.takes_all else self.outcomes.sum(axis=1)).max())

    @cached_property
    def joint(self) -> Values:
        """The sum of all roles' values, by deal."""
        joint: Values = self.values.sum(axis=1)
        return joint

    @cached_property
    def rational(self) -> NDArray[np.bool_]:
        """Whether a deal gives every role at least its reservation value."""
        enough: NDArray[np.bool_] = np.all(self.values >= self.reservations - TOLERANCE, axis=1)
        return enough

    @cached_property
    def pareto(self) -> NDArray[np.bool_]:
        """Whether no other deal is at least as good for every role and better for one."""
        return pareto_mask(self.values)

    @cached_property
    def nash_products(self) -> Values:
        """The product of the roles' gains over their reservation values; 0 where one loses."""
        products: Values = np.clip(self.values - self.reservations, 0, None).prod(axis=1)
        return products

    @cached_property
    def nash(self) -> int | None:
        """The deal with the largest Nash product (Nash 1950), None if no deal gives every role a gain."""
        best = int(self.nash_products.argmax())
        return best if self.nash_products[best] > 0 else None

    def nash_ratio(self, number: int, coalition: Sequence[int] | None = None) -> float | None:
        """Return the Nash product of a deal among its parties over the largest of any; None if that is 0."""
        if coalition is None or len(coalition) == len(self.reservations):
            products = self.nash_products
        else:
            gains = np.clip(self.values - self.reservations, 0, None)[:, list(coalition)]
            products = gains.prod(axis=1)
        best = float(products.max())
        return float(products[number] / best) if best > 0 else None

    @property
    def constant_sum(self) -> bool:
        """Whether what one role gains the others lose: every deal has the same joint value."""
        return bool(np.ptp(self.joint) <= TOLERANCE * max(1.0, float(np.abs(self.joint).max())))

    def pareto_distance(self, values: Values) -> float:
        """Return how far a point of the value space is from the nearest Pareto-efficient outcome.

        Euclidean, after scaling each role's values to 0 (worst deal) .. 1 (best deal).
        """
        low, span = self.values.min(axis=0), np.ptp(self.values, axis=0)
        span = np.where(span > 0, span, 1.0)
        frontier = (self._frontier - low) / span
        return float(np.sqrt((((values - low) / span - frontier) ** 2).sum(axis=1)).min())


def pareto_mask(values: Values) -> NDArray[np.bool_]:
    """Return which rows of `values` (deals, roles) are dominated by no other row.

    A row that dominates another comes after it in lexicographic order, so one pass from the last row
    down decides: each row is compared with what the efficient rows before it leave. Up to three roles
    this is the sweep of Kung, Luccio and Preparata (1975, On Finding the Maxima of a Set of Vectors),
    n log n; for more it is quadratic in the number of efficient deals.
    """
    unique, inverse = np.unique(values.round(9), axis=0, return_inverse=True)
    kept = _sweep(unique) if unique.shape[1] <= 3 else _filter(unique)
    return kept[inverse.reshape(-1)]


def _sweep(rows: Values) -> NDArray[np.bool_]:
    """Return the efficient ones among distinct rows in ascending order, of at most three columns."""
    kept = np.zeros(len(rows), dtype=bool)
    padded = np.pad(rows, ((0, 0), (0, 3 - rows.shape[1]))).tolist()
    # The efficient rows so far, seen in the last two columns: seconds ascend while thirds descend.
    seconds: list[float] = []
    thirds: list[float] = []
    for number in range(len(padded) - 1, -1, -1):
        _, second, third = padded[number]
        place = bisect_left(seconds, second)
        if place < len(seconds) and thirds[place] >= third:
            continue
        kept[number] = True
        end = bisect_right(seconds, second)
        begin = end
        while begin > 0 and thirds[begin - 1] <= third:
            begin -= 1
        seconds[begin:end] = [second]
        thirds[begin:end] = [third]
    return kept


def _filter(rows: Values) -> NDArray[np.bool_]:
    """Return the efficient ones among distinct rows in ascending order."""
    kept = np.zeros(len(rows), dtype=bool)
    rest = np.arange(len(rows))
    while len(rest):
        kept[rest[-1]] = True
        rest = rest[(rows[rest] > rows[rest[-1]]).any(axis=1)]
    return kept


def space_summary(space: DealSpace) -> Mapping[str, Any]:
    """Return the numbers `negosim scenarios show` prints."""
    nash = space.nash
    best = int(space.joint.argmax())
    return {
        "deals": len(space),
        "rational_share": float(space.rational.mean()),
        "pareto_deals": int(space.pareto.sum()),
        "constant_sum": space.constant_sum,
        "nash_deal": space.deal(nash) if nash is not None else None,
        "nash_values": space.values[nash].tolist() if nash is not None else None,
        "best_joint": float(space.joint[best]),
        "best_joint_deal": space.deal(best),
        "coalitions": [] if space.takes_all else [_among(space, parties) for parties in space.coalitions],
    }


def _among(space: DealSpace, parties: tuple[int, ...]) -> Mapping[str, Any]:
    """Return what the deals of one coalition can be worth."""
    own = space.values[:, list(parties)]
    rational = np.all(own >= space.reservations[list(parties)] - TOLERANCE, axis=1)
    return {
        "parties": parties,
        "rational_share": float(rational.mean()),
        "best_joint": float(own.sum(axis=1)[rational].max()) if rational.any() else None,
        "outside": float(space.reservations.sum() - space.reservations[list(parties)].sum()),
    }
