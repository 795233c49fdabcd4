"""Means and shares with intervals that know which dialogues belong together."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from negosim.measures._bootstrap import (
    Floats,
    Scale,
    Statistic,
    freedom_of,
    interval,
    share_interval,
    spread,
)
from negosim.measures._clusters import Clusters, Scope, clusters_of, numbers, sums

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
    scope: Literal["these", "any"] | None = None
    """What the interval is about: more dialogues of these scenarios, or any scenarios like these."""


def estimate(frame: "pd.DataFrame", column: str, *, scope: Scope = "auto") -> Estimate:
    """Return the mean of a column, or the share of True in a column of booleans.

    Args:
        frame: has the columns `scenario` and `index`. Rows without a value are left out and counted.
        column: the column.
        scope: what the interval is about. "any": scenarios like these, which are resampled as wholes.
            "these": more dialogues of these scenarios; their seeds are resampled, scenario by scenario.
            "auto": "any" from five scenarios on, "these" with fewer.

    Returns:
        The estimate with its interval, and what it rests on.

    Raises:
        TypeError: the column holds text.

    Examples:
        >>> import negosim
        >>> from negosim.measures import estimate
        >>> estimate(negosim.Run.open("my-run").to_frame(), "turns").value
        4.0

    """
    values, binary = numbers(frame[column])
    return mean_of(frame, values, binary=binary, scope=scope)


def mean_of(frame: "pd.DataFrame", values: Floats, *, binary: bool, scope: Scope = "auto") -> Estimate:
    """Return the mean of the values, NaN where missing, of the rows of a frame."""
    known = ~np.isnan(values)
    used, missing = values[known], int((~known).sum())
    if not len(used):
        return Estimate(None, note="not enough data: no row has a value", missing=missing)
    clusters = clusters_of(frame[["scenario", "index"]][known], scope)
    contributions = sums(clusters.codes, used, np.ones_like(used))
    sd = float(used.std(ddof=1)) if len(used) > 1 and not binary else None
    found = estimated(contributions, ratio, contributions[:, 1], clusters, scale=_scale(used), binary=binary)
    return replace(found, sd=sd, missing=missing)


def ratio(totals: Floats) -> Floats:
    """Return the first sum over the second: a mean, from sums of values and of rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals[..., 0] / totals[..., 1]


def estimated(
    contributions: Floats,
    statistic: Statistic,
    sizes: Floats,
    clusters: Clusters,
    *,
    scale: Scale,
    binary: bool = False,
) -> Estimate:
    """Return the estimate of a statistic from what each cluster adds to its sums.

    `sizes` is how many rows each cluster has. With `binary` the statistic is a share of counted rows, yes
    over all, and known to be uncertain even where no row differs.
    """
    value, n = float(statistic(contributions.sum(axis=0))), round(sizes.sum())
    if not np.isfinite(value):
        return Estimate(None, n=n, clusters=len(clusters), note="not enough data: not defined for these rows")
    found = Estimate(value, n=n, clusters=len(clusters), note=clusters.too_few(), scope=clusters.scope)
    if found.note is not None:
        return found
    freedom = freedom_of(sizes, clusters.strata)
    around = spread(contributions, statistic, freedom, clusters.strata)
    if binary:
        low, high = share_interval(value, sizes, None if isinstance(around, str) else around, freedom)
    elif isinstance(around, str):
        return replace(found, note=around)
    else:
        low, high = interval(value, around, scale)
    return replace(found, low=low, high=high)


def _scale(values: Floats) -> Scale:
    """Return where the mean of such values can lie: the mean of what is never negative is not either."""
    if values.min() < 0:
        return "plain"
    return "share" if values.max() <= 1 else "positive"
