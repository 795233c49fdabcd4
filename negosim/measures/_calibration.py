"""Calibration of a judge: accuracy and confusion where the truth is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._answers import Kind, against_truth, coded, kind_of
from negosim.measures._bootstrap import Floats, Statistic
from negosim.measures._clusters import Clusters, Scope, clusters_of
from negosim.measures._estimate import Estimate, estimated, mean_of, ratio

if TYPE_CHECKING:
    import pandas as pd

_NOT_FOR_GRADES = Estimate(None, note="does not apply to grades")
_NOT_FOR_NAMES = Estimate(None, note="applies to grades only")


@dataclass(frozen=True)
class Calibration:
    """How one judge's answers to one question, from one perspective, compare with the truth."""

    judge: str
    perspective: str
    question: str
    kind: Kind
    n: int
    """Answers that were compared: status "ok", truth known."""
    statuses: Mapping[str, int]
    """How often each status occurs among the answers about which the truth is known."""
    coverage: Estimate
    """Share of those that are "ok". What was not answered counts in no other figure."""
    accuracy: Estimate
    precision: Estimate
    """Share of the answers yes that are true; of choices the mean over those that occur in the truth."""
    recall: Estimate
    """Share of the true yes that was answered yes; of choices likewise the mean."""
    f1: Estimate
    """Harmonic mean of precision and recall; of choices the mean over their own."""
    kappa: Estimate
    """Cohen's (1960), chance taken out; for grades with quadratic weights (Cohen 1968)."""
    spearman: Estimate
    """Rank correlation, of grades."""
    confusion: "pd.DataFrame" = field(compare=False)
    """Counts: rows are the truth, columns what was answered."""


def calibration(frame: "pd.DataFrame", *, scope: Scope = "auto") -> list[Calibration]:
    """Compare every judge with the truth: one result a judge, perspective and question.

    Several repeats of a judge are all compared. Questions that are answered with a list (claims) are left
    out.

    Args:
        frame: made by `judged_rows`; the truth is what it has from the perspective "truth".
        scope: what intervals are about, as in `estimate`.

    Returns:
        How often each judge was right, with intervals; for grades also how far off it was.

    """
    rows = against_truth(frame)
    return [
        _calibrated(str(judge), str(perspective), str(question), group, scope)
        for (judge, perspective, question), group in rows.groupby(
            ["judge", "perspective", "question"], observed=True
        )
    ]


def _calibrated(
    judge: str, perspective: str, question: str, group: "pd.DataFrame", scope: Scope
) -> Calibration:
    import pandas as pd

    used = group[group["status"] == "ok"]
    answered: Floats = (group["status"] == "ok").to_numpy().astype(np.float64)
    labels: list[Any] = []
    if not len(used):
        nothing = Estimate(None, note="not enough data: nothing was answered", missing=len(group))
        kind, figures = kind_of(group["truth"]), dict.fromkeys(_FIGURES, nothing)
        counts = np.zeros((0, 0), dtype=int)
    else:
        kind = kind_of(used["truth"], used["value"])
        labels, (truth, given) = coded(kind, used["truth"], used["value"])
        clusters = clusters_of(used, scope)
        counts = np.zeros((len(labels), len(labels)), dtype=int)
        np.add.at(counts, (truth, given), 1)
        measure = _of_grades if kind == "degree" else _of_names
        figures = measure(labels, truth, given, clusters)
    return Calibration(
        judge=judge,
        perspective=perspective,
        question=question,
        kind=kind,
        n=len(used),
        statuses={str(status): int(count) for status, count in group["status"].value_counts().items()},
        coverage=mean_of(group, answered, binary=True, scope=scope),
        confusion=pd.DataFrame(
            counts, index=pd.Index(labels, name="truth"), columns=pd.Index(labels, name="answer")
        ),
        **figures,
    )


_FIGURES = ("accuracy", "precision", "recall", "f1", "kappa", "spearman")


def _of_names(labels: list[Any], truth: Any, given: Any, by: Clusters) -> dict[str, Estimate]:
    """Return the figures of yes and no and of choices; sums are hits, truths and answers by label."""
    count = len(labels)
    hits = _tally(by, truth, count, truth == given)
    truths, answers = _tally(by, truth, count), _tally(by, given, count)
    contributions = np.concatenate([hits, truths, answers], axis=1)
    sizes = truths.sum(axis=1)

    def figure(statistic: Statistic) -> Estimate:
        return estimated(contributions, statistic, sizes, by, scale="share")

    accuracy = _share(hits.sum(axis=1), sizes, by)
    kappa = estimated(contributions, _kappa, sizes, by, scale="correlation")
    if labels == [False, True] or labels in ([True], [False]):
        yes = [place for place, label in enumerate(labels) if label is True]
        right, true, said = (part[:, yes].sum(axis=1) for part in (hits, truths, answers))
        precision, recall = _share(right, said, by), _share(right, true, by)
        f1 = estimated(np.stack([2 * right, true + said], axis=1), ratio, true + said, by, scale="share")
    else:
        precision, recall, f1 = figure(_precision), figure(_recall), figure(_f1)
    figures = (accuracy, precision, recall, f1, kappa, _NOT_FOR_NAMES)
    return dict(zip(_FIGURES, figures, strict=True))


