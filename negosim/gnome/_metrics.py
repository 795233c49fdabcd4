"""Metrics of classifiers of strategies: weighted F1, accuracy by class, recall, confusion, with intervals.

All are functions of sums over groups of dialogues, so that an interval comes from resampling groups, and a
difference of two classifiers from the same resamples (paired).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from negosim.gnome._inputs import Marks

Floats = NDArray[np.float64]

DRAWS = 1000


@dataclass(frozen=True)
class GroupSums:
    """True and false positives and negatives by group and class: shape (groups, classes, 4)."""

    groups: tuple[str, ...]
    sums: Floats
    confusion: Floats
    """Utterances with a class (row) that were given another (column); shape (classes, classes)."""


def group_sums(truth: Marks, given: Marks, groups: Sequence[str]) -> GroupSums:
    """Return the sums of a classifier's marks on labelled utterances."""
    names = tuple(sorted(set(groups)))
    place = {name: number for number, name in enumerate(names)}
    codes = np.array([place[name] for name in groups], dtype=int)
    cells = np.stack([truth & given, ~truth & given, truth & ~given, ~truth & ~given], axis=-1)
    sums = np.zeros((len(names), truth.shape[1], 4))
    np.add.at(sums, codes, cells.astype(float))
    return GroupSums(names, sums, truth.T.astype(float) @ given.astype(float))


def weighted_f1(sums: Floats) -> Floats:
    """Return F1 by class weighted by how often the class is; `sums` of shape (..., classes, 4)."""
    hit, wrong, missed = sums[..., 0], sums[..., 1], sums[..., 2]
    support = hit + missed
    f1 = _ratio(2 * hit, 2 * hit + wrong + missed)
    return _ratio((f1 * support).sum(-1), support.sum(-1))


def macro_recall(sums: Floats) -> Floats:
    """Return the mean recall of the classes that occur."""
    hit, missed = sums[..., 0], sums[..., 2]
    occurs = (hit + missed) > 0
    return _ratio((_ratio(hit, hit + missed) * occurs).sum(-1), occurs.sum(-1))


def class_accuracy(sums: Floats) -> Floats:
    """Return for each class how often it is rightly given or rightly not ("class-wise joint accuracy")."""
    return _ratio(sums[..., 0] + sums[..., 3], sums.sum(-1))


def _ratio(part: Floats, whole: Floats) -> Floats:
    whole = np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)


class Resamples:
    """Draws of groups, the same for every classifier that is tested."""

    def __init__(self, groups: Mapping[str, Sequence[str]], seed: int = 0) -> None:
        """Take the groups of each source; each source is resampled by itself."""
        random = np.random.default_rng(seed)
        self._weights: dict[str, Floats] = {}
        for _, names in sorted(groups.items()):
            ordered = sorted(set(names))
            drawn = random.multinomial(len(ordered), [1 / len(ordered)] * len(ordered), size=DRAWS)
            self._weights |= {name: drawn[:, place].astype(float) for place, name in enumerate(ordered)}

    def draws(self, found: GroupSums) -> Floats:
        """Return the weighted F1 of each resample."""
        weights = np.stack([self._weights[name] for name in found.groups], axis=1)
        return weighted_f1(np.einsum("dg,gck->dck", weights, found.sums))


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval over groups of dialogues."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: Floats) -> "Interval":
        """Return the percentile interval of resampled values."""
        low, high = np.percentile(draws, [2.5, 97.5])
        return cls(value, float(low), float(high))

    @property
    def signed(self) -> str:
        """Write a difference and its bounds with their signs."""
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"

    def __str__(self) -> str:
        """Write value and bounds."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"
