"""Reliability of judges: agreement with each other and with themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from negosim.measures._answers import ITEM, answers, coded, kind_of
from negosim.measures._bootstrap import Floats, Statistic
from negosim.measures._clusters import Clusters, Scope, clusters_of, sums
from negosim.measures._estimate import Estimate, estimated
from negosim.records import PERSON, TRUTH

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[Any]
"""Positions in a list, one for each row."""

Metric = Literal["nominal", "ordinal", "interval"]
Among = Literal["judges", "people", "repeats"]

CODER = ["judge", "fingerprint"]
_METRICS: dict[str, Metric] = {
    "yes_no": "nominal",
    "choice": "nominal",
    "degree": "ordinal",
    "number": "interval",
}


@dataclass(frozen=True)
class Reliability:
    """How well the answers to one question, from one perspective, agree."""

    question: str
    perspective: str
    among: Among
    """"judges": all of them, people included; "people"; "repeats": one judge with itself."""
    judge: str | None
    """Of repeats: whose."""
    metric: Metric
    """How unlike two answers are: nominal for yes, no and choices, ordinal for grades, else interval."""
    alpha: Estimate
    """Krippendorff's: 1 perfect agreement, 0 what chance would give. `n` counts the answers compared."""
    coders: int
    units: int
    """Items with at least two answers."""


def reliability(frame: "pd.DataFrame", *, scope: Scope = "auto") -> list[Reliability]:
    """Return Krippendorff's alpha by question and perspective, wherever there are two to agree.

    Of judges that answered several times the first answer counts among judges; answers that are not "ok"
    are missing, which alpha allows. A judge with another fingerprint (other parameters, prompts or
    questions) is another judge.

    Args:
        frame: made by `judged_rows`.
        scope: what intervals are about, as in `estimate`.

    Returns:
        A result for each question and perspective: among judges, and of each judge with itself.

    """
    rows = answers(frame)
    rows = rows[(rows["perspective"] != TRUTH) & (rows["status"] == "ok")]
    found = []
    for (question, perspective), group in rows.groupby(["question", "perspective"], observed=True):
        for among, judge, coders, part in _companies(group):
            metric = _METRICS[kind_of(part["value"])]
            alpha, units = _alpha_of(part, metric, scope)
            if units:
                found.append(
                    Reliability(str(question), str(perspective), among, judge, metric, alpha, coders, units)
                )
    return found


def _companies(group: "pd.DataFrame") -> "Iterator[tuple[Among, str | None, int, pd.DataFrame]]":
    """Yield the sets of answers that can agree: among whom, whose repeats, how many coders, the rows."""
    first = group.sort_values("repeat", kind="stable").drop_duplicates([*CODER, *ITEM])
    people = first[first["judge"].str.startswith(PERSON)]
    companies: tuple[tuple[Among, pd.DataFrame], ...] = (("judges", first), ("people", people))
    for among, part in companies:
        coders = len(part[CODER].drop_duplicates())
        if coders > 1:
            yield among, None, coders, part
    for (judge, _), part in group.groupby(CODER, observed=True):
        repeats = part["repeat"].nunique()
        if repeats > 1:
            yield "repeats", str(judge), repeats, part


def _alpha_of(part: "pd.DataFrame", metric: Metric, scope: Scope = "auto") -> tuple[Estimate, int]:
    units = part.groupby(ITEM, observed=True).ngroup().to_numpy()
    together = np.bincount(units)[units]
    pairable = part[together > 1]
    if not len(pairable):
        return Estimate(None), 0
    by = clusters_of(pairable, scope)
    clusters = by.codes
    units, together = units[together > 1], together[together > 1]
    if metric == "interval":
        contributions = _squares(pairable["value"].to_numpy(dtype=float), units, clusters)
        statistic: Statistic = alpha_interval
    else:
        _, (codes,) = coded(kind_of(pairable["value"]), pairable["value"])
        build = _agreements if metric == "nominal" else _coincidences
        contributions = build(codes, units, together, clusters)
        statistic = alpha_nominal if metric == "nominal" else alpha_ordinal
    alpha = _estimated_alpha(contributions, statistic, by)
    return alpha, len(np.unique(units))


