"""Concession: what offers were worth to the one who made them, turn by turn."""

from functools import partial
from typing import TYPE_CHECKING

from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Figure, Missing, Number, Prose, ReportTable, Row
from negosim.reports._numbers import bare, count, mean, n_of
from negosim.reports._plots import legend_of
from negosim.reports._sentences import intervals, joined
from negosim.reports._style import FAINT, condition_mark
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

SPAN = 4
"""Utterances a point of the curve takes together."""

Curve = list[tuple[int, Number]]


def concession(corpus: Corpus) -> Figure | Missing:
    """Return how demands fall over the dialogue."""
    offers = corpus.offers
    complete = offers.only(complete=True).known("own_share") if len(offers) else offers
    if not len(complete):
        return Missing(
            "No dialogue has a complete offer (a value for every issue) of which is known what it is worth, "
            "so there is no concession curve."
        )
    curves = {
        (role, name): _curve(complete.only(agent=role, condition=name))
        for role in range(corpus.agents)
        for name in corpus.conditions
    }
    table = _table(curves)
    points = [number for curve in curves.values() for _, number in curve]
    return Figure(
        "concession",
        "Concession curves",
        partial(_draw, curves=curves, corpus=corpus),
        2.75,
        table,
        joined([_caption(curves, count(complete)), intervals(points)], ""),
    )


def _curve(sample: Sample) -> Curve:
    return [
        (int(span), mean(sample.only(turn=list(range(span * SPAN, (span + 1) * SPAN))), "own_share"))
        for span in sorted((sample.frame["turn"] // SPAN).unique())
    ]


def _table(curves: dict[tuple[int, str], Curve]) -> ReportTable:
    rows: list[Row] = []
    for (role, name), curve in curves.items():
        for span, number in curve:
            label = f"{span * SPAN + 1} to {span * SPAN + SPAN}"
            rows.append((names.agent(role), names.condition(name), label, n_of(number), number))
    columns = ("agent", "condition", "utterances", "offers", "own share")
    return ReportTable("concession", "Own share of offers by utterance", columns, tuple(rows), words=3)


def _caption(curves: dict[tuple[int, str], Curve], offers: Number) -> Prose:
    said: Prose = (
        "What an offer was worth to the one who made it: 1 is the best possible deal, 0 the reservation "
        "value. All scenarios together; n = ",
        offers,
        " complete offers. Towards the right there are only the dialogues that lasted so long.",
    )
    parts = [said]
    for (role, name), curve in curves.items():
        if len(curve) >= 2:
            parts.append(
                (
                    f" {names.agent(role).capitalize()} ({names.condition(name)}): from ",
                    bare(curve[0][1]),
                    " at first to ",
                    bare(curve[-1][1]),
                    " at last.",
                )
            )
    return joined(parts, "")


def _draw(canvas: "Canvas", *, curves: dict[tuple[int, str], Curve], corpus: Corpus) -> None:
    panels = canvas.subplots(1, corpus.agents, sharey=True, squeeze=False)[0]
    for (role, name), curve in curves.items():
        position = corpus.conditions.index(name)
        mark = condition_mark(name, position)
        known = [(span * SPAN + SPAN / 2 + 0.5, number) for span, number in curve if number.value is not None]
        shift = (position - (len(corpus.conditions) - 1) / 2) * 0.5
        for turn, number in known:
            if number.low is not None:
                panels[role].plot([turn + shift] * 2, [number.low, number.high], color=mark.colour, lw=0.9)
        panels[role].plot(
            [turn + shift for turn, _ in known],
            [number.value for _, number in known],
            marker=mark.marker,
            color=mark.colour,
            markerfacecolor=mark.face,
            markersize=4,
            lw=1,
            ls="-" if position == 0 else (0, (4, 2)),
        )
    for role, axes in enumerate(panels):
        axes.set_title(names.agent(role))
        axes.set_xlabel("utterance")
        axes.grid(color=FAINT, lw=0.4)
        axes.axhline(0, color="#444444", lw=0.6)
    panels[0].set_ylabel("own share of the offer")
    marks = [(names.condition(name), condition_mark(name, i)) for i, name in enumerate(corpus.conditions)]
    legend_of(canvas, marks)
