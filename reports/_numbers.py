"""Numbers from samples: estimated by `negosim.measures`, written for people."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from negosim.measures import Difference, Estimate, difference, estimate, shares
from negosim.reports._corpus import Sample
from negosim.reports._model import Number, Rows

EFFECTS = {"Cohen's h": "h", "Cohen's d_z": "dz", "Hedges' g": "g"}
"""How effect sizes are called in tables."""
NOTHING = "–"
"""Stands where there is nothing to count."""
GRADES = range(1, 6)
"""Of deception and quality."""


def share(sample: Sample, column: str) -> Number:
    """Return how often a yes-or-no column is yes, with its interval: "62 % [55, 69]"."""
    return from_estimate(_estimate(sample, column), sample.known(column).rows, percent=True, places=0)


def mean(sample: Sample, column: str, places: int = 2) -> Number:
    """Return a column's mean with its interval: "3.41 [3.20, 3.62]"."""
    return from_estimate(_estimate(sample, column), sample.known(column).rows, places=places)


def grade(sample: Sample, column: str) -> Number:
    """Return the mean of a column of grades with its interval, which ends where the scale does."""
    found = _estimate(sample, column)
    if found.low is not None and found.high is not None:
        found = replace(found, low=max(found.low, GRADES[0]), high=min(found.high, GRADES[-1]))
    return from_estimate(found, sample.known(column).rows)


def shares_of(sample: Sample, column: str, *, weight: str | None = None) -> dict[str, Number]:
    """Return the share of each value of a column, most frequent first: "6.2 % [5.1, 7.3]"."""
    found = shares(sample.frame, column, weight=weight)
    return {
        str(value): from_estimate(each, sample.only(**{column: value}).rows, percent=True, places=1)
        for value, each in found.items()
    }


def mean_sd(sample: Sample, column: str, places: int = 1) -> Number:
    """Return a column's mean and standard deviation: "23.4 ± 4.0"."""
    found = _estimate(sample, column)
    rows = sample.known(column).rows
    if found.value is None:
        return Number(NOTHING, None, found.n, rows)
    shown = written(found.value, places)
    if found.sd is not None:
        shown += f" ± {written(found.sd, places)}"
    return Number(shown, found.value, found.n, rows, found.low, found.high, scope=found.scope)


def count(sample: Sample) -> Number:
    """Return how many rows there are."""
    return Number(f"{len(sample):,}", len(sample), len(sample), sample.rows)


def distinct(sample: Sample, column: str) -> Number:
    """Return how many different values a column has."""
    found = int(sample.frame[column].nunique())
    return Number(f"{found:,}", found, len(sample), sample.rows)


def total(sample: Sample, column: str, shown: Any) -> Number:
    """Return the sum of a column, unknown if one of its values is; `shown` writes it."""
    values = sample.frame[column]
    value = None if values.isna().any() else float(values.sum())
    return Number(shown(value), value, len(sample), sample.rows)


def from_estimate(found: Estimate, rows: Rows, *, percent: bool = False, places: int = 2) -> Number:
    """Write an estimate with its interval, or without one where there is not enough data."""
    if found.value is None:
        return Number(NOTHING, None, found.n, rows, note=found.note)
    scale, unit = (100, " %") if percent else (1, "")
    shown = written(scale * found.value, places) + unit
    if found.low is not None and found.high is not None:
        shown += f" [{written(scale * found.low, places)}, {written(scale * found.high, places)}]"
    return Number(shown, found.value, found.n, rows, found.low, found.high, found.note, found.scope)


def written(value: float, places: int, *, sign: bool = False) -> str:
    """Write a number with so many decimals; zero has no sign."""
    rounded = round(value, places) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''},.{places}f}"


def compare(sample: Sample, column: str, between: str, a: Any, b: Any) -> Difference:
    """Return how a column differs between two values of another: b minus a."""
    return difference(sample.frame, column, between, a=a, b=b)


def change(sample: Sample, column: str, between: str, a: Any, b: Any) -> Number:
    """Return the difference b minus a of a column as one number: "-0.08 [-0.11, -0.05]"."""
    return _moved(compare(sample, column, between, a, b), sample.known(column).rows, 2)


def difference_cells(found: Difference, rows: Rows, places: int | None) -> tuple[Number, ...]:
    """Return a, b, b minus a, effect size, corrected p and n; a share has no `places`."""
    percent = places is None
    ends = [from_estimate(end, rows, percent=percent, places=places or 0) for end in (found.a, found.b)]
    name = EFFECTS.get(found.effect_name or "", found.effect_name)
    effect = _plain(found.effect, found.n, rows, lambda value: f"{name} = {written(value, 2)}")
    p = _plain(found.p_holm if found.p_holm is not None else found.p, found.n, rows, probability)
    n = Number(f"{found.n:,} {'pairs' if found.paired else 'rows'}", found.n, found.n, rows)
    return (*ends, _moved(found, rows, places), effect, p, n)


def reliable(found: Difference) -> bool:
    """Whether a difference is told from zero after correction, at the level of 5 %."""
    p = found.p_holm if found.p_holm is not None else found.p
    return p is not None and p < 0.05


def probability(p: float) -> str:
    """Write a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _moved(found: Difference, rows: Rows, places: int | None) -> Number:
    if found.value is None:
        return Number(NOTHING, None, found.n, rows, note=found.note)
    scale, unit, digits = (100, " pts", 0) if places is None else (1, "", places)
    shown = written(scale * found.value, digits, sign=True) + unit
    if found.low is not None and found.high is not None:
        low, high = (written(scale * end, digits, sign=True) for end in (found.low, found.high))
        shown += f" [{low}, {high}]"
    return Number(shown, found.value, found.n, rows, found.low, found.high, found.note, found.a.scope)


def _plain(value: float | None, n: int, rows: Rows, shown: Callable[[float], str]) -> Number:
    return Number(NOTHING if value is None else shown(value), value, n, rows)


def bare(number: Number) -> Number:
    """Return a number as it is written in a sentence: without its interval."""
    return replace(number, shown=number.shown.split(" [", 1)[0])


def _estimate(sample: Sample, column: str) -> Estimate:
    return estimate(sample.known(column).frame, column)
