"""Beliefs: how far each agent's idea of the other is from the truth, before and after."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from negosim.reports import _commands
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Figure, Missing, Number, Prose, ReportTable, Section
from negosim.reports._numbers import bare, change, mean, n_of
from negosim.reports._plots import Series, dots, legend_of
from negosim.reports._sentences import counted, intervals, joined
from negosim.reports._style import BLUE, ORANGE, SeriesStyle
from negosim.reports.sections import _names as names
from negosim.reports.sections._curves import SPAN, Line, curve, draw_curves, thin_ends

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

TITLE = "Belief misalignment"
KINDS = {"reservation_error": "reservation value", "priority_error": "priorities"}
SHORT = {"reservation_error": "limit", "priority_error": "priorities"}
PRIORS = {"reservation_error": "reservation_prior", "priority_error": "priority_prior"}
WHEN = {"before": SeriesStyle(ORANGE, "o", "", filled=False), "after": SeriesStyle(BLUE, "s", "////")}

Cells = dict[tuple[str, Line, str], Number]


def section(corpus: Corpus) -> Section:
    """Return how far beliefs are from the truth and how much the dialogue moved them."""
    if not corpus.deal_ids:
        return Section("beliefs", TITLE, (Missing("Beliefs are about deals, and there are none here."),))
    if not len(corpus.beliefs):
        missing = Missing(
            "The agents have not been asked what they believe about each other.",
            _commands.judge(corpus, "--questions beliefs"),
        )
        return Section("beliefs", TITLE, (missing,))
    lines = [(role, name) for role in range(corpus.agents) for name in corpus.conditions]
    cells = {
        (kind, line, when): mean(_sample(corpus, line).only(when=when), kind)
        for kind in KINDS
        for line in lines
        for when in WHEN
    }
    table = _table(corpus, lines, cells)
    figure = Figure(
        "beliefs-figure",
        "Distance of beliefs to the truth, before and after",
        partial(_draw, lines=lines, cells=cells),
        0.85 + 0.32 * len(lines),
        table,
        joined([_caption(lines, cells), counted(cells.values(), "beliefs")], " ") + intervals(cells.values()),
    )
    return Section("beliefs", TITLE, (figure, table, *_over_turns(corpus, lines)), brief=table)


def _over_turns(corpus: Corpus, lines: list[Line]) -> Iterator[Figure]:
    """Yield the curves of beliefs, where agents were asked in between."""
    if not len(corpus.beliefs.only(when="during")):
        return
    curves = {kind: {line: curve(_sample(corpus, line), kind) for line in lines} for kind in KINDS}
    every = {(*line, kind): one for kind, of_kind in curves.items() for line, one in of_kind.items()}
    rows = [
        (SHORT[kind], names.agent(role), names.condition(name), _span(span), n_of(number), number)
        for (role, name, kind), one in every.items()
        for span, number in one
    ]
    columns = ("about", "agent", "condition", "utterances", "n", "error")
    table = ReportTable("beliefs-turns", "Error of beliefs over the dialogue", columns, tuple(rows), words=4)
    points = [number for one in every.values() for _, number in one]
    thin = "".join(dict.fromkeys(thin_ends(of_kind) for of_kind in curves.values()))
    caption = f"0 is the truth. Towards the right there are only the dialogues that lasted so long.{thin}"
    drawn_rows = [(f"error, {KINDS[kind]}", of_kind) for kind, of_kind in curves.items()]
    yield Figure(
        "beliefs-turns-figure",
        "Distance of beliefs to the truth over the dialogue",
        partial(draw_curves, rows=drawn_rows, agents=corpus.agents),
        4.4,
        table,
        joined([(caption,), intervals(points)], ""),
    )


def _span(number: int) -> str:
    return f"{number * SPAN} to {number * SPAN + SPAN - 1}"


def _sample(corpus: Corpus, line: Line) -> Sample:
    return corpus.beliefs.only(believer=line[0], condition=line[1])


def _table(corpus: Corpus, lines: list[Line], cells: Cells) -> ReportTable:
    rows = []
    for kind, words in SHORT.items():
        for role, name in lines:
            before, after = (cells[kind, (role, name), when] for when in WHEN)
            moved = change(_sample(corpus, (role, name)), kind, "when", "before", "after")
            nothing = bare(mean(_sample(corpus, (role, name)).only(when="before"), PRIORS[kind]))
            rows.append((words, names.agent(role), names.condition(name), nothing, before, after, moved))
    return ReportTable(
        "beliefs",
        "Error of beliefs about the other side",
        ("about", "agent", "condition", "prior", "before", "after", "change"),
        tuple(rows),
        words=3,
        caption=(
            "Limit: distance of the believed reservation value to the truth in parts of the other's scale "
            "from its worst to its best deal. Priorities: total variation distance between believed and true "
            "shares of importance. Both run from 0 (right) to 1; a change below 0 is an approach to the "
            "truth. Prior: the error of whoever believes in the middle of the scale and in issues of the "
            "same importance.",
        ),
    )


def _caption(lines: list[Line], cells: Cells) -> Prose:
    parts: list[Prose] = [("0 is the truth.",)]
    for role, name in lines:
        before, after = (cells["reservation_error", (role, name), when] for when in WHEN)
        if before.value is not None and after.value is not None:
            how = "nearer to" if after.value < before.value else "further from"
            how = "as far from" if after.shown == before.shown else how
            said = (
                f" {names.agent(role).capitalize()} ({names.condition(name)}) ends {how} the other's limit: "
            )
            parts.append((said, bare(before), " before, ", bare(after), " after."))
    return joined(parts, "")


def _draw(canvas: "Canvas", *, lines: list[Line], cells: Cells) -> None:
    panels = canvas.subplots(1, len(KINDS), sharey=True, squeeze=False)[0]
    labels = [f"{names.agent(role)}, {names.condition(name)}" for role, name in lines]
    for axes, (kind, words) in zip(panels, KINDS.items(), strict=True):
        series = [
            Series(when, mark, [cells[kind, line, when] for line in lines]) for when, mark in WHEN.items()
        ]
        dots(axes, labels, series)
        axes.set_xlim(left=-0.005)
        axes.set_title(f"about the other's {words}")
        axes.set_xlabel("error")
    legend_of(canvas, list(WHEN.items()))
