"""Numbers from samples: estimated by `negosim.measures`, written for people."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from negosim.measures import Difference, Estimate, MixedCheck, difference, estimate, shares
from negosim.reports._corpus import Sample
from negosim.reports._model import Number, Rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

How = Mapping[str, Any]
"""How a number was computed, for the trace."""
COUNT: How = {"statistic": "count"}
EFFECTS = {"Cohen's h": "h", "Cohen's d_z": "dz", "Hedges' g": "g"}
"""How effect sizes are called in tables."""
NOTHING = "–"
"""Stands where there is nothing to count."""
GRADES = range(1, 6)
"""Of deception and quality."""


def share(sample: Sample, column: str, *, of: Any = None) -> Number:
    """Return how often a yes-or-no column is yes, with its interval: "62 % [55, 69]".

    With `of`, how often any column has that value, or one of those values, among all rows.
    """
    if of is None:
        used = sample.known(column)
        return from_estimate(
            estimate(used.frame, column, scope=sample.scope), used, _share_of(column), percent=True, places=0
        )
    values = list(of) if isinstance(of, list | tuple) else [of]
    found = estimate_of(sample, column, values)
    return from_estimate(found, sample, _share_of(column, values), percent=True, places=0)


def estimate_of(sample: Sample, column: str, values: list[Any]) -> Estimate:
    """Return how often a column has one of some values, among all rows."""
    hits = _is_one(sample.frame[column].astype(object), values)
    return estimate(sample.frame.assign(hit=hits), "hit", scope=sample.scope)


def part_of(sample: Sample, **wanted: Any) -> Number:
    """Return the share of the rows whose columns have the given values, several at once."""
    hits = sample.frame.index.isin(sample.only(**wanted).frame.index)
    found = estimate(sample.frame.assign(hit=hits), "hit", scope=sample.scope)
    return from_estimate(found, sample, {"statistic": "share", "where": wanted}, percent=True, places=0)


def _is_one(column: Any, values: list[Any]) -> Any:
    """Return which values are among others; yes and no are not 1 and 0."""
    kinds = [(isinstance(each, bool), each) for each in values]
    return column.map(lambda value: (isinstance(value, bool), value) in kinds).astype(bool)


def _share_of(column: str, values: list[Any] | None = None) -> dict[str, Any]:
    return {"statistic": "share", "column": column, "of": [True] if values is None else values}


def mean(sample: Sample, column: str, places: int = 2) -> Number:
    """Return a column's mean with its interval: "3.41 [3.20, 3.62]"."""
    used = sample.known(column)
    return from_estimate(
        estimate(used.frame, column, scope=sample.scope), used, _mean_of(column), places=places
    )


def _mean_of(column: str) -> How:
    return {"statistic": "mean", "column": column}


def grade(sample: Sample, column: str) -> Number:
    """Return the mean of a column of grades with its interval, which ends where the scale does."""
    used = sample.known(column)
    found = estimate(used.frame, column, scope=sample.scope)
    if found.low is not None and found.high is not None:
        found = replace(found, low=max(found.low, GRADES[0]), high=min(found.high, GRADES[-1]))
    return from_estimate(found, used, _mean_of(column))


def shares_of(sample: Sample, column: str, *, weight: str | None = None) -> dict[str, Number]:
    """Return the share of each value of a column, most frequent first: "6.2 % [5.1, 7.3]".

    `weight` names a column that says how often each row counts.
    """
    counts = {"weight": weight} if weight else {}
    found = shares(sample.frame, column, weight=weight, scope=sample.scope)
    return {
        str(value): from_estimate(
            each, sample.known(column), _share_of(column, [value]) | counts, percent=True, places=1
        )
        for value, each in found.items()
    }


