"""Check of a difference by a linear mixed model, where its variance lies, and how small it could be."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._bootstrap import CONFIDENCE, Floats, freedom_of
from negosim.measures._clusters import Clusters, Scope, clusters_of, numbers
from negosim.measures._difference import Difference

if TYPE_CHECKING:
    import pandas as pd

POWER = 0.8
"""Chance with which the smallest difference would have been shown."""
MOST_ROWS = 600
"""Rows that a model is fitted to; of more, the first seeds of every scenario."""
SCENARIO, SIDE, SEED, JUDGE, REST = "scenario", "scenario x condition", "seed", "judge", "rest"
COMPONENTS = (SCENARIO, SIDE, SEED, JUDGE, REST)
"""Where variance can lie: between scenarios, in how far they differ in what is compared, between matched
seeds of a scenario, between judges, and within all of these."""


@dataclass(frozen=True)
class MixedCheck:
    """What a linear mixed model says of a column: the difference, and where the variance lies."""

    label: str
    """The column."""
    value: float | None = None
    """b minus a; None where nothing is compared, or where the model cannot be fitted."""
    low: float | None = None
    high: float | None = None
    p: float | None = None
    variances: Mapping[str, float] = field(default_factory=dict)
    """By component, in squared units of the column; those that the rows cannot tell apart are left out."""
    n: int = 0
    """Rows it was fitted to."""
    note: str | None = None
    """Why there is no model, or what it was fitted to."""

    @property
    def shares(self) -> dict[str, float]:
        """Share of each component in the whole variance: of "scenario" the intraclass correlation (ICC)."""
        whole = sum(self.variances.values())
        return {name: one / whole for name, one in self.variances.items()} if whole > 0 else {}


def mixed_check(
    frame: "pd.DataFrame",
    column: str,
    between: str = "condition",
    *,
    a: Any = None,
    b: Any = None,
    scope: Scope = "auto",
) -> MixedCheck:
    """Fit a linear mixed model to a column (statsmodels, REML), beside the bootstrap of `difference`.

    Random are the matched seeds, and judges where there are several. With scope "any" scenarios are random
    too, and how far they differ in what is compared; with "these" they are fixed, and have no variance.
    Yes counts as 1: a linear probability model. The interval is Student's t with the degrees of freedom of
    the bootstrap.

    Args:
        frame: has the columns `scenario` and `index`, those named here, and `judge` where judges answered.
        column: what is compared.
        between: the column that tells the groups apart.
        a: its value in the first group; None: nothing is compared.
        b: its value in the second one.
        scope: what the interval is about, as in `estimate`.

    Returns:
        The difference b - a, and the variance of each component; with a note where it cannot be had.

    Raises:
        TypeError: the column holds text.

    Examples:
        >>> import negosim
        >>> from negosim.measures import mixed_check
        >>> frame = negosim.Run.open("my-run").to_frame()
        >>> mixed_check(frame, "turns", a="honest", b="deceptive-2").note
        'not enough data: ...'

    """
    values, _ = numbers(frame[column])
    rows = frame.assign(_y=values)[~np.isnan(values)]
    compared = a is not None
    if compared:
        rows = rows[rows[between].isin([a, b])]
        rows = rows.assign(_side=np.where(rows[between] == b, 0.5, -0.5))
    if not len(rows):
        return MixedCheck(column, note="not enough data: no row has a value")
    rows = rows.assign(_scenario=rows["scenario"].astype(str), _seed=_seeds(rows))
    if "judge" in rows:
        rows = rows.assign(judge=rows["judge"].astype(str))  # no columns for those that did not answer
    whole, clusters = len(rows), clusters_of(rows, scope, fixed=between if compared else None)
    why = _unfit(rows, clusters, compared=compared)
    if why is not None:
        return MixedCheck(column, n=whole, note=why)
    rows = _first_seeds(rows)
    return _fitted(column, rows, clusters_of(rows, scope, fixed=between), whole, compared=compared)


def _seeds(rows: "pd.DataFrame") -> "pd.Series[Any]":
    return rows["scenario"].astype(str) + "/" + rows["index"].astype(str)


def _unfit(rows: "pd.DataFrame", clusters: Clusters, *, compared: bool) -> str | None:
    """Return why no model can be fitted to rows, None where one can."""
    if (few := clusters.too_few()) is not None:
        return few
    if compared and rows["_side"].nunique() < 2:
        return "not enough data: one group has no rows with a value"
    if rows["_y"].std() <= 1e-12:
        return "not enough data: nothing varies"
    if clusters.scope == "these" and len(rows) == rows["_seed"].nunique():
        return "not enough data: each seed has one row, so that seeds cannot be told from the rest"
    return None


def _first_seeds(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of the first seeds of every scenario, at most `MOST_ROWS` in all."""
    if len(rows) <= MOST_ROWS:
        return rows
    places = rows.groupby("_scenario")["index"].rank(method="dense").astype(int)
    cumulative = places.value_counts().sort_index().cumsum()
    most = max(2, int((cumulative <= MOST_ROWS).sum()))
    return rows[places <= most]