def _of_grades(labels: list[Any], truth: Any, given: Any, by: Clusters) -> dict[str, Estimate]:
    """Return the figures of grades; sums are the cells of the confusion table."""
    count = len(labels)
    tables = _tally(by, truth * count + given, count * count)
    sizes = tables.sum(axis=1)
    hits = tables[:, :: count + 1].sum(axis=1)
    statistics: tuple[Statistic, ...] = (_weighted_kappa(np.array(labels, dtype=float)), spearman)
    kappa, rho = (estimated(tables, one, sizes, by, scale="correlation") for one in statistics)
    figures = (_share(hits, sizes, by), *[_NOT_FOR_GRADES] * 3, kappa, rho)
    return dict(zip(_FIGURES, figures, strict=True))


def _tally(by: Clusters, codes: Any, count: int, weights: Any = None) -> Floats:
    """Return how often each code occurs by cluster, shape (clusters, count)."""
    size = len(by) * count
    found = np.bincount(by.codes * count + codes, weights=weights, minlength=size)
    return found.astype(float).reshape(-1, count)


def _share(part: Floats, whole: Floats, by: Clusters) -> Estimate:
    """Return a share of counted rows; clusters without any of them say nothing."""
    some = whole > 0
    if not some.any():
        return Estimate(None, note="not enough data: there are none to count")
    contributions = np.stack([part[some], whole[some]], axis=1)
    return estimated(contributions, ratio, whole[some], by.only(some), scale="share", binary=True)


def _parts(totals: Floats) -> tuple[Floats, Floats, Floats]:
    hits, truths, answers = np.split(totals, 3, axis=-1)
    return hits, truths, answers


def _kappa(totals: Floats) -> Floats:
    hits, truths, answers = _parts(totals)
    n = truths.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        seen, chance = hits.sum(axis=-1) / n, (truths * answers).sum(axis=-1) / n**2
        return _where((seen - chance) / (1 - chance), chance < 1 - 1e-12)


def _macro(of_label: Callable[[Floats, Floats, Floats], Floats]) -> Statistic:
    """Return the mean of a figure over the labels that occur in the truth; 0 where one is never answered."""

    def statistic(totals: Floats) -> Floats:
        hits, truths, answers = _parts(totals)
        occurs = truths > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(occurs & (hits > 0), of_label(hits, truths, answers), 0.0)
            means: Floats = values.sum(axis=-1) / occurs.sum(axis=-1)
        return means

    return statistic


_precision = _macro(lambda hits, truths, answers: hits / answers)
_recall = _macro(lambda hits, truths, answers: hits / truths)
_f1 = _macro(lambda hits, truths, answers: 2 * hits / (truths + answers))


def _square(totals: Floats) -> Floats:
    count = round(totals.shape[-1] ** 0.5)
    return totals.reshape(*totals.shape[:-1], count, count)


def _weighted_kappa(grades: Floats) -> Statistic:
    weights = (grades[:, None] - grades) ** 2

    def statistic(totals: Floats) -> Floats:
        table = _square(totals)
        n = totals.sum(axis=-1)
        truths, answers = table.sum(axis=-1), table.sum(axis=-2)
        chance = np.einsum("...i,ij,...j->...", truths, weights, answers)
        with np.errstate(invalid="ignore", divide="ignore"):
            return _where(1 - n * (table * weights).sum(axis=(-2, -1)) / chance, chance > 0)

    return statistic


def spearman(totals: Floats) -> Floats:
    """Return Spearman's rank correlation from the cells of a table of counts; ties share their mean rank."""
    table = _square(totals)
    n = totals.sum(axis=-1)
    truths, answers = table.sum(axis=-1), table.sum(axis=-2)
    a, b = (np.cumsum(m, axis=-1) - m / 2 - n[..., None] / 2 for m in (truths, answers))
    joint = np.einsum("...ij,...i,...j->...", table, a, b)
    spreads = (truths * a**2).sum(axis=-1) * (answers * b**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _where(joint / np.sqrt(spreads), spreads > 0)


def _where(values: Floats, defined: Any) -> Floats:
    found: Floats = np.where(defined, values, np.nan)
    return found
