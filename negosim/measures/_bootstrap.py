"""The cluster bootstrap: intervals of any statistic that is a function of sums over clusters.

Means, shares, differences, accuracy, kappa, Spearman's rho over grades and Krippendorff's alpha all are:
a resample of clusters is a row of weights, and the resampled sums are one product of matrices.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From sums, shape (..., k), to values, shape (...); NaN where there is none."""

CONFIDENCE = 0.95
RESAMPLES = 2000
MIN_CLUSTERS = 6
"""With fewer clusters there is no interval: it would not hold what it promises (benchmarks/coverage.py)."""

_BLOCK = 4_000_000
"""Numbers in memory at once, at most."""


@lru_cache(maxsize=16)
def _weights(clusters: int) -> NDArray[np.uint8]:
    """Return how often each cluster is in each resample, shape (resamples, clusters); always the same."""
    generator = np.random.default_rng(clusters)
    drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), size=RESAMPLES)
    return drawn.astype(np.uint8)


def resampled(contributions: Floats, statistic: Statistic) -> Floats:
    """Return the statistic of every resample of clusters.

    `contributions`, shape (clusters, k), is what each cluster adds to the sums.
    """
    weights = _weights(len(contributions))
    blocks = max(1, weights.shape[0] * contributions.shape[1] // _BLOCK)
    return np.concatenate(
        [statistic(block.astype(np.float64) @ contributions) for block in np.array_split(weights, blocks)]
    )


def interval(contributions: Floats, statistic: Statistic) -> tuple[float, float] | None:
    """Return a 95 % interval of a statistic, None where it cannot be estimated.

    The expanded percentile interval (Hesterberg 2015, What Teachers Should Know About the Bootstrap,
    section 5.3): quantiles of the resampled statistic, taken further out as if for Student's t with one
    degree of freedom less than clusters, because the plain percentiles are too narrow with few of them.
    """
    from scipy.stats import norm, t

    clusters = len(contributions)
    values = resampled(contributions, statistic)
    values = values[np.isfinite(values)]
    if len(values) < RESAMPLES * CONFIDENCE or np.ptp(values) == 0:
        return None
    reach = np.sqrt(clusters / (clusters - 1)) * t.ppf((1 + CONFIDENCE) / 2, clusters - 1)
    low, high = np.quantile(values, norm.cdf([-reach, reach]))
    return float(low), float(high)
