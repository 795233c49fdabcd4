"""The cluster bootstrap: how uncertain any statistic is that is a function of sums over clusters.

Means, shares, differences, accuracy, kappa, Spearman's rho of grades and Krippendorff's alpha all are:
a resample of clusters is a row of weights, and the resampled sums are one product of matrices.

Where scenarios are strata, their clusters are resampled scenario by scenario.

The interval is Student's t around the value with the bootstrap's standard error, on a scale the statistic
is free on. Percentiles of the resamples would be simpler, but with six to ten clusters they cover 85 to 90 %
instead of 95 %; benchmarks/coverage.py measures both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From sums, shape (..., k), to values, shape (...); NaN where there is none."""

Scale = Literal["plain", "positive", "share", "correlation"]
"""Where a statistic can lie: anywhere, above 0, between 0 and 1, between -1 and 1."""

BOUNDS: dict[Scale, tuple[float, float]] = {
    "plain": (-np.inf, np.inf),
    "positive": (0, np.inf),
    "share": (0, 1),
    "correlation": (-1, 1),
}

CONFIDENCE = 0.95
RESAMPLES = 2000
RESEMBLANCE = 0.1
"""Correlation of two answers of one cluster, where the answers themselves do not tell."""
PRIOR_EVENTS = 4
"""Rare answers that this counts as much as."""

_TAIL = (1 + CONFIDENCE) / 2
GROUPS = 5_000
"""Clusters of a stratum that are drawn one by one; of more, each is drawn with others, put together by chance
(the random groups of Wolter 2007, Introduction to Variance Estimation), so that memory is bounded."""
_BLOCK = 4_000_000
"""Numbers in memory at once, at most."""


@dataclass(frozen=True)
class Spread:
    """How far a statistic would be from its value with other clusters."""

    error: float
    """Standard error."""
    freedom: float
    """Degrees of freedom of Student's t."""


