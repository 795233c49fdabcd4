"""Means and shares with intervals that know which dialogues belong together."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from negosim.measures._bootstrap import (
    CONFIDENCE,
    MIN_CLUSTERS,
    Floats,
    Scale,
    Statistic,
    effective,
    interval,
    spread,
)
from negosim.measures._clusters import Clustered, clusters_of, numbers, sums

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
    return mean_of(frame, values, binary=binary)


def mean_of(frame: "pd.DataFrame", values: Floats, *, binary: bool) -> Estimate:
    """Return the mean of the values, NaN where missing, of the rows of a frame."""
    known = ~np.isnan(values)
    used, missing = values[known], int((~known).sum())
    if not len(used):
        return Estimate(None, note="not enough data: no row has a value", missing=missing)
    clusters, kind = clusters_of(frame[known])
    contributions = sums(clusters, used, np.ones_like(used))
    sd = float(used.std(ddof=1)) if len(used) > 1 and not binary else None
    found = estimated(contributions, ratio, contributions[:, 1], kind, scale=_scale(used), binary=binary)
    return replace(found, sd=sd, missing=missing)


def ratio(totals: Floats) -> Floats:
    """Return the first sum over the second: a mean, from sums of values and of rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals[..., 0] / totals[..., 1]


def estimated(
    contributions: Floats,
    statistic: Statistic,
    sizes: Floats,
    kind: Clustered,
    *,
    scale: Scale,
    binary: bool = False,
) -> Estimate:
    """Return the estimate of a statistic from what each cluster adds to its sums.

    `sizes` is how many rows each cluster has. With `binary` the statistic counts rows, and is known to be
    uncertain even where no row differs.
    """
    value, clusters, n = float(statistic(contributions.sum(axis=0))), len(contributions), round(sizes.sum())
    if not np.isfinite(value):
        return Estimate(None, n=n, clusters=clusters, note="not enough data: not defined for these rows")
    found = Estimate(value, n=n, clusters=clusters, note=too_few(clusters, kind))
    if found.note is not None:
        return found
    around = spread(contributions, statistic, effective(sizes))
    if around is not None:
        low, high = interval(value, around, scale)
    elif binary and value in (0.0, 1.0):
        low, high = extreme_share(round(value) * clusters, clusters)
    else:
        return replace(found, note="not enough data: too little variation between clusters")
    return replace(found, low=low, high=high)


def _scale(values: Floats) -> Scale:
    """Return where the mean of such values can lie: the mean of what is never negative is not either."""
    if values.min() < 0:
        return "plain"
    return "share" if values.max() <= 1 else "positive"


def too_few(clusters: int, kind: Clustered) -> str | None:
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
