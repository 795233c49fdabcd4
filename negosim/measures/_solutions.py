"""Solutions of bargaining, and how far what was reached is from each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from negosim.measures._bootstrap import Floats
from negosim.scenarios import DealSpace, Scenario

SOLUTIONS = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Solutions:
    """The outcomes that solutions of bargaining choose among those that give no role a loss."""

    low: Floats
    span: Floats
    """Of each role's values, worst to best deal: distances are in these units, as `pareto_distance` is."""
    outcomes: Mapping[str, Floats]
    """By solution, the values of the outcomes it chooses, shape (outcomes, roles); several where equal."""
    reservation: float
    """What no deal is worth to all roles together."""
    best: float
    """The largest joint value."""

    @classmethod
    def of(cls, scenario: Scenario) -> "Solutions | None":
        """Return the solutions of a scenario; None where nothing is known of what deals are worth."""
        return cls.among(scenario.space) if scenario.has_deals else None

    @classmethod
    def among(cls, space: DealSpace) -> "Solutions":
        """Return the solutions in a space of deals.

        Nash (1950): the largest product of gains over the reservation values. Kalai and Smorodinsky (1975):
        the largest least gain, each as a share of the role's best gain. Egalitarian (Kalai 1977): the
        largest least gain in points. Utilitarian: the largest sum. Equal ones are told apart by the sum.
        """
        low, span = space.values.min(axis=0), np.ptp(space.values, axis=0)
        values: Floats = space.outcomes
        gains = values - space.reservations
        rational = np.all(gains >= -_TOLERANCE, axis=1)
        values, gains = values[rational], np.clip(gains[rational], 0, None)
        found: dict[str, Floats] = {}
        if len(values):
            ideal = gains.max(axis=0)
            shares = gains / np.where(ideal > 0, ideal, 1.0)
            scores = (gains.prod(axis=1), shares.min(axis=1), gains.min(axis=1), gains.sum(axis=1))
            for name, score in zip(SOLUTIONS, scores, strict=True):
                if name == "utilitarian" or score.max() > _TOLERANCE:
                    found[name] = _best(values, score)
        span = np.where(span > 0, span, 1.0)
        return cls(low, span, found, float(np.sum(space.reservations)), space.best_joint)

    def joint_gain(self, values: Floats) -> float | None:
        """Return the joint gain over no deal as a share of the largest there is; None if there is none."""
        most = self.best - self.reservation
        return float((values.sum() - self.reservation) / most) if most > _TOLERANCE else None

    def distances(self, values: Floats) -> dict[str, float]:
        """Return how far values are from each solution, 0 at it: `nash_distance` and its like."""
        place = (values - self.low) / self.span
        return {
            f"{name}_distance": float(
                np.sqrt((((chosen - self.low) / self.span - place) ** 2).sum(axis=1)).min()
            )
            for name, chosen in self.outcomes.items()
        }


def _best(values: Floats, score: Floats) -> Floats:
    """Return the values with the largest score, of those the ones with the largest sum."""
    tied = values[score >= score.max() - _TOLERANCE * max(1.0, float(score.max()))]
    joint = tied.sum(axis=1)
    chosen: Floats = np.unique(
        tied[joint >= joint.max() - _TOLERANCE * max(1.0, abs(float(joint.max())))], axis=0
    )
    return chosen
