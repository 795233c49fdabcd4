"""The cluster bootstrap: how uncertain any statistic is that is a function of sums over clusters.

Means, shares, differences, accuracy, kappa, Spearman's rho of grades and Krippendorff's alpha all are:
a resample of clusters is a row of weights, and the resampled sums are one product of matrices.

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
MIN_CLUSTERS = 5
"""With fewer clusters there is no interval."""

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
def _weights(clusters: int) -> NDArray[np.uint8]:
    """Return how often each cluster is in each resample, shape (resamples, clusters); always the same."""
    generator = np.random.default_rng(clusters)
    equal = np.full(clusters, 1 / clusters)
    # In parts: the generator's own numbers are eight times as large.
    parts = (generator.multinomial(clusters, equal, size=RESAMPLES // 20) for _ in range(20))
    return np.concatenate([part.astype(np.uint8) for part in parts])


def resampled(contributions: Floats, statistic: Statistic) -> Floats:
    """Return the statistic of every resample of clusters.

    `contributions`, shape (clusters, k), is what each cluster adds to the sums.
    """
    weights = _weights(len(contributions))
    blocks = 1 + weights.shape[0] * sum(contributions.shape) // _BLOCK
    return np.concatenate(
        [statistic(block.astype(np.float64) @ contributions) for block in np.array_split(weights, blocks)]
    )


def effective(sizes: Floats) -> float:
    """Return how many clusters of equal size would tell as much (Carter, Schnepel and Steigerwald 2017)."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def spread(contributions: Floats, statistic: Statistic, clusters: float) -> Spread | None:
    """Return how uncertain a statistic is, None where nothing varies or most resamples have no value.

    `clusters` is their effective number. The bootstrap's variance is too small by a factor of (G - 1) / G,
    because it deviates from the sample's own mean (Hesterberg 2015, What Teachers Should Know About the
    Bootstrap, section 3.2).
    """
    values = resampled(contributions, statistic)
    values = values[np.isfinite(values)]
    if len(values) < CONFIDENCE * RESAMPLES or clusters < 2:
        return None
    error = float(values.std())
    if error <= 1e-9 * max(1e-9, float(np.abs(values).max())):
        return None
    return Spread(error * float(np.sqrt(clusters / (clusters - 1))), clusters - 1)


def interval(value: float, spread: Spread, scale: Scale) -> tuple[float, float]:
    """Return the 95 % interval around a value, by the delta method on its scale.

    Logarithm above 0, log odds for shares, Fisher's z for correlations: the ends stay where a value can be.
    A value on a bound itself has no such scale; there the plain interval is cut off.
    """
    from scipy.special import expit, logit
    from scipy.stats import t

    reach = spread.error * t.ppf((1 + CONFIDENCE) / 2, spread.freedom) * np.array([-1, 1])
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


def p_value(value: float, spread: Spread) -> float:
    """Return the two-sided p of "the value is 0": below 0.05 where the plain interval leaves 0 out."""
    from scipy.stats import t

    return float(2 * t.sf(abs(value) / spread.error, spread.freedom))
