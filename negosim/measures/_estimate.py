"""Means and shares with intervals that know which dialogues belong together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from negosim.measures._bootstrap import CONFIDENCE, MIN_CLUSTERS, Floats, Statistic, interval
from negosim.measures._clusters import clusters_of, numbers, sums

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """A number estimated from rows, with its 95 % interval."""

    value: float | None
    """None where no row has a value."""
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    """Standard deviation of the rows; None for shares and other statistics."""
    n: int = 0
    """Rows that were used."""
    clusters: int = 0
    """Independent groups among them: scenarios, or matched seeds of one scenario."""
    note: str | None = None
    """Why there is no interval: "not enough data: ..."."""
    missing: int = 0
    """Rows that have no value and were left out: failed, unknown, not answered."""


def estimate(frame: "pd.DataFrame", column: str) -> Estimate:
    """Return the mean of a column, or the share of True in a column of booleans.

    `frame` has the columns `scenario` and `index`. Rows without a value are left out and counted.

    Raises:
        TypeError: the column holds text.

    """
    values, binary = numbers(frame[column])
    known = ~np.isnan(values)
    used, missing = values[known], int((~known).sum())
    if not len(used):
        return Estimate(None, note="not enough data: no row has a value", missing=missing)
    clusters, kind = clusters_of(frame[known])
    contributions = sums(clusters, used, np.ones_like(used))
    sd = float(used.std(ddof=1)) if len(used) > 1 and not binary else None
    return estimated(contributions, ratio, len(used), kind, sd=sd, missing=missing, binary=binary)


def ratio(totals: Floats) -> Floats:
    """Return the first sum over the second: a mean, from sums of values and of rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals[..., 0] / totals[..., 1]


def estimated(
    contributions: Floats,
    statistic: Statistic,
    n: int,
    kind: str,
    *,
    sd: float | None = None,
    missing: int = 0,
    binary: bool = False,
) -> Estimate:
    """Return the estimate of a statistic from what each cluster adds to its sums."""
    value = float(statistic(contributions.sum(axis=0)))
    clusters = len(contributions)
    if not np.isfinite(value):
        return Estimate(None, n=n, clusters=clusters, note="not enough data: undefined", missing=missing)
    note = too_few(clusters, kind)
    found = None
    if note is None:
        found = interval(contributions, statistic)
        if found is None and binary and value in (0.0, 1.0):
            found = extreme_share(int(value) * clusters, clusters)
        if found is None:
            note = "not enough data: no variation between clusters"
    low, high = found if found is not None else (None, None)
    return Estimate(value, low, high, sd, n, clusters, note, missing)


def too_few(clusters: int, kind: str) -> str | None:
    """Return the note that goes with too few clusters, None where there are enough."""
    if clusters >= MIN_CLUSTERS:
        return None
    what = {"scenario": "scenarios", "index": "seeds"}[kind]
    return f"not enough data: {clusters} {what if clusters != 1 else what[:-1]}, {MIN_CLUSTERS} needed"


def extreme_share(yes: int, clusters: int) -> tuple[float, float]:
    """Return an interval for a share of 0 or 1, where nothing varies that could be resampled.

    The exact interval of Clopper and Pearson (1934) with each cluster as one trial: rows of one cluster
    may all depend on each other.
    """
    from scipy.stats import binomtest

    found = binomtest(yes, clusters).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)