def mean_sd(sample: Sample, column: str, places: int = 1) -> Number:
    """Return the mean and standard deviation of a column, yes counted as 1: "23.4 ± 4.0"."""
    used = sample.known(column)
    values = used.frame[column].astype(float)
    found = estimate(used.frame.assign(**{column: values}), column, scope=sample.scope)
    if found.value is None:
        return Number(NOTHING, None, found.n, used.rows, how=_mean_of(column))
    shown = written(found.value, places)
    if found.sd is not None:
        shown += f" ± {written(found.sd, places)}"
    how = _mean_of(column)
    return Number(shown, found.value, found.n, used.rows, found.low, found.high, how=how, scope=found.scope)


def count(sample: Sample) -> Number:
    """Return how many rows there are."""
    return Number(f"{len(sample):,}", len(sample), len(sample), sample.rows, how=COUNT)


def n_of(number: Number, what: str = "") -> Number:
    """Return how many rows another number was computed from: its n."""
    weight = number.how.get("weight")
    how: How = {"statistic": "sum", "column": weight} if weight else COUNT
    if "against" in number.how:
        how = {**number.how, "statistic": "n"}
    return Number(f"{number.n:,}{what}", number.n, number.n, number.rows, how=how)


def distinct(sample: Sample, column: str) -> Number:
    """Return how many different values a column has."""
    found = int(sample.frame[column].nunique())
    return Number(f"{found:,}", found, len(sample), sample.rows, how=distinct_of(column))


def distinct_of(column: str) -> How:
    """Return how the number of different values of a column is computed."""
    return {"statistic": "distinct", "column": column}


def total(sample: Sample, column: str, shown: Any) -> Number:
    """Return the sum of a column, unknown if one of its values is; `shown` writes it."""
    values = sample.frame[column]
    value = None if values.isna().any() else float(values.sum())
    return Number(shown(value), value, len(sample), sample.rows, how={"statistic": "sum", "column": column})


def from_estimate(
    found: Estimate, sample: Sample | Rows, how: How, *, percent: bool = False, places: int = 2
) -> Number:
    """Write an estimate with its interval, or without one where there is not enough data."""
    rows = sample.rows if isinstance(sample, Sample) else sample
    if found.value is None:
        return Number(NOTHING, None, found.n, rows, note=found.note, how=how)
    scale, unit = (100, " %") if percent else (1, "")
    shown = written(scale * found.value, places) + unit
    if found.low is not None and found.high is not None:
        shown += f" [{written(scale * found.low, places)}, {written(scale * found.high, places)}]"
    return Number(shown, found.value, found.n, rows, found.low, found.high, found.note, how, found.scope)


def written(value: float, places: int, *, sign: bool = False) -> str:
    """Write a number with so many decimals; zero has no sign."""
    rounded = round(value, places) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''},.{places}f}"


def compare(sample: Sample, column: str, between: str, a: Any, b: Any) -> Difference:
    """Return how a column differs between two values of another: b minus a."""
    return difference(sample.frame, column, between, a=a, b=b, scope=sample.scope)


def change(sample: Sample, column: str, between: str, a: Any, b: Any) -> Number:
    """Return the difference b minus a of a column as one number: "-0.08 [-0.11, -0.05]"."""
    found = compare(sample, column, between, a, b)
    used = sample.only(**{between: [a, b]}).known(column)
    return _moved(found, used.rows, _difference_of(found, between, a, b), 2)


def _difference_of(found: Difference, between: str, a: Any, b: Any) -> dict[str, Any]:
    how = {"statistic": "difference", "column": found.label, "between": between, "a": a, "b": b}
    return how | {"pairs_by": list(found.pairs_by)}


def difference_cells(
    found: Difference, sample: Sample, sides: tuple[str, Any, Any], places: int | None, family: list[float]
) -> tuple[Number, ...]:
    """Return a, b, b minus a, effect size, corrected p and n.

    Args:
        found: how the two differ.
        sample: the rows that were compared.
        sides: the column that tells them apart, and its value in a and in b.
        places: decimals; None for a share.
        family: all p values that are corrected together.

    """
    ends = []
    for value, end in zip(sides[1:], (found.a, found.b), strict=True):
        statistic = _mean_of(found.label) if places is not None else _share_of(found.label)
        statistic = {**statistic, "pairs_by": list(found.pairs_by)}
        used = _of_side(sample, found, sides[0], value)
        ends.append(from_estimate(end, used, statistic, percent=places is None, places=places or 0))
    return (*ends, *moved_cells(found, sample.rows, _difference_of(found, *sides), places, family))


