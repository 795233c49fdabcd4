"""Correlation of the errors of judges."""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from negosim.measures._answers import ITEM, against_truth, as_text, kind_of
from negosim.measures._bootstrap import Floats
from negosim.measures._clusters import Scope, clusters_of, sums
from negosim.measures._estimate import Estimate, estimated

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ErrorCorrelation:
    """How the errors of two judges go together, in one question from one perspective."""

    question: str
    perspective: str
    judge_a: str
    judge_b: str
    correlation: Estimate
    """Pearson's, of being wrong (phi), for numbers of how far too high. 1: the same errors; a vote of
    such judges is worth no more than one of them."""


def error_correlation(frame: "pd.DataFrame", *, scope: Scope = "auto") -> list[ErrorCorrelation]:
    """Return how the errors of every two judges correlate, over the items both answered.

    `frame` is made by `judged_rows`; the truth is what it has from the perspective "truth". Of several
    answers of a judge the first counts. `scope` is as in `estimate`.
    """
    rows = against_truth(frame)
    rows = rows[rows["status"] == "ok"].sort_values("repeat", kind="stable")
    rows = rows.drop_duplicates(["judge", "perspective", *ITEM])
    found = []
    for (question, perspective), group in rows.groupby(["question", "perspective"], observed=True):
        graded = kind_of(group["truth"], group["value"]) in ("degree", "number")
        if graded:
            error = group["value"].astype(float) - group["truth"].astype(float)
        else:
            error = (group["value"].map(as_text) != group["truth"].map(as_text)).astype(float)
        wide = group.assign(_error=error).pivot(
            index=["scenario", "index", *ITEM], columns="judge", values="_error"
        )
        for a, b in combinations(sorted(wide.columns), 2):
            both = wide[[a, b]].dropna().reset_index()
            if len(both):
                correlation = _correlation(both, a, b, scope)
                found.append(ErrorCorrelation(str(question), str(perspective), a, b, correlation))
    return found


def _correlation(both: "pd.DataFrame", a: str, b: str, scope: Scope) -> Estimate:
    clusters = clusters_of(both, scope)
    x, y = both[a].to_numpy(dtype=float), both[b].to_numpy(dtype=float)
    contributions = sums(clusters.codes, np.ones_like(x), x, y, x * x, y * y, x * y)
    return estimated(contributions, pearson, contributions[:, 0], clusters, scale="correlation")


def pearson(totals: Floats) -> Floats:
    """Return Pearson's correlation from the sums of 1, x, y, x squared, y squared and x y."""
    n, x, y, xx, yy, xy = np.moveaxis(totals, -1, 0)
    spreads = (n * xx - x**2) * (n * yy - y**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(spreads > 1e-9, (n * xy - x * y) / np.sqrt(spreads), np.nan)
    return found
