"""Experiments on classifiers of strategies: in-domain, out-of-domain, leave-one-out, on several trainings.

As Table 4 of Deshpande et al. (2024), with what it lacks: splits by parent dialogue, duplicates at equal
weight as the control for mapped data, paired intervals over dialogues, and the leak on purpose.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from negosim.errors import UserError
from negosim.gnome._classifier import ClassifierSpec, StrategyClassifier
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._inputs import labelled_texts
from negosim.gnome._labels import label_map
from negosim.gnome._metrics import (
    GroupSums,
    Interval,
    Resamples,
    class_accuracy,
    group_sums,
    macro_recall,
    weighted_f1,
)
from negosim.gnome._split import StrategySplit, split_by_group

Setting = Literal["in-domain", "out-of-domain", "leave-one-out"]
SETTINGS: tuple[Setting, ...] = ("in-domain", "out-of-domain", "leave-one-out")

Training = Literal["sources", "duplicates", "mapped", "mapped only", "leak"]
TRAININGS: dict[Training, str] = {
    "sources": "people's dialogues alone",
    "duplicates": "with copies of people's dialogues, as many as there are mapped ones",
    "mapped": "with the dialogues mapped from them",
    "mapped only": "the mapped dialogues alone",
    "leak": "with those mapped from test dialogues as well: on purpose, as an upper bound of cheating",
}

ALARM = 0.05
"""A rise in-domain by more than this, without one out of domain, is what a leak looks like."""


@dataclass(frozen=True)
class Cell:
    """One classifier, trained on some sources and tested on one, in one seed."""

    setting: Setting
    training: Training
    classifier: str
    seed: int
    trained_on: tuple[str, ...]
    tested_on: str
    found: GroupSums

    @property
    def f1(self) -> float:
        """Weighted F1."""
        return float(weighted_f1(self.found.sums.sum(axis=0)))


@dataclass(frozen=True)
class ExperimentRow:
    """The mean of the cells of one setting, training and classifier, over sources and seeds."""

    setting: Setting
    training: Training
    classifier: str
    cells: tuple[Cell, ...]
    f1: Interval
    draws: NDArray[np.float64]

    @property
    def recall(self) -> float:
        """Mean recall of classes, over cells."""
        return float(np.mean([macro_recall(cell.found.sums.sum(axis=0)) for cell in self.cells]))

    @property
    def accuracy(self) -> list[float]:
        """Accuracy by class ("class-wise joint accuracy"), over cells."""
        return [
            float(value)
            for value in np.mean([class_accuracy(cell.found.sums.sum(axis=0)) for cell in self.cells], axis=0)
        ]

    def by_labeller(self) -> dict[str, float]:
        """Return the mean F1 on what people labelled, and on what a parser did."""
        found: dict[str, list[float]] = {}
        for cell in self.cells:
            found.setdefault(label_map().source(cell.tested_on).labelled_by, []).append(cell.f1)
        return {name: float(np.mean(values)) for name, values in found.items()}

    def by_test(self) -> dict[str, float]:
        """Return the mean F1 by the source tested on."""
        names = dict.fromkeys(cell.tested_on for cell in self.cells)
        return {
            name: float(np.mean([cell.f1 for cell in self.cells if cell.tested_on == name])) for name in names
        }


@dataclass(frozen=True)
class Experiments:
    """All rows, and how they differ."""

    rows: tuple[ExperimentRow, ...]

    def row(self, setting: Setting, training: Training, classifier: str) -> ExperimentRow | None:
        """Return a row, None where it was not asked for."""
        for row in self.rows:
            if (row.setting, row.training, row.classifier) == (setting, training, classifier):
                return row
        return None

    def difference(self, one: ExperimentRow, other: ExperimentRow) -> Interval:
        """Return by how much one row's F1 is above another's, paired by dialogue."""
        return Interval.of(one.f1.value - other.f1.value, one.draws - other.draws)

    def alarms(self) -> list[str]:
        """Say which training raises F1 in-domain and not out of domain: it may have seen test dialogues."""
        found = []
        for row in self.rows:
            plain = self.row("in-domain", "sources", row.classifier)
            out = self.row("out-of-domain", row.training, row.classifier)
            plain_out = self.row("out-of-domain", "sources", row.classifier)
            if row.setting != "in-domain" or row.training == "sources" or plain is None:
                continue
            rise = row.f1.value - plain.f1.value
            beyond = None if out is None or plain_out is None else self.difference(out, plain_out)
            if rise > ALARM and (beyond is None or beyond.low <= 0):
                told = "not tested" if beyond is None else beyond.signed
                found.append(
                    f"{row.classifier}, {row.training}: F1 rises by {rise:.3f} in-domain, out of domain "
                    f"{told}: test dialogues or their children may be in training"
                )
        return found


def experiments(
    sources: Sequence[StrategyDialogue],
    mapped: Sequence[StrategyDialogue] = (),
    *,
    classifiers: Sequence[str] = ("majority", "tfidf", "tfidf-masked"),
    settings: Sequence[Setting] = SETTINGS,
    trainings: Sequence[Training] | None = None,
    seeds: int = 3,
    context: int = 0,
    watch: Callable[[int, int], None] = lambda made, wanted: None,
) -> Experiments:
    """Train and test classifiers in every setting, each with every training data.

    Args:
        sources: people's labelled dialogues, of two data sets or more.
        mapped: dialogues mapped from them; their parents' side of the split is theirs.
        classifiers: names as `ClassifierSpec.parse` reads them.
        settings: in-domain trains and tests on one source, out-of-domain tests on each other one,
            leave-one-out trains on all but the one tested on.
        trainings: None: the sources alone, and with mapped dialogues also duplicates, mapped, leak.
        seeds: splits, of which results are means.
        context: utterances before each that are read with it.
        watch: told how many trainings are over, and how many there will be.

    Raises:
        UserError: an argument is wrong, or there is too little data.

    """
    names = list(dict.fromkeys(dialogue.source for dialogue in sources))
    specs = [ClassifierSpec.parse(name, context) for name in classifiers]
    kinds = list(trainings or (("sources", "duplicates", "mapped", "leak") if mapped else ("sources",)))
    _check(names, mapped, settings, kinds, seeds)
    splits = [split_by_group(sources, seed) for seed in range(seeds)]
    plan = [
        (split, seed, spec, kind, trained)
        for seed, split in enumerate(splits)
        for spec in specs
        for kind in kinds
        for trained in _training_sets(names, settings)
        if not (spec.kind == "majority" and kind != "sources")
    ]
    cells: list[Cell] = []
    for number, (split, seed, spec, kind, trained) in enumerate(plan, 1):
        cells += _cells(split, seed, spec, kind, trained, names, mapped, settings)
        watch(number, len(plan))
    groups = {name: [item.group for item in sources if item.source == name] for name in names}
    return Experiments(tuple(_rows(cells, Resamples(groups))))


def _check(
    names: Sequence[str],
    mapped: Sequence[StrategyDialogue],
    settings: Sequence[Setting],
    kinds: Sequence[Training],
    seeds: int,
) -> None:
    if seeds < 1:
        raise UserError(f"seeds must be at least 1, not {seeds}")
    needed = {"in-domain": 1, "out-of-domain": 2, "leave-one-out": 3}
    for setting in settings:
        if len(names) < needed[setting]:
            raise UserError(
                f"{setting} needs {needed[setting]} data sets or more, and there are {len(names)}; name more "
                "runs, or leave the setting out"
            )
    if not mapped and set(kinds) != {"sources"}:
        raise UserError(f"training with {', '.join(kinds)} needs a mapped run; name one")


def _training_sets(names: Sequence[str], settings: Sequence[Setting]) -> Iterator[tuple[str, ...]]:
    """Yield what is trained on: each source, then all but each."""
    if {"in-domain", "out-of-domain"} & set(settings):
        yield from ((name,) for name in names)
    if "leave-one-out" in settings:
        yield from (tuple(other for other in names if other != name) for name in names)


def training_dialogues(
    split: StrategySplit, kind: Training, trained: Sequence[str], mapped: Sequence[StrategyDialogue]
) -> list[StrategyDialogue]:
    """Return what a classifier is trained on; nothing of it comes from a test dialogue but where it leaks.

    Args:
        split: of people's dialogues.
        kind: which training data.
        trained: the sources.
        mapped: the mapped dialogues.

    """
    own = [item for item in split.train if item.source in trained]
    children = [item for item in split.mapped_for_training(mapped) if item.source in trained]
    if kind == "sources":
        return own
    if kind == "duplicates":
        parents = {(item.source, item.id): item for item in own}
        return [*own, *(parents[item.source, str(item.parent)] for item in children)]
    if kind == "mapped only":
        return children
    if kind == "leak":
        children += [item for item in split.mapped_from_test(mapped) if item.source in trained]
    return [*own, *children]


def _cells(
    split: StrategySplit,
    seed: int,
    spec: ClassifierSpec,
    kind: Training,
    trained: tuple[str, ...],
    names: Sequence[str],
    mapped: Sequence[StrategyDialogue],
    settings: Sequence[Setting],
) -> Iterator[Cell]:
    made = StrategyClassifier.trained(spec, training_dialogues(split, kind, trained, mapped), seed)
    for tested in names:
        setting: Setting = "in-domain" if trained == (tested,) else "out-of-domain"
        if len(trained) > 1:
            setting = "leave-one-out"
        if setting not in settings or (setting == "leave-one-out" and tested in trained):
            continue
        test = [item for item in split.test if item.source == tested]
        read = labelled_texts(test)
        found = group_sums(read.marks, made.marks(test), read.groups)
        yield Cell(setting, kind, spec.name, seed, trained, tested, found)


def _rows(cells: Sequence[Cell], resamples: Resamples) -> Iterator[ExperimentRow]:
    for setting in SETTINGS:
        keys = dict.fromkeys((cell.classifier, cell.training) for cell in cells if cell.setting == setting)
        for classifier, training in keys:
            own = tuple(
                cell
                for cell in cells
                if (cell.setting, cell.classifier, cell.training) == (setting, classifier, training)
            )
            draws = np.mean([resamples.draws(cell.found) for cell in own], axis=0)
            mean = float(np.mean([cell.f1 for cell in own]))
            yield ExperimentRow(setting, training, classifier, own, Interval.of(mean, draws), draws)
