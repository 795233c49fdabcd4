"""Conversation quality by aspect: the whole distribution, not only means."""

from functools import partial
from typing import TYPE_CHECKING

from negosim.records import THIRD_PARTY
from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Figure, Missing, Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import GRADES, count, grade
from negosim.reports._plots import grade_legend, graded
from negosim.reports._sentences import extremes, joined
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Conversation quality"
PREFIX = "quality-"


def section(corpus: Corpus) -> Section:
    """Return how each judge grades the conversations, aspect by aspect."""
    grades = _grades(corpus)
    if not len(grades):
        missing = Missing(
            "No judge has graded the conversations. The oracle does not: quality is an opinion.",
            _commands.ask_model(corpus, "quality"),
        )
        return Section("quality", TITLE, (missing,))
    blocks: list[Block] = []
    briefs = []
    judges = sorted(grades.frame["judge"].unique())
    for number, judge in enumerate(judges, 1):
        own = grades.only(judge=judge)
        suffix = f"-{number}" if len(judges) > 1 else ""
        means = _means(corpus, own, judge, f"quality{suffix}")
        blocks += [_figure(corpus, own, judge, f"quality-distribution{suffix}", means), means]
        briefs.append(_brief(corpus, own, judge))
    return Section("quality", TITLE, tuple(blocks), brief=briefs[0])


def _grades(corpus: Corpus) -> Sample:
    asked = [str(q) for q in corpus.judged.frame["question"].unique() if str(q).startswith(PREFIX)]
    return corpus.judged.only(question=sorted(asked), perspective=THIRD_PARTY, status="ok")


def _aspects(sample: Sample) -> list[str]:
    """Return the questions asked, best first."""
    ordered = [
        (grade(sample.only(question=q), "value").value or 0, q) for q in sample.frame["question"].unique()
    ]
    return [question for _, question in sorted(ordered, key=lambda pair: (-pair[0], pair[1]))]


def aspect(question: str) -> str:
    """Return an aspect's name: "user understanding"."""
    return question.removeprefix(PREFIX).replace("-", " ")


def _means(corpus: Corpus, sample: Sample, judge: str, key: str) -> ReportTable:
    rows: list[Row] = []
    for question in _aspects(sample):
        parts = [sample.only(question=question, condition=name) for name in corpus.conditions]
        cells = [number for part in parts for number in (count(part), grade(part, "value"))]
        rows.append((aspect(question), *cells))
    conditions = map(names.condition, corpus.conditions)
    heads = [head for name in conditions for head in (f"n, {name}", name)]
    return ReportTable(
        key,
        f"Mean grades by aspect, judged by {corpus.named(judge)}",
        ("aspect", *heads),
        tuple(rows),
        caption=("Grades run from 1 (poor) to 5 (excellent).",),
        about=(("judge", judge),),
    )


def _brief(corpus: Corpus, sample: Sample, judge: str) -> ReportTable:
    rows: list[Row] = [
        (aspect(q), count(sample.only(question=q)), grade(sample.only(question=q), "value"))
        for q in _aspects(sample)
    ]
    title = f"Mean grades, judged by {corpus.named(judge)}"
    return ReportTable("quality-brief", title, ("aspect", "n", "grade"), tuple(rows), bars="grade")


def _distribution(corpus: Corpus, sample: Sample, judge: str, key: str) -> ReportTable:
    rows: list[Row] = []
    for name in corpus.conditions:
        for question in _aspects(sample):
            part = sample.only(question=question, condition=name)
            counts = [count(part.only(value=each)) for each in GRADES]
            rows.append((names.condition(name), aspect(question), count(part), *counts))
    columns = ("condition", "aspect", "n", *map(str, GRADES))
    return ReportTable(key, "Answers by grade", columns, tuple(rows), words=2, about=(("judge", judge),))


def _figure(corpus: Corpus, sample: Sample, judge: str, key: str, means: ReportTable) -> Figure:
    data = _distribution(corpus, sample, judge, key)
    return Figure(
        key,
        f"Grades by aspect, judged by {corpus.named(judge)}",
        partial(_draw, corpus=corpus, data=data, aspects=[aspect(q) for q in _aspects(sample)]),
        1.0 + 0.2 * len(means.rows),
        data,
        _caption(sample, data),
    )


def _caption(sample: Sample, data: ReportTable) -> Prose:
    labelled = [(aspect(q), grade(sample.only(question=q), "value")) for q in _aspects(sample)]
    counts = [row[2] for row in data.rows if isinstance(row[2], Number)]
    least, most = min(counts, key=lambda c: c.n), max(counts, key=lambda c: c.n)
    said: Prose = (
        "Share of answers by grade, from 1 (poor) on the left to 5 (excellent) on the right; the middle "
        "grade lies across the line. Aspects are ordered by mean grade.",
    )
    n: Prose = (
        (" n = ", least, " to ", most, " dialogues a bar.") if least.n != most.n else (" n = ", least, ".")
    )
    return joined([said, extremes(labelled, "The best is", "the weakest"), n], "")


def _draw(canvas: "Canvas", *, corpus: Corpus, data: ReportTable, aspects: list[str]) -> None:
    panels = canvas.subplots(1, len(corpus.conditions), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, corpus.conditions, strict=True):
        shares = []
        for row in data.rows:
            if row[0] == names.condition(name):
                n, *counts = (cell.n for cell in row[2:] if isinstance(cell, Number))
                shares.append([each / n if n else 0.0 for each in counts])
        graded(axes, aspects, shares)
        axes.set_title(names.condition(name))
        axes.set_xlabel("share of answers")
    grade_legend(canvas, ("poor", "excellent"))