@lru_cache(maxsize=16)
def _draws(strata: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return how often each cluster is in each resample, shape (resamples, clusters); always the same.

    `strata` has the number of clusters of each stratum. Of several strata each draws one less than it has
    (Rao and Wu 1988), so that the variance is not too small; for a single one `spread` corrects.
    """
    generator = np.random.default_rng(strata)
    less = 1 if len(strata) > 1 else 0

    def part() -> NDArray[np.uint8]:
        of_strata = [
            generator.multinomial(count - less, np.full(count, 1 / count), size=RESAMPLES // 20)
            for count in strata
        ]
        return np.concatenate(of_strata, axis=1).astype(np.uint8)

    # In parts: the generator's own numbers are eight times as large.
    return np.concatenate([part() for _ in range(20)])


def resampled(contributions: Floats, statistic: Statistic, strata: NDArray[np.int64] | None = None) -> Floats:
    """Return the statistic of every resample of clusters.

    Args:
        contributions: what each cluster adds to the sums, shape (clusters, k).
        statistic: from sums to its values.
        strata: the stratum of each cluster, shape (clusters,): a cluster is replaced by one of its own
            stratum. By default they are all of one.

    """
    contributions, strata = _grouped(contributions, strata)
    if strata is not None and strata.any():
        order, counts = np.argsort(strata, kind="stable"), np.bincount(strata)
        contributions = (contributions * (counts / (counts - 1))[strata][:, None])[order]
    else:
        counts = np.array([len(contributions)])
    draws = _draws(tuple(counts.tolist()))
    blocks = 1 + draws.shape[0] * sum(contributions.shape) // _BLOCK
    return np.concatenate(
        [statistic(block.astype(np.float64) @ contributions) for block in np.array_split(draws, blocks)]
    )


def _grouped(
    contributions: Floats, strata: NDArray[np.int64] | None
) -> tuple[Floats, NDArray[np.int64] | None]:
    """Put the clusters of strata that have more than `GROUPS` together in groups of about equal size."""
    whole = np.zeros(len(contributions), dtype=np.int64) if strata is None else strata
    counts = np.bincount(whole)
    if not (counts > GROUPS).any():
        return contributions, strata
    mixed = np.random.default_rng(counts).permutation(len(whole))
    order = mixed[np.argsort(whole[mixed], kind="stable")]
    within = np.arange(len(whole)) - (np.cumsum(counts) - counts)[whole[order]]
    _, group = np.unique(whole[order] * GROUPS + within % GROUPS, return_inverse=True)
    sums = np.zeros((int(group.max()) + 1, contributions.shape[1]))
    np.add.at(sums, group, contributions[order])
    grouped = np.zeros(len(sums), dtype=np.int64)
    grouped[group] = whole[order]
    return sums, None if strata is None else grouped


def effective(sizes: Floats) -> float:
    """Return how many clusters of equal size would tell as much (Carter, Schnepel and Steigerwald 2017)."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def freedom_of(sizes: Floats, strata: NDArray[np.int64]) -> float:
    """Return the degrees of freedom that clusters of such sizes leave: at least 2.

    Where one cluster has most rows the formula gives less than 1, and intervals that are many times too wide.
    """
    of_strata = [sizes[strata == stratum] for stratum in np.unique(strata)]
    return max(2.0, sum(effective(own[own > 0]) - 1 for own in of_strata if own.any()))


def spread(
    contributions: Floats, statistic: Statistic, freedom: float, strata: NDArray[np.int64] | None = None
) -> Spread | str:
    """Return how uncertain a statistic is, or why that cannot be said.

    The bootstrap's variance of one stratum is too small by a factor of (G - 1) / G for G effective clusters,
    because it deviates from the sample's own mean (Hesterberg 2015, What Teachers Should Know About the
    Bootstrap, section 3.2).
    """
    values = resampled(contributions, statistic, strata)
    values = values[np.isfinite(values)]
    if len(values) < CONFIDENCE * RESAMPLES:
        return "not enough data: not defined in most resamples of the clusters"
    error = float(values.std())
    if error <= 1e-9 * max(1e-9, float(np.abs(values).max())):
        return "not enough data: nothing varies between clusters"
    alone = strata is None or not strata.any()
    return Spread(error * float(np.sqrt((freedom + 1) / freedom)) if alone else error, freedom)


def interval(value: float, spread: Spread, scale: Scale) -> tuple[float, float]:
    """Return the 95 % interval around a value, by the delta method on its scale.

    Logarithm above 0, log odds for shares, Fisher's z for correlations: the ends stay where a value can be.
    A value on a bound itself has no such scale; there the plain interval is cut off.
    """
    from scipy.special import expit, logit
    from scipy.stats import t

    reach = spread.error * t.ppf(_TAIL, spread.freedom) * np.array([-1, 1])
    with np.errstate(over="ignore"):
        if scale == "positive" and value > 0:
            ends = value * np.exp(reach / value)
        elif scale == "share" and 0 < value < 1:
            ends = expit(logit(value) + reach / (value * (1 - value)))
        elif scale == "correlation" and -1 < value < 1:
            ends = np.tanh(np.arctanh(value) + reach / (1 - value**2))
        else:
            ends = np.clip(value + reach, *BOUNDS[scale])
    return float(ends[0]), float(ends[1])


def share_interval(value: float, sizes: Floats, spread: Spread | None, freedom: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of counted rows (Korn and Graubard 1998).

    The exact interval of Clopper and Pearson (1934) for the rows that would tell as much if they were
    independent: n over the design effect. The design effect is estimated from the variance between clusters,
    which says little where yes or no is rare and nothing where it never occurs. So it is shrunk towards that
    of clusters whose rows correlate with `RESEMBLANCE`, as if `PRIOR_EVENTS` more had been seen.

    Args:
        value: the share.
        sizes: rows of each cluster, shape (clusters,).
        spread: the bootstrap's, None where nothing varies.
        freedom: degrees of freedom.

    """
    from scipy.stats import beta, t

    n = float(sizes.sum())
    events = min(value, 1 - value) * n
    together = (
        float((sizes**2).sum()) / n
    )  # rows that the average row shares its cluster with, itself included
    expected = 1 + (together - 1) * RESEMBLANCE
    seen = spread.error**2 * n / (value * (1 - value)) if spread is not None and events else 0.0
    design = max(1.0, (events * seen + PRIOR_EVENTS * expected) / (events + PRIOR_EVENTS))
    rows = n / design
    if n > 1 and len(sizes) < n:
        rows *= float(t.ppf(_TAIL, n - 1) / t.ppf(_TAIL, freedom)) ** 2
    rows = min(rows, n)
    yes = value * rows
    low = float(beta.ppf(1 - _TAIL, yes, rows - yes + 1)) if yes > 0 else 0.0
    high = float(beta.ppf(_TAIL, yes + 1, rows - yes)) if yes < rows else 1.0
    return low, high


def p_value(value: float, spread: Spread) -> float:
    """Return the two-sided p of "the value is 0": below 0.05 where the plain interval leaves 0 out."""
    from scipy.stats import t

    return float(2 * t.sf(abs(value) / spread.error, spread.freedom))
