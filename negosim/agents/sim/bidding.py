"""Choosing what to offer: the band of equal aspiration, searched for what the others like best."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from negosim.agents.sim.deals import Deals, Floats
from negosim.scenarios import Value

_BAND = 0.03
"""Half the width of the band of utilities that count as equal."""
_NEAR_THEIRS = 0.06
"""Bonus for taking over the other side's whole last offer."""
_STEADY = 0.08
"""Cost of changing everything since the speaker's own last offer."""

Codes = NDArray[np.int16]


@dataclass(frozen=True)
class Constraints:
    """What a bid must respect."""

    settled: Mapping[str, Value]
    """Values already agreed."""
    limits: Mapping[str, Value]
    """Values the speaker has said it cannot go past."""
    offered: Sequence[int]
    """Deals the speaker has offered before, oldest first."""
    lowest: float
    """Utility below which nothing is offered."""


@dataclass(frozen=True)
class Bid:
    """A complete deal to offer."""

    number: int
    deal: dict[str, Value]
    value: float
    """The speaker's points."""
    utility: float
    partner: float
    """What it is worth to the others, estimated, 0 to 1."""


class Bidder:
    """Makes one role's bids in one turn."""

    def __init__(
        self, deals: Deals, partner: Floats, constraints: Constraints, theirs: int | None, mine: int | None
    ) -> None:
        self._deals = deals
        self._partner = partner
        self._constraints = constraints
        self._theirs = deals.codes[theirs] if theirs is not None else None
        self._mine = deals.codes[mine] if mine is not None else None

    def bid(self, aspiration: float, rank: int) -> Bid:
        """Return a bid whose utility is about `aspiration` (0 reservation value, 1 best deal).

        Among those it is the one of `rank` in what the others like, 1 the best.
        Where no new deal is near, an earlier one is repeated rather than more asked for than last
        time; then stated limits give way, and in the end what is wanted, but never settled values.
        """
        deals, wanted = self._deals, self._constraints
        lowest = wanted.lowest
        aspiration = max(aspiration, lowest)
        asked = [deals.utility(float(deals.value[number])) for number in wanted.offered] or [1.0]
        first, top = max(asked[0], lowest), max(asked[-1], lowest)
        for band in (_BAND, 3 * _BAND, 8 * _BAND):
            high = min(aspiration + band, first if band == _BAND else top)
            near = self._between(max(aspiration - band, lowest), high)
            if len(near):
                return self.at(self._best(near, rank))
        unlimited = replace(wanted, limits={}, offered=())
        for respected in (wanted, replace(wanted, offered=()), unlimited):
            rest = self._between(lowest, top, respected)
            if len(rest):
                return self._nearest(rest, aspiration)
        return self._nearest(self._allowed(deals.order, unlimited), aspiration)

    def _nearest(self, numbers: NDArray[np.intp], aspiration: float) -> Bid:
        wanted = self._deals.reservation + aspiration * self._deals.span
        return self.at(int(numbers[np.abs(self._deals.value[numbers] - wanted).argmin()]))

    def _between(self, low: float, high: float, wanted: Constraints | None = None) -> NDArray[np.intp]:
        deals = self._deals
        start = bisect_left(deals.ranked, deals.reservation + low * deals.span - 1e-9)
        stop = bisect_left(deals.ranked, deals.reservation + high * deals.span + 1e-9)
        return self._allowed(deals.order[start:stop], wanted or self._constraints)

    def at(self, number: int) -> Bid:
        """Return deal `number` as a bid."""
        value = float(self._deals.value[number])
        return Bid(
            number, self._deals.deal(number), value, self._deals.utility(value), float(self._partner[number])
        )

    def _allowed(self, numbers: NDArray[np.intp], wanted: Constraints) -> NDArray[np.intp]:
        deals = self._deals
        for issue, value in wanted.settled.items():
            position = deals.index[issue]
            numbers = numbers[deals.codes[numbers, position] == deals.positions[position][value]]
        for issue, value in wanted.limits.items():
            position = deals.index[issue]
            floor = deals.own_points(issue, value) - 1e-9
            numbers = numbers[deals.points[position][deals.codes[numbers, position]] >= floor]
        if wanted.offered and len(numbers):
            numbers = numbers[(numbers[:, None] != np.array(wanted.offered)).all(axis=1)]
        return numbers

    def _best(self, numbers: NDArray[np.intp], rank: int) -> int:
        score, codes = self._partner[numbers], self._deals.codes[numbers]
        issues = codes.shape[1]
        if self._theirs is not None:
            score = score + _NEAR_THEIRS * (np.add.reduce(codes == self._theirs, axis=1) / issues)
        if self._mine is not None:
            score = score - _STEADY * (np.add.reduce(codes != self._mine, axis=1) / issues)
        if rank == 1:
            return int(numbers[int(score.argmax())])
        return int(numbers[int(np.argsort(-score, kind="stable")[min(len(numbers), rank) - 1])])
