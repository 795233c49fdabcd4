"""Section: quality of judges where the truth is known."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from negosim.measures import Calibration, calibration, people_as_truth
from negosim.records import PERSON, SIMULATED, TRUTH
from negosim.reports import _commands
from negosim.reports._corpus import ORACLE, Corpus, Sample, perspective_order
from negosim.reports._model import Block, Figure, Missing, Name, Number, Prose, ReportTable, Row, Rows
from negosim.reports._numbers import bare, from_estimate
from negosim.reports._plots import Series, dots, legend_of, percent_axis
from negosim.reports._sentences import counted, intervals, joined, listing
from negosim.reports._style import mark_of
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

RESOLUTION = "resolution"
Line = tuple[str, str]
"""Question and perspective."""


@dataclass(frozen=True)
class Compared:
    """How a judge compares with the truth, and the judgements it was computed from."""

    found: Calibration
    rows: Rows
    judge: Name
    truth: str = "the answers from the perspective truth"
    """What its answers are held against, in words."""

    def how(self, statistic: str) -> dict[str, str]:
        """Return how a figure is computed, for the trace."""
        return {"statistic": statistic, "against": self.truth}

    @property
    def label(self) -> tuple[Name, str, str]:
        """Judge, question and perspective as tables name them."""
        found = self.found
        return self.judge, found.question, names.perspective(found.perspective)

    @property
    def n(self) -> Number:
        """How many answers were compared."""
        return Number(f"{self.found.n:,}", self.found.n, self.found.n, self.rows, how=self.how("n"))

    @property
    def kappa(self) -> Number:
        """Agreement beyond chance."""
        return from_estimate(self.found.kappa, self.rows, self.how("kappa"))

    def percent(self, name: str) -> Number:
        """Return one of the figures that are shares."""
        return from_estimate(getattr(self.found, name), self.rows, self.how(name), percent=True, places=0)

    def cell(self, truth: object, answer: object) -> Number:
        """Return how often the truth was answered so."""
        table = self.found.confusion
        known = truth in table.index and answer in table.columns
        count = int(cast(Any, table).loc[truth, answer]) if known else 0
        how = {**self.how("confusion"), "truth": truth, "answer": answer}
        return Number(f"{count:,}", count, self.found.n, self.rows, how=how)


def calibrated(corpus: Corpus, sample: Sample) -> list[Block]:
    """Return how judges compare with the truth and with people, or what would make that."""
    people = _with_people(corpus, sample)
    against_truth = _with_truth(corpus, sample)
    return people if people and isinstance(against_truth[0], Missing) else [*against_truth, *people]


def _with_people(corpus: Corpus, sample: Sample) -> list[Block]:
    """Return how judges compare with what most people said of the same."""
    found = sorted(calibration(people_as_truth(sample.frame), scope=sample.scope), key=_place)
    readers = [judge for judge in corpus.judges if judge.startswith(PERSON)]
    answered = []
    for each in (each for each in found if each.n):
        rows = asked(sample.only(judge=[each.judge, *readers]), each.question).rows
        answered.append(Compared(each, rows, corpus.named(each.judge), "what most people said"))
    if not answered:
        return []
    said = "n usable answers about what people judged too; the truth is what most of them said. κ: Cohen's, "
    said += "for grades with quadratic weights; ρ: Spearman's. Krippendorff's α among all is further below."
    table = replace(
        _table(answered), key="calibration-people", title="Judges against people", caption=(said,)
    )
    detection = replace(
        _of_yes(answered), key="calibration-people-detection", title="Precision and recall, people"
    )
    return [block for block in (table, detection) if block.rows]


def _with_truth(corpus: Corpus, sample: Sample) -> list[Block]:
    if not (sample.frame["perspective"] == TRUTH).any():
        simulated = any(SIMULATED in run.config.models for run in corpus.runs)
        said = "How good the judges are is not known: there is no truth to hold their answers against."
        if simulated:
            return [Missing(said, _commands.judge(corpus, "--judge-model oracle"))]
        return [Missing(f"{said} It is known for simulated dialogues.", _commands.calibrate(corpus))]
    found = sorted(calibration(sample.frame, scope=sample.scope), key=_place)
    answered = [Compared(each, _selected(each, sample), corpus.named(each.judge)) for each in found if each.n]
    if not answered:
        return [Missing("The judges gave no usable answer to a question whose truth is known.")]
    blocks: list[Block] = [_verdict(answered), _figure(answered), _table(answered), _of_yes(answered)]
    return [*blocks, *(table for table in (_confusion(answered), _grades(answered)) if table.rows)]


def _selected(each: Calibration, sample: Sample) -> Rows:
    """Return the judge's answers and the truth's."""
    found = sample.only(judge=[each.judge, ORACLE], perspective=[each.perspective, TRUTH])
    return asked(found, each.question).rows


def asked(sample: Sample, question: str) -> Sample:
    """Return the answers to a question; all resolution questions, taken as one, are found by their set."""
    found = sample.only(question=question)
    if question != RESOLUTION:
        return found
    where = {key: value for key, value in found.where.items() if key != "question"}
    return replace(found, where={**where, "questions": RESOLUTION})


def _place(each: Calibration) -> tuple[object, ...]:
    return each.judge, *_line_place(each)


def _line_place(each: Calibration) -> tuple[object, ...]:
    return each.question, perspective_order(each.perspective)


def _verdict(compared: list[Compared]) -> Prose:
    """Say plainly where a judge is no better than chance, and where it is best."""
    parts: list[Prose] = []
    for judge, who in _judges(compared).items():
        own = [each for each in compared if each.found.judge == judge and each.kappa.value is not None]
        if not own:
            parts.append((who, " cannot be held against chance: too few answers vary."))
            continue
        best = max(own, key=lambda each: each.kappa.value or 0.0)
        said = f" agrees best with the truth on {_named(best)}, κ = "
        parts.append((who, said, bare(best.kappa), "."))
        chance = [each for each in own if each.kappa.low is None or each.kappa.low <= 0]
        if chance:
            listed = listing([_named(each) for each in chance])
            parts.append((f"It is not shown to be better than chance on {listed}.",))
    return joined(parts)


def _judges(compared: list[Compared]) -> dict[str, Name]:
    return {each.found.judge: each.judge for each in sorted(compared, key=lambda each: each.found.judge)}


def _named(each: Compared) -> str:
    return f"{each.found.question} ({names.perspective(each.found.perspective)})"


def _figure(compared: list[Compared]) -> Figure:
    ordered = sorted((each.found for each in compared), key=_line_place)
    lines = list(dict.fromkeys((each.question, each.perspective) for each in ordered))
    judges = _judges(compared)
    cells: dict[tuple[str, str, Line], Number] = {}
    for each in compared:
        line = (each.found.question, each.found.perspective)
        cells["accuracy", each.found.judge, line] = each.percent("accuracy")
        cells["kappa", each.found.judge, line] = each.kappa
    said: Prose = (
        "Left: share of answers that are the truth's. Right: agreement beyond chance, where 0 is what "
        "guessing would reach and 1 is perfect.",
    )
    return Figure(
        "calibration-figure",
        "Judges against the truth",
        partial(_draw, lines=lines, judges=judges, cells=cells),
        0.95 + len(lines) * max(0.2, 0.12 * len(judges) + 0.08),
        _table(compared),
        joined([said, counted(cells.values(), "answers")]) + intervals(cells.values()),
    )


def _draw(
    canvas: "Canvas",
    *,
    lines: list[Line],
    judges: dict[str, Name],
    cells: dict[tuple[str, str, Line], Number],
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
    legend_of(canvas, [(str(who), mark_of(i)) for i, who in enumerate(judges.values())], columns=3)


def _table(compared: list[Compared]) -> ReportTable:
    rows: list[Row] = []
    for each in compared:
        rho = from_estimate(each.found.spearman, each.rows, each.how("spearman"))
        rows.append(
            (*each.label, each.n, each.percent("coverage"), each.percent("accuracy"), each.kappa, rho)
        )
    return ReportTable(
        "calibration",
        "Judges against the truth",
        ("judge", "question", "perspective", "n", "usable", "accuracy", "κ", "ρ"),
        tuple(rows),
        words=3,
        caption=(
            "n usable answers whose truth is known. κ: Cohen's, for grades with quadratic weights; ρ: "
            "Spearman's, for grades. All conditions together.",
        ),
    )


def _of_yes(compared: list[Compared]) -> ReportTable:
    rows: list[Row] = [
        (*each.label, each.n, *map(each.percent, ("precision", "recall", "f1")))
        for each in compared
        if each.found.kind != "degree"
    ]
    return ReportTable(
        "calibration-detection",
        "Precision and recall",
        ("judge", "question", "perspective", "n", "precision", "recall", "F1"),
        tuple(rows),
        words=3,
        caption=("Of the answer yes; for choices the mean over what occurs in the truth.",),
    )


def _confusion(compared: list[Compared]) -> ReportTable:
    """Return the four counts of yes-or-no questions."""
    pairs = [(truth, answer) for truth in (True, False) for answer in (True, False)]
    asked = [each for each in compared if each.found.kind == "yes_no"]
    rows: list[Row] = [(*each.label, *(each.cell(*pair) for pair in pairs)) for each in asked]
    heads = ("yes, said yes", "yes, said no", "no, said yes", "no, said no")
    return ReportTable(
        "confusion",
        "Confusion of yes and no",
        ("judge", "question", "perspective", *heads),
        tuple(rows),
        words=3,
        caption=("The truth first, then the answer.",),
    )


def _grades(compared: list[Compared]) -> ReportTable:
    """Return the counts of graded questions: a row a true grade, a column an answer."""
    graded = [each for each in compared if each.found.kind == "degree"]
    answers = sorted({grade for each in graded for grade in each.found.confusion.columns})
    rows: list[Row] = [
        (*each.label, f"{truth:g}", *(each.cell(truth, answer) for answer in answers))
        for each in graded
        for truth in each.found.confusion.index
        if each.found.confusion.loc[truth].sum()
    ]
    heads = (f"said {answer:g}" for answer in answers)
    columns = ("judge", "question", "perspective", "truth", *heads)
    caption = ("How often each true grade was answered with which.",)
    return ReportTable(
        "confusion-grades", "Confusion of grades", columns, tuple(rows), words=4, caption=caption
    )