def moved_cells(
    found: Difference, rows: Rows, how: How, places: int | None, family: list[float]
) -> tuple[Number, ...]:
    """Return b minus a, effect size, corrected p and n; see `difference_cells`."""
    how, name = dict(how), EFFECTS.get(found.effect_name or "", found.effect_name)
    effect = _plain(
        found, found.effect, rows, how | {"statistic": "effect"}, lambda v: f"{name} = {written(v, 2)}"
    )
    corrected = found.p_holm if found.p_holm is not None else found.p
    of_p = how | {"statistic": "p", "family": family}
    p = _plain(found, corrected, rows, of_p, probability)
    many = f"{found.n:,} {'pairs' if found.paired else 'rows'}"
    n = Number(many, found.n, found.n, rows, how=how | {"statistic": "n"})
    return _moved(found, rows, how, places), effect, p, n


def _of_side(sample: Sample, found: Difference, between: str, value: Any) -> Sample:
    """Return the rows of one side; of pairs only those that have a partner."""
    if found.pairs_by:
        sample = sample.having(sample.frame[partnered(sample, between, found.pairs_by)])
    return sample.only(**{between: value})


def partnered(sample: Sample, between: str, keys: Iterable[str]) -> "npt.NDArray[np.bool_]":
    """Return which rows of two sides agree in `keys` with a row of the other side."""
    import pandas as pd

    sides = sample.frame.assign(_side=pd.factorize(sample.frame[between])[0])
    groups = sides.groupby(list(keys), dropna=False, observed=True)
    found: npt.NDArray[np.bool_] = (groups["_side"].transform("nunique") > 1).to_numpy()
    return found


def reliable(found: Difference) -> bool:
    """Whether a difference is told from zero after correction, at the level of 5 %."""
    p = found.p_holm if found.p_holm is not None else found.p
    return p is not None and p < 0.05


def probability(p: float) -> str:
    """Write a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _moved(found: Difference, rows: Rows, how: How, places: int | None) -> Number:
    if found.value is None:
        return Number(NOTHING, None, found.n, rows, note=found.note, how=how)
    shown = _signed(found.value, found.low, found.high, places)
    return Number(shown, found.value, found.n, rows, found.low, found.high, found.note, how, found.a.scope)


def from_mixed(found: MixedCheck, rows: Rows, how: How, places: int | None) -> Number:
    """Return the difference that a mixed model found, with its interval; decimals None for a share."""
    if found.value is None:
        return Number(NOTHING, None, found.n, rows, note=found.note, how=how)
    shown = _signed(found.value, found.low, found.high, places)
    return Number(shown, found.value, found.n, rows, found.low, found.high, how=how)


def of_p_value(p: float | None, n: int, rows: Rows, how: How) -> Number:
    """Return a p value."""
    return Number(NOTHING if p is None else probability(p), p, n, rows, how=how)


def _signed(value: float, low: float | None, high: float | None, places: int | None) -> str:
    scale, unit, digits = (100, " pts", 0) if places is None else (1, "", places)
    shown = written(scale * value, digits, sign=True) + unit
    if low is None or high is None:
        return shown
    return f"{shown} [{', '.join(written(scale * end, digits, sign=True) for end in (low, high))}]"


def _plain(
    found: Difference, value: float | None, rows: Rows, how: How, shown: Callable[[float], str]
) -> Number:
    return Number(NOTHING if value is None else shown(value), value, found.n, rows, how=how)


def bare(number: Number) -> Number:
    """Return a number as it is written in a sentence: without its interval."""
    return replace(number, shown=number.shown.split(" [", 1)[0])
