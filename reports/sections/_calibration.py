"""How good judges are where the truth is known."""

from functools import partial
from typing import TYPE_CHECKING

from negosim.measures import Calibration, calibration
from negosim.records import TRUTH
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample, perspective_order
from negosim.reports._model import Block, Figure, Missing, Number, Prose, Rows, Table
from negosim.reports._numbers import bare, from_estimate
from negosim.reports._plots import Series, dots, legend_of, percent_axis
from negosim.reports._sentences import counted, intervals, joined, listing
from negosim.reports._style import mark_of
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

Line = tuple[str, str]
"""Question and perspective."""


def calibrated(corpus: Corpus, sample: Sample) -> list[Block]:
    """Return figure and tables of how judges compare with the truth, or what would make them."""
    if not (sample.frame["perspective"] == TRUTH).any():
        simulated = any("sim" in run.config.models for run in corpus.runs)
        said = "How good the judges are is not known: there is no truth to hold their answers against."
        if simulated:
            return [Missing(said, _commands.judge(corpus, "--judge-model oracle"))]
        return [Missing(f"{said} It is known for simulated dialogues.", _commands.calibrate(corpus))]
    found = sorted(calibration(sample.frame), key=_place)
    answered = [each for each in found if each.n]
    if not answered:
        return [Missing("The judges gave no usable answer to a question whose truth is known.")]
    judges = sorted({each.judge for each in answered})
    blocks: list[Block] = [_verdict(answered, sample), _figure(answered, judges, sample)]
    blocks += [_table(answered, sample), _of_yes(answered, sample), _confusion(answered, sample)]
    grades = _grades(answered, sample)
    return [*blocks, grades] if grades.rows else blocks


def _place(each: Calibration) -> tuple[object, ...]:
    return each.judge, each.question, perspective_order(each.perspective)


def _rows(each: Calibration, sample: Sample) -> Rows:
    return sample.only(judge=each.judge, question=each.question, perspective=each.perspective).rows


def _label(each: Calibration) -> tuple[str, str, str]:
    return names.short_model(each.judge), each.question, names.perspective(each.perspective)


def _n(each: Calibration, sample: Sample) -> Number:
    return Number(f"{each.n:,}", each.n, each.n, _rows(each, sample))


def _kappa(each: Calibration, sample: Sample) -> Number:
    return from_estimate(each.kappa, _rows(each, sample))


def _verdict(found: list[Calibration], sample: Sample) -> Prose:
    """Say plainly where a judge is no better than chance, and where it is best."""
    parts: list[Prose] = []
    for judge in sorted({each.judge for each in found}):
        own = [each for each in found if each.judge == judge and each.kappa.value is not None]
        if not own:
            who = names.short_model(judge)
            parts.append((f"{who} cannot be held against chance: too few answers vary.",))
            continue
        best = max(own, key=lambda each: each.kappa.value or 0.0)
        where = f"{best.question} ({names.perspective(best.perspective)}"
        said = f"{names.short_model(judge)} agrees best with the truth on {where}, κ = "
        parts.append((said, bare(_kappa(best, sample)), ")."))
        chance = [each for each in own if not (each.kappa.low is not None and each.kappa.low > 0)]
        if chance:
            labels = [f"{each.question} ({names.perspective(each.perspective)})" for each in chance]
            parts.append((f"It is not shown to be better than chance on {listing(labels)}.",))
    return joined(parts)


def _figure(found: list[Calibration], judges: list[str], sample: Sample) -> Figure:
    lines = list(dict.fromkeys((each.question, each.perspective) for each in sorted(found, key=_by_line)))
    by_line = {(each.judge, each.question, each.perspective): each for each in found}
    cells: dict[tuple[str, str, Line], Number] = {}
    for judge in judges:
        for line in lines:
            if (each := by_line.get((judge, *line))) is not None:
                accuracy = from_estimate(each.accuracy, _rows(each, sample), percent=True, places=0)
                cells["accuracy", judge, line] = accuracy
                cells["kappa", judge, line] = _kappa(each, sample)
    said: Prose = (
        "Left: share of answers that are the truth's. Right: agreement beyond chance, where 0 is what "
        "guessing would reach and 1 is perfect.",
    )
    return Figure(
        "calibration-figure",
        "Judges against the truth",
        partial(_draw, lines=lines, judges=judges, cells=cells),
        0.95 + len(lines) * max(0.2, 0.12 * len(judges) + 0.08),
        _table(found, sample),
        joined([said, counted(cells.values(), "answers")]) + intervals(cells.values()),
    )


