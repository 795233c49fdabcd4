"""Agreement as each perspective sees it, scenario by scenario, with and without deception."""

from functools import partial
from typing import TYPE_CHECKING

from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Block, Figure, Missing, Number, Prose, ReportTable, Row, Section
from negosim.reports._numbers import n_of, share
from negosim.reports._plots import Series, dots, legend_of, percent_axis
from negosim.reports._sentences import counted, extremes, intervals, joined
from negosim.reports._style import perspective_mark
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Agreement by perspective"
QUESTION = "agreement"
RECORD = "truth"

Cells = dict[tuple[str, str, str], Number]
"""By perspective, condition and scenario."""


def section(corpus: Corpus) -> Section:
    """Return who thinks that there is an agreement."""
    if not corpus.deal_ids:
        return Section("agreement", TITLE, (Missing("There is nothing to settle in these scenarios."),))
    blocks: list[Block] = []
    briefs = []
    judges: list[str | None] = [*corpus.judges_of(QUESTION)]
    for judge in judges or [None]:
        perspectives = _perspectives(corpus, judge)
        cells = _cells(corpus, judge, perspectives)
        data = _table(corpus, judge, perspectives, cells)
        blocks += [_figure(corpus, judge, perspectives, cells, data), _overall(corpus, judge, perspectives)]
        briefs.append(_overall(corpus, judge, perspectives))
    if not corpus.judges_of(QUESTION):
        said = "No judge has said whether the parties agreed; only the record's own outcome is shown."
        blocks.append(Missing(said, _commands.ask_model(corpus, "agreement")))
    return Section("agreement", TITLE, tuple(blocks), brief=briefs[0])


def _perspectives(corpus: Corpus, judge: str | None) -> list[str]:
    asked = [name for name, who in corpus.voices(QUESTION, judge) if who == judge] if judge else []
    return [RECORD, *(name for name in asked if name != RECORD)]


def _answers(corpus: Corpus, judge: str | None, perspective: str) -> tuple[Sample, str]:
    if perspective == RECORD or judge is None:
        return corpus.complete, "agreed"
    return corpus.answers(QUESTION, judge, perspective), "value"


def _cells(corpus: Corpus, judge: str | None, perspectives: list[str]) -> Cells:
    cells: Cells = {}
    for perspective in perspectives:
        sample, column = _answers(corpus, judge, perspective)
        for name in corpus.conditions:
            for key in corpus.scenario_ids:
                cells[perspective, name, key] = share(sample.only(scenario=key, condition=name), column)
    return cells


def _table(corpus: Corpus, judge: str | None, perspectives: list[str], cells: Cells) -> ReportTable:
    rows: tuple[Row, ...] = tuple(
        (key, names.condition(name), *(cells[perspective, name, key] for perspective in perspectives))
        for key in corpus.scenario_ids
        for name in corpus.conditions
    )
    return ReportTable(
        _key("agreement-by-scenario", corpus, judge),
        _title("Agreement rate by scenario", corpus, judge),
        ("scenario", "condition", *map(names.perspective, perspectives)),
        rows,
        words=2,
        about=_about(judge),
    )


def _overall(corpus: Corpus, judge: str | None, perspectives: list[str]) -> ReportTable:
    rows: list[Row] = []
    for perspective in perspectives:
        sample, column = _answers(corpus, judge, perspective)
        for name in corpus.conditions:
            rate = share(sample.only(condition=name), column)
            rows.append((names.perspective(perspective), names.condition(name), n_of(rate), rate))
    return ReportTable(
        _key("agreement", corpus, judge),
        _title("Agreement rate over all scenarios", corpus, judge),
        ("perspective", "condition", "n", "agreement"),
        tuple(rows),
        words=2,
        bars="agreement",
        about=_about(judge),
    )


def _figure(
    corpus: Corpus, judge: str | None, perspectives: list[str], cells: Cells, data: ReportTable
) -> Figure:
    lines = len(corpus.scenario_ids)
    height = 0.95 + lines * max(0.24, 0.1 + 0.11 * len(perspectives))
    return Figure(
        data.key,
        data.title,
        partial(_draw, corpus=corpus, perspectives=perspectives, cells=cells),
        height,
        data,
        joined([_caption(corpus, perspectives, cells), counted(cells.values(), "answers")], " ")
        + intervals(cells.values()),
    )


def _caption(corpus: Corpus, perspectives: list[str], cells: Cells) -> Prose:
    parts: list[Prose] = [("How often there is an agreement, as each perspective sees it.",)]
    for name in corpus.conditions:
        labelled = [(key, cells[RECORD, name, key]) for key in corpus.scenario_ids]
        said = extremes(labelled, f"{names.condition(name)}: by the record most often in", "least in")
        parts.append(_capital(said))
    return joined(parts, "")


def _capital(prose: Prose) -> Prose:
    """Begin the sentence of a paragraph with a capital letter."""
    if not prose or not isinstance(prose[0], str):
        return prose
    said = prose[0].lstrip()
    return (f" {said[:1].upper()}{said[1:]}", *prose[1:])


def _draw(canvas: "Canvas", *, corpus: Corpus, perspectives: list[str], cells: Cells) -> None:
    panels = canvas.subplots(1, len(corpus.conditions), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, corpus.conditions, strict=True):
        series = [
            Series(
                names.perspective(perspective),
                perspective_mark(perspective, position),
                [cells[perspective, name, key] for key in corpus.scenario_ids],
            )
            for position, perspective in enumerate(perspectives)
        ]
        dots(axes, corpus.scenario_ids, series)
        percent_axis(axes)
        axes.set_title(names.condition(name))
        axes.set_xlabel("dialogues with an agreement")
    legend_of(canvas, [(names.perspective(p), perspective_mark(p, i)) for i, p in enumerate(perspectives)])


def _key(key: str, corpus: Corpus, judge: str | None) -> str:
    judges = corpus.judges_of(QUESTION)
    return key if len(judges) < 2 or judge is None else f"{key}-{judges.index(judge) + 1}"


def _title(title: str, corpus: Corpus, judge: str | None) -> str:
    return title if judge is None else f"{title}, judged by {corpus.named(judge)}"


def _about(judge: str | None) -> tuple[tuple[str, str], ...]:
    return (("judge", judge),) if judge else ()
