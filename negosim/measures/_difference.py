"""Differences between two groups of dialogues: paired where they are paired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._bootstrap import (
    Floats,
    Statistic,
    freedom_of,
    interval,
    p_value,
    share_interval,
    spread,
)
from negosim.measures._clusters import Clusters, Scope, clusters_of, numbers, sums
from negosim.measures._estimate import Estimate, estimate, mean_of, ratio

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
    pairs_by: tuple[str, ...] = ()
    """Columns in which the two rows of a pair agree; several rows of a side that do enter as their mean."""
    note: str | None = None
    """Why there is no interval: "not enough data: ..."."""
    error: float | None = None
    """Standard error of the value, where clusters vary."""
    freedom: float | None = None
    """Degrees of freedom of its Student's t."""


def difference(
    frame: "pd.DataFrame",
    column: str,
    between: str = "condition",
    *,
    a: Any,
    b: Any,
    scope: Scope = "auto",
) -> Difference:
    """Return how the mean of a column, or the share of True, differs between rows where `between` is a or b.

    Rows are paired where (scenario, index, condition, models) agree, `between` aside; if that gives no
    pairs, where all but the models agree. Several rows of one dialogue enter as their mean. Pairs are
    used if at least half of the smaller group's dialogues have a partner; then `a` and `b` are of pairs too.

    Args:
        frame: has the columns `scenario` and `index`, and those named here.
        column: what is compared.
        between: the column that tells the groups apart.
        a: its value in the first group.
        b: its value in the second one.
        scope: what the interval is about, as in `estimate`.

    Returns:
        The estimates of both groups and of b - a, with interval, effect size and p-value.

    Raises:
        TypeError: the column holds text.

    Examples:
        >>> import negosim
        >>> from negosim.measures import difference
        >>> frame = negosim.Run.open("my-run").to_frame()
        >>> found = difference(frame, "turns", a="honest", b="deceptive-2")

    """

    values, binary = numbers(frame[column])
    known = frame.assign(_value=values)[~np.isnan(values)]
    sides = [known[known[between] == name] for name in (a, b)]
    if any(not len(side) for side in sides):
        first, second = (estimate(frame[frame[between] == name], column, scope=scope) for name in (a, b))
        return Difference(column, first, second, note="not enough data: one group has no rows with a value")
    pairs, keys = _pairs(sides, between) if between != "scenario" else (None, ())
    if pairs is not None:
        return replace(_paired(column, pairs, scope, binary=binary), pairs_by=keys)
    return _unpaired(column, sides, between, scope, binary=binary)


def _paired(column: str, pairs: "pd.DataFrame", scope: Scope, *, binary: bool) -> Difference:
    first, second = (pairs[side].to_numpy(dtype=float) for side in ("_a", "_b"))
    gaps = second - first
    clusters = clusters_of(pairs, scope)
    contributions = sums(clusters.codes, gaps, np.ones_like(gaps))
    base = Difference(
        column,
        mean_of(pairs, first, binary=binary, scope=scope),
        mean_of(pairs, second, binary=binary, scope=scope),
        value=float(gaps.mean()),
        effect=_cohens_h(first.mean(), second.mean()) if binary else _d_z(gaps),
        effect_name="Cohen's h" if binary else "Cohen's d_z",
        n=len(gaps),
        paired=True,
    )
    return _tested(base, contributions, ratio, clusters, contributions[:, 1:], binary=binary)


def _unpaired(
    column: str, sides: "Sequence[pd.DataFrame]", between: str, scope: Scope, *, binary: bool
) -> Difference:
    import pandas as pd

    first, second = (side["_value"].to_numpy(dtype=float) for side in sides)
    values = np.concatenate([first, second])
    in_b = np.repeat([0.0, 1.0], [len(first), len(second)])
    clusters = clusters_of(pd.concat(sides), scope, fixed=between)
    contributions = sums(clusters.codes, values * (1 - in_b), 1 - in_b, values * in_b, in_b)
    base = Difference(
        column,
        mean_of(sides[0], first, binary=binary, scope=scope),
        mean_of(sides[1], second, binary=binary, scope=scope),
        value=float(second.mean() - first.mean()),
        effect=_cohens_h(first.mean(), second.mean()) if binary else _hedges_g(first, second),
        effect_name="Cohen's h" if binary else "Hedges' g",
        n=len(values),
    )
    return _tested(base, contributions, _gap, clusters, contributions[:, [1, 3]], binary=binary)


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


def _pairs(sides: "Sequence[pd.DataFrame]", between: str) -> "tuple[pd.DataFrame | None, tuple[str, ...]]":
    """Return one row a pair, with both values as `_a` and `_b`, and in what its rows agree.

    There are no pairs where too few rows have a partner.
    """
    models = [name for name in sides[0].columns if name.startswith("model_")]
    base = ["scenario", "index", *(["condition"] if "condition" in sides[0] else [])]
    for keys in ([*base, *models], base):
        keys = [key for key in keys if key != between]
        first, second = (side.groupby(keys, dropna=False, observed=True)["_value"].mean() for side in sides)
        pairs = first.rename("_a").to_frame().join(second.rename("_b"), how="inner").reset_index()
        if len(pairs) >= PAIRED_FROM * min(len(first), len(second)):
            return pairs, tuple(keys)
    return None, ()


def _gap(totals: Floats) -> Floats:
    return ratio(totals[..., 2:]) - ratio(totals[..., :2])


def _tested(
    base: Difference,
    contributions: Floats,
    statistic: Statistic,
    clusters: Clusters,
    sizes: Floats,
    *,
    binary: bool,
) -> Difference:
    """Add interval and p. `sizes`, shape (clusters, groups), counts the rows of each cluster by group."""
    notes = [clusters.only(of_group > 0).too_few() for of_group in sizes.T]
    note = next((note for note in notes if note), None)
    if note is not None or base.value is None:
        return replace(base, note=note)
    freedom = min(freedom_of(of_group, clusters.strata) for of_group in sizes.T)
    around = spread(contributions, statistic, freedom, clusters.strata)
    if not isinstance(around, str):
        low, high = interval(base.value, around, "plain")
        if binary:
            low, high = max(low, -1.0), min(high, 1.0)
        p = p_value(base.value, around)
        return replace(base, low=low, high=high, p=p, error=around.error, freedom=freedom)
    if binary:
        low, high = _unvaried(base, sizes, freedom)
        return replace(base, low=low, high=high, p=1.0 if base.value == 0 else None)
    return replace(base, note=around)


def _unvaried(base: Difference, sizes: Floats, freedom: float) -> tuple[float, float]:
    """Return the interval of a difference of shares where no cluster differs from another.

    Of pairs: the share of pairs that could differ either way. Of groups: from the intervals of both shares
    (Newcombe 1998, method 10).
    """
    if base.paired:
        around = share_interval(0 if base.value == 0 else 1, sizes[:, 0], None, freedom)
        reach = around[1] if base.value == 0 else 1 - around[0]
        return max(-1.0, (base.value or 0.0) - reach), min(1.0, (base.value or 0.0) + reach)
    (low_a, high_a), (low_b, high_b) = ((end.low or 0.0, end.high or 1.0) for end in (base.a, base.b))
    a, b = base.a.value or 0.0, base.b.value or 0.0
    below, above = np.hypot(b - low_b, high_a - a), np.hypot(high_b - b, a - low_a)
    return float(b - a - below), float(b - a + above)


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