def _by_line(each: Calibration) -> tuple[object, ...]:
    return each.question, perspective_order(each.perspective)


def _draw(
    canvas: "Canvas", *, lines: list[Line], judges: list[str], cells: dict[tuple[str, str, Line], Number]
) -> None:
    panels = canvas.subplots(1, 2, sharey=True)
    labels = [f"{question}, {names.perspective(perspective)}" for question, perspective in lines]
    for axes, figure in zip(panels, ("accuracy", "kappa"), strict=True):
        series = [
            Series(judge, mark_of(place), [cells.get((figure, judge, line)) for line in lines])
            for place, judge in enumerate(judges)
        ]
        dots(axes, labels, series)
    percent_axis(panels[0])
    panels[0].set_xlabel("accuracy")
    panels[1].axvline(0, color="#444444", lw=0.8)
    panels[1].set_xlim(min(-0.35, panels[1].get_xlim()[0]), 1.03)
    panels[1].set_xlabel("Cohen's κ (0: chance)")
    legend_of(canvas, [(names.short_model(judge), mark_of(i)) for i, judge in enumerate(judges)], columns=3)


def _table(found: list[Calibration], sample: Sample) -> Table:
    rows = []
    for each in found:
        source = _rows(each, sample)
        cells = (
            from_estimate(each.coverage, source, percent=True, places=0),
            from_estimate(each.accuracy, source, percent=True, places=0),
            _kappa(each, sample),
            from_estimate(each.spearman, source),
        )
        rows.append((*_label(each), _n(each, sample), *cells))
    return Table(
        "calibration",
        "Judges against the truth",
        ("judge", "question", "perspective", "n", "usable", "accuracy", "κ", "ρ"),
        tuple(rows),
        words=3,
        caption=(
            "n usable answers whose truth is known. κ: Cohen's, for grades with quadratic weights; ρ: "
            "Spearman's, for grades. Brackets are 95 % intervals.",
        ),
    )


def _of_yes(found: list[Calibration], sample: Sample) -> Table:
    rows = []
    for each in found:
        if each.kind != "degree":
            source = _rows(each, sample)
            parts = (each.precision, each.recall, each.f1)
            cells = [from_estimate(part, source, percent=True, places=0) for part in parts]
            rows.append((*_label(each), _n(each, sample), *cells))
    return Table(
        "calibration-detection",
        "Precision and recall",
        ("judge", "question", "perspective", "n", "precision", "recall", "F1"),
        tuple(rows),
        words=3,
        caption=("Of the answer yes; for choices the mean over what occurs in the truth.",),
    )


def _confusion(found: list[Calibration], sample: Sample) -> Table:
    """Return the four counts of yes-or-no questions."""
    rows = []
    for each in found:
        if each.kind == "yes_no":
            cells = [
                _cell(each, sample, truth, answer) for truth in (True, False) for answer in (True, False)
            ]
            rows.append((*_label(each), *cells))
    heads = ("yes, said yes", "yes, said no", "no, said yes", "no, said no")
    return Table(
        "confusion",
        "Confusion of yes and no",
        ("judge", "question", "perspective", *heads),
        tuple(rows),
        words=3,
        caption=("The truth first, then the answer.",),
    )


def _grades(found: list[Calibration], sample: Sample) -> Table:
    """Return the counts of graded questions: a row a true grade, a column an answer."""
    graded = [each for each in found if each.kind == "degree"]
    answers = sorted({grade for each in graded for grade in each.confusion.columns})
    rows = [
        (*_label(each), f"{truth:g}", *(_cell(each, sample, truth, answer) for answer in answers))
        for each in graded
        for truth in each.confusion.index
        if each.confusion.loc[truth].sum()
    ]
    heads = (f"said {answer:g}" for answer in answers)
    columns = ("judge", "question", "perspective", "truth", *heads)
    return Table("confusion-grades", "Confusion of grades", columns, tuple(rows), words=4)


def _cell(each: Calibration, sample: Sample, truth: object, answer: object) -> Number:
    known = truth in each.confusion.index and answer in each.confusion.columns
    found = int(each.confusion.loc[truth, answer]) if known else 0
    return Number(f"{found:,}", found, each.n, _rows(each, sample))
