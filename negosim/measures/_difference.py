"""Differences between two groups of dialogues: paired where they are paired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from negosim.measures._bootstrap import Floats, interval
from negosim.measures._clusters import clusters_of, numbers, sums
from negosim.measures._estimate import Estimate, estimate, extreme_share, ratio, too_few

if TYPE_CHECKING:
    import pandas as pd

PAIRED_FROM = 0.5
"""Share of the smaller group's dialogues that must have a partner for the comparison to be paired."""


@dataclass(frozen=True)
class Difference:
    """How much a measure differs between two groups: b minus a."""

    label: str
    """The column that was compared."""
    a: Estimate
    b: Estimate
    value: float | None = None
    """b minus a; of pairs, the mean of their differences. For shares a difference of shares."""
    low: float | None = None
    high: float | None = None
    effect: float | None = None
    effect_name: str | None = None
    p: float | None = None
    """Two-sided, of the hypothesis that there is no difference."""
    p_holm: float | None = None
    """Corrected for all comparisons made together; set by `holm`."""
    n: int = 0
    """Pairs; rows of both groups where there are no pairs."""
    paired: bool = False
    note: str | None = None
    """Why there is no interval: "not enough data: ..."."""


def difference(
    frame: "pd.DataFrame", column: str, between: str = "condition", *, a: Any, b: Any
) -> Difference:
    """Return how the mean of a column, or the share of True, differs between rows where `between` is a or b.

    Rows are paired where (scenario, index, condition, models) agree, `between` aside; if that gives no
    pairs, where all but the models agree. Several rows of one dialogue enter as their mean. Pairs are
    used if at least half of the smaller group's dialogues have a partner; the rest is left out then.

    Raises:
        TypeError: the column holds text.

    """
    import pandas as pd

    values, binary = numbers(frame[column])
    known = frame.assign(_value=values)[~np.isnan(values)]
    sides = [known[known[between] == name] for name in (a, b)]
    ends = [estimate(frame[frame[between] == name], column) for name in (a, b)]
    if any(not len(side) for side in sides):
        return Difference(column, *ends, note="not enough data: one group has no rows with a value")
    pairs = _pairs(sides, between) if between != "scenario" else None
    if pairs is not None:
        clusters, kind = clusters_of(pairs)
        gaps = (pairs["_b"] - pairs["_a"]).to_numpy(dtype=float)
        contributions = sums(clusters, gaps, np.ones_like(gaps))
        base = Difference(column, *ends, value=float(gaps.mean()), n=len(gaps), paired=True)
        effect = _cohens_h(pairs["_a"].mean(), pairs["_b"].mean()) if binary else _d_z(gaps)
        base = replace(base, effect=effect, effect_name="Cohen's h" if binary else "Cohen's d_z")
        return _tested(base, contributions, ratio, contributions[:, 0], kind, binary=binary)
    rows = pd.concat(sides)
    clusters, kind = clusters_of(rows, fixed=between)
    second = (rows[between] == b).to_numpy(dtype=float)
    data = rows["_value"].to_numpy(dtype=float)
    contributions = sums(clusters, data * (1 - second), 1 - second, data * second, second)
    first, other = (side["_value"].to_numpy(dtype=float) for side in sides)
    effect = _cohens_h(first.mean(), other.mean()) if binary else _hedges_g(first, other)
    base = Difference(column, *ends, value=float(other.mean() - first.mean()), n=len(rows))
    base = replace(base, effect=effect, effect_name="Cohen's h" if binary else "Hedges' g")
    return _tested(base, contributions, _gap, _pulls(contributions), kind, binary=binary)


def holm(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences with p corrected for their number (Holm 1979); those without p stay."""
    from statsmodels.stats.multitest import multipletests

    tested = [place for place, one in enumerate(differences) if one.p is not None]
    corrected = list(differences)
    if tested:
        _, values, _, _ = multipletests([differences[place].p for place in tested], method="holm")
        for place, value in zip(tested, values, strict=True):
            corrected[place] = replace(differences[place], p_holm=float(value))
    return corrected


def _pairs(sides: "Sequence[pd.DataFrame]", between: str) -> "pd.DataFrame | None":
    """Return one row a pair, with both values as `_a` and `_b`, None where too few have a partner."""
    models = [name for name in sides[0].columns if name.startswith("model_")]
    base = ["scenario", "index", *(["condition"] if "condition" in sides[0] else [])]
    for keys in ([*base, *models], base):
        keys = [key for key in keys if key != between]
        first, second = (side.groupby(keys, dropna=False, observed=True)["_value"].mean() for side in sides)
        pairs = first.rename("_a").to_frame().join(second.rename("_b"), how="inner").reset_index()
        if len(pairs) >= PAIRED_FROM * min(len(first), len(second)):
            return pairs
    return None


def _gap(totals: Floats) -> Floats:
    return ratio(totals[..., 2:]) - ratio(totals[..., :2])


def _pulls(contributions: Floats) -> Floats:
    """Return what each cluster adds to the difference if both groups have the same mean; sums to it."""
    sum_a, count_a, sum_b, count_b = contributions.T
    common = (sum_a.sum() + sum_b.sum()) / (count_a.sum() + count_b.sum())
    pulls: Floats = (sum_b - common * count_b) / count_b.sum() - (sum_a - common * count_a) / count_a.sum()
    return pulls


def _tested(
    base: Difference, contributions: Floats, statistic: Any, pulls: Floats, kind: str, *, binary: bool
) -> Difference:
    clusters = len(contributions)
    note = too_few(clusters, kind)
    if note is not None:
        return replace(base, note=note)
    found = interval(contributions, statistic)
    if found is None and base.paired and binary and base.value == 0:
        edge = extreme_share(0, clusters)[1]
        found = (-edge, edge)
    if found is None:
        return replace(base, note="not enough data: no variation between clusters")
    return replace(base, low=found[0], high=found[1], p=_sign_flip(pulls))


def _sign_flip(pulls: NDArray[np.float64]) -> float:
    """Return the two-sided p of the hypothesis that every cluster's pull is as likely up as down.

    Exact up to 2000 sign patterns (Fisher 1935); beyond that from random ones.
    """
    from scipy.stats import permutation_test

    found = permutation_test(
        (pulls,), np.sum, permutation_type="samples", n_resamples=9999, vectorized=True, rng=len(pulls)
    )
    return float(found.pvalue)


def _d_z(gaps: Floats) -> float | None:
    spread = gaps.std(ddof=1) if len(gaps) > 1 else 0.0
    return float(gaps.mean() / spread) if spread > 0 else None


def _hedges_g(a: Floats, b: Floats) -> float | None:
    freedom = len(a) + len(b) - 2
    if freedom < 1 or min(len(a), len(b)) < 2:
        return None
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / freedom
    if pooled <= 0:
        return None
    return float((b.mean() - a.mean()) / np.sqrt(pooled) * (1 - 3 / (4 * freedom - 1)))


def _cohens_h(a: float, b: float) -> float:
    return float(2 * np.arcsin(np.sqrt(b)) - 2 * np.arcsin(np.sqrt(a)))