def _fitted(
    column: str, rows: "pd.DataFrame", clusters: Clusters, whole: int, *, compared: bool
) -> MixedCheck:
    from statsmodels.regression.mixed_linear_model import MixedLM

    unit = float(rows["_y"].std())
    data = rows.assign(_y=(rows["_y"] - rows["_y"].mean()) / unit, _all=1)
    fixed = "_y ~ " + ("_side" if compared else "1")
    if clusters.scope == "these" and data["_scenario"].nunique() > 1:
        fixed += " + C(_scenario)"
    intercept, random = _random(data, any_scenario=clusters.scope == "any", compared=compared)
    parts = {f"v{place}": formula for place, formula in enumerate(random.values())}
    groups = {SCENARIO: "_scenario", SEED: "_seed", None: "_all"}[intercept]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = MixedLM.from_formula(
                fixed, data, groups=groups, re_formula="1" if intercept else "0", vc_formula=parts
            )
            # Powell's method needs no gradient, which leads astray where a variance is 0.
            found = model.fit(reml=True, method=["powell"])
    except (np.linalg.LinAlgError, ValueError) as error:
        return MixedCheck(column, n=len(rows), note=f"the model cannot be fitted: {error}")
    if not found.converged:
        return MixedCheck(column, n=len(rows), note="the model cannot be fitted: it does not converge")
    fitted = dict(zip(model.exog_vc.names, found.vcomp, strict=True))
    variances = {name: float(fitted[f"v{place}"]) for place, name in enumerate(random)}
    if intercept is not None:
        variances[intercept] = float(np.squeeze(found.cov_re))
    variances[REST] = float(found.scale)
    variances = {name: variances[name] * unit**2 for name in COMPONENTS if name in variances}
    note = None if len(rows) == whole else f"fitted to {len(rows):,} of {whole:,} rows: the first seeds"
    check = MixedCheck(column, variances=variances, n=len(rows), note=note)
    sizes = np.bincount(clusters.codes).astype(float)
    return _with_effect(check, found, unit, freedom_of(sizes, clusters.strata)) if compared else check


def _random(data: "pd.DataFrame", *, any_scenario: bool, compared: bool) -> tuple[str | None, dict[str, str]]:
    """Return the random effects that rows can tell apart: one by groups, others by component as formulas.

    Judges answer in every scenario, so with several there are no groups, and all are formulas.
    """
    several = "judge" in data and data["judge"].nunique() > 1
    repeated = len(data) > data["_seed"].nunique()
    random: dict[str, str] = {}
    if any_scenario:
        random[SCENARIO] = "0 + C(_scenario)"
        if compared:
            random[SIDE] = "0 + C(_scenario):_side"
    if repeated or not any_scenario:
        random[SEED] = "0 + C(_seed)"
    if several:
        random[JUDGE] = "0 + C(judge)"
        return None, random
    intercept = SCENARIO if any_scenario else SEED
    del random[intercept]
    if SIDE in random:
        random[SIDE] = "0 + _side"
    return intercept, random


def _with_effect(check: MixedCheck, found: Any, unit: float, freedom: float) -> MixedCheck:
    from scipy.stats import t

    value, error = float(found.params["_side"]) * unit, float(found.bse["_side"]) * unit
    if not np.isfinite(error) or error <= 0:
        return replace(check, value=value)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    p = float(2 * t.sf(abs(value) / error, freedom))
    return replace(check, value=value, low=value - reach, high=value + reach, p=p)


def smallest_difference(found: Difference, *, tests: int = 1, power: float = POWER) -> float | None:
    """Return the smallest true difference that a comparison would have shown with a given chance.

    It follows from the standard error and degrees of freedom of the difference, by the power of Student's t
    (statsmodels): for a level of 5 % divided by the number of tests that are corrected together.

    Args:
        found: made by `difference`.
        tests: how many are corrected together.
        power: the chance.

    Returns:
        The difference, in units of the column (of shares: a share); None where there is no standard error.

    Examples:
        >>> from negosim.measures import Difference, Estimate, smallest_difference
        >>> found = Difference("turns", Estimate(5.0), Estimate(6.0), error=0.5, freedom=9)
        >>> round(smallest_difference(found), 2)
        1.57

    """
    from statsmodels.stats.power import TTestPower

    if found.error is None or found.freedom is None:
        return None
    rows = found.freedom + 1
    level = (1 - CONFIDENCE) / tests
    effect: Floats = TTestPower().solve_power(nobs=rows, alpha=level, power=power)
    return float(np.squeeze(effect)) * found.error * float(np.sqrt(rows))
