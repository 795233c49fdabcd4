"""Curves over the dialogue: a mean for every few utterances, by agent and condition."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from negosim.reports._corpus import Sample
from negosim.reports._model import Number
from negosim.reports._numbers import mean
from negosim.reports._plots import legend_of
from negosim.reports._style import FAINT, condition_mark
from negosim.reports.sections import _names as names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

SPAN = 4
"""Utterances a point of the curve takes together."""

THIN = 0.1
"""A point of fewer values than this share of the fullest one's is not drawn."""

Curve = list[tuple[int, Number]]
"""Number of the span, from 0, and the mean in it."""

Line = tuple[int, str]
"""Position of the agent, and the condition."""


def curve(sample: Sample, column: str) -> Curve:
    """Return the mean of a column for every `SPAN` utterances."""
    return [
        (int(span), mean(sample.only(turn=list(range(span * SPAN, (span + 1) * SPAN))), column))
        for span in sorted((sample.frame["turn"] // SPAN).unique())
    ]


def drawn(of: Curve) -> Curve:
    """Return the points that rest on enough values to be drawn, both ends being thin."""
    known = [(span, number) for span, number in of if number.value is not None]
    least = THIN * max((number.n for _, number in known), default=0)
    return [(span, number) for span, number in known if number.n >= least]


def thin_ends(of: Mapping[Line, Curve]) -> str:
    """Return what a caption says of points that are not drawn; nothing where all are."""
    if all(len(drawn(one)) == sum(number.value is not None for _, number in one) for one in of.values()):
        return ""
    return (
        " Points of fewer than a tenth of the values of their curve's fullest point are not drawn: the "
        "table has them."
    )


def draw_curves(canvas: "Canvas", rows: Sequence[tuple[str, Mapping[Line, Curve]]], *, agents: int) -> None:
    """Draw a row of panels for each quantity, one panel an agent.

    Args:
        canvas: to draw on.
        rows: what the vertical axis says, and the curves.
        agents: how many there are.

    """
    conditions = list(dict.fromkeys(name for _, curves in rows for _, name in curves))
    panels = canvas.subplots(len(rows), agents, sharey="row", sharex=True, squeeze=False)
    for (label, curves), line in zip(rows, panels, strict=True):
        for (role, name), one in curves.items():
            _draw_one(line[role], name, drawn(one), conditions)
        for role, axes in enumerate(line):
            axes.set_title(names.agent(role))
            axes.grid(color=FAINT, lw=0.4)
            axes.axhline(0, color="#444444", lw=0.6)
        line[0].set_ylabel(label)
    for axes in panels[-1]:
        axes.set_xlabel("utterance")
    legend_of(canvas, [(names.condition(name), condition_mark(name, i)) for i, name in enumerate(conditions)])


def _draw_one(axes: "Axes", name: str, points: Curve, conditions: Sequence[str]) -> None:
    position = conditions.index(name)
    mark = condition_mark(name, position)
    shift = (position - (len(conditions) - 1) / 2) * 0.5
    places = [span * SPAN + SPAN / 2 + 0.5 + shift for span, _ in points]
    for place, (_, number) in zip(places, points, strict=True):
        if number.low is not None and number.high is not None:
            axes.plot([place] * 2, [number.low, number.high], color=mark.colour, lw=0.9)
    axes.plot(
        places,
        [number.value for _, number in points if number.value is not None],
        marker=mark.marker,
        color=mark.colour,
        markerfacecolor=mark.face,
        markersize=4,
        lw=1,
        ls="-" if position == 0 else (0, (4, 2)),
    )