def _estimated_alpha(contributions: Floats, statistic: Statistic, by: Clusters) -> Estimate:
    sizes = np.bincount(by.codes).astype(float)
    return estimated(contributions, statistic, sizes, by, scale="correlation")


def krippendorff_alpha(values: NDArray[Any], units: Codes, metric: Metric = "nominal") -> float | None:
    """Return Krippendorff's alpha of values given to units, in any order; missing ones are left out before.

    Krippendorff (2011, Computing Krippendorff's Alpha-Reliability). Computed from sums over units rather
    than by `nltk.metrics.agreement`, which knows no ordinal metric and gives no sums to resample; the
    tests compare the two. None where all values are the same: then there is nothing to agree about.
    """
    import pandas as pd

    part = pd.DataFrame({"value": values, "dialogue": units, "question": "", "agent": 0, "turn": 0})
    part = part.assign(scenario="", index=0)
    return _alpha_of(part, metric)[0].value


def _agreements(codes: Codes, units: Codes, together: Codes, clusters: Any) -> Floats:
    """Return by cluster the diagonal of the coincidence matrix and its margins, (clusters, 2 values)."""
    count = int(codes.max()) + 1
    _, places, equal = np.unique(units * count + codes, return_inverse=True, return_counts=True)
    size = (int(clusters.max()) + 1) * count
    # Each answer meets the equal ones of its unit, every pair weighing 1 / (answers of the unit - 1).
    agreed = np.bincount(clusters * count + codes, (equal[places] - 1) / (together - 1), minlength=size)
    margins = np.bincount(clusters * count + codes, minlength=size)
    return np.concatenate([agreed.reshape(-1, count), margins.reshape(-1, count)], axis=1)


def _coincidences(codes: Codes, units: Codes, together: Codes, clusters: Any) -> Floats:
    """Return the coincidence matrix of every cluster, flattened, shape (clusters, values squared)."""
    count = int(codes.max()) + 1
    found, first, places = np.unique(units, return_index=True, return_inverse=True)
    table = np.bincount(places * count + codes, minlength=len(found) * count).reshape(-1, count).astype(float)
    weights = 1 / (together[first] - 1.0)
    matrix = np.zeros((int(clusters.max()) + 1, count * count))
    for cluster in range(len(matrix)):
        own = table[clusters[first] == cluster]
        scaled = own * weights[clusters[first] == cluster, None]
        matrix[cluster] = (own.T @ scaled - np.diag(scaled.sum(axis=0))).reshape(-1)
    return matrix


def _squares(values: Floats, units: Codes, clusters: Any) -> Floats:
    """Return by cluster: answers, their sum, their sum of squares, disagreement within units."""
    _, first, places = np.unique(units, return_index=True, return_inverse=True)
    m, total, square = (
        np.bincount(places, w).astype(float) for w in (np.ones_like(values), values, values**2)
    )
    within = 2 * (m * square - total**2) / (m - 1)
    return sums(clusters[first], m, total, square, within)


def alpha_nominal(totals: Floats) -> Floats:
    """Return alpha from the diagonal of the coincidence matrix and its margins."""
    agreed, margins = np.split(totals, 2, axis=-1)
    n = margins.sum(axis=-1)
    return _alpha(n - agreed.sum(axis=-1), n**2 - (margins**2).sum(axis=-1), n)


def alpha_ordinal(totals: Floats) -> Floats:
    """Return alpha from the cells of the coincidence matrix of values in their order."""
    count = round(totals.shape[-1] ** 0.5)
    table = totals.reshape(*totals.shape[:-1], count, count)
    margins = table.sum(axis=-1)
    middles = np.cumsum(margins, axis=-1) - margins / 2
    unlike = (middles[..., :, None] - middles[..., None, :]) ** 2
    expected = np.einsum("...i,...ij,...j->...", margins, unlike, margins)
    return _alpha((table * unlike).sum(axis=(-2, -1)), expected, margins.sum(axis=-1))


def alpha_interval(totals: Floats) -> Floats:
    """Return alpha from the number of values, their sum, sum of squares and disagreement within units."""
    n, total, square, within = np.moveaxis(totals, -1, 0)
    return _alpha(within, 2 * (n * square - total**2), n)


def _alpha(observed: Floats, expected: Floats, n: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(expected > 1e-9, 1 - (n - 1) * observed / expected, np.nan)
    return found
