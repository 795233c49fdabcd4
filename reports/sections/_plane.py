"""The value plane: what every deal of a scenario is worth to two roles, and which deals were reached."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from negosim.reports._corpus import Corpus
from negosim.reports._model import Number, ReportTable, Row
from negosim.reports._numbers import count
from negosim.reports._style import BLACK, FAINT, GREY, YELLOW, condition_mark
from negosim.reports.sections import _names as names
from negosim.scenarios import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import NDArray

PER_PAGE, ACROSS = 12, 3
CELLS = 160
"""Possible deals are drawn once for each cell of a grid this fine: a million deals look like a thousand."""


def plane_height(panels: int) -> float:
    """Return inches for so many panels."""
    return 0.45 + 2.02 * -(-panels // ACROSS)


def draw_planes(canvas: "Canvas", *, corpus: Corpus, keys: list[str]) -> None:
    """Draw a panel for each scenario and one legend for all."""
    down = -(-len(keys) // ACROSS)
    grid = canvas.subplots(down, min(ACROSS, len(keys)), squeeze=False)
    titles = panel_titles(corpus)
    for axes in grid.flat[len(keys) :]:
        axes.set_axis_off()
    for axes, key in zip(grid.flat, keys, strict=False):
        draw_space(axes, corpus.scenarios[key])
        axes.set_title(titles[key], pad=3)
        _draw_deals(axes, corpus, key)
    _legend(canvas, corpus)


def panel_titles(corpus: Corpus) -> dict[str, str]:
    """Return what is written above each scenario's panel: its title, or its id where titles are alike."""
    short = {
        key: one.title if len(one.title) <= 32 else f"{one.title[:31]}…"
        for key, one in corpus.scenarios.items()
    }
    counts = Counter(short.values())
    return {key: title if counts[title] == 1 else key for key, title in short.items()}


def plane_data(corpus: Corpus, keys: list[str]) -> ReportTable:
    """Return the deals reached, equal ones together, and each scenario's marks."""
    rows: list[Row] = []
    for key in keys:
        for kind, values in _landmarks(corpus.scenarios[key]):
            source = corpus.header_rows(scenario=key)
            shown = [
                Number(f"{value:g}", float(value), 1, source, how={"statistic": kind, "agent": role})
                for role, value in enumerate(values[:2])
            ]
            rows.append((key, kind, *shown, ""))
        for name in corpus.conditions:
            deals = corpus.complete.only(scenario=key, condition=name, outcome="agreement")
            for pair in sorted(set(zip(deals.frame["value_1"], deals.frame["value_2"], strict=True))):
                same = deals.only(value_1=pair[0], value_2=pair[1])
                shown = [
                    Number(f"{value:g}", value, len(same), same.rows, how=_value_of(role))
                    for role, value in enumerate(pair)
                ]
                rows.append((key, f"deal, {names.condition(name)}", *shown, count(same)))
    columns = ("scenario", "what", "points of agent 1", "points of agent 2", "dialogues")
    return ReportTable("value-planes", "Deals in the value plane", columns, tuple(rows), words=2)


def _value_of(role: int) -> dict[str, str]:
    return {"statistic": "mean", "column": f"value_{role + 1}"}


def _landmarks(scenario: Scenario) -> list[tuple[str, "NDArray[np.float64]"]]:
    space = scenario.space
    found = [("reservation values", space.reservations)]
    return [*found, ("Nash point", space.values[space.nash])] if space.nash is not None else found


def draw_space(axes: "Axes", scenario: Scenario) -> None:
    """Draw every deal of a scenario, the Pareto frontier, the reservation values and the Nash point."""
    space = scenario.space
    values = space.values[:, :2]
    faint = _thinned(values)
    axes.plot(
        faint[:, 0], faint[:, 1], ".", color="#c4c4c4", markersize=1.6, mew=0, rasterized=True, zorder=1
    )
    frontier = np.unique(values[space.pareto], axis=0)
    axes.plot(frontier[:, 0], frontier[:, 1], "-", color=GREY, lw=0.9, zorder=2)
    axes.axvline(space.reservations[0], color=BLACK, lw=0.7, ls=(0, (4, 3)), zorder=2)
    axes.axhline(space.reservations[1], color=BLACK, lw=0.7, ls=(0, (4, 3)), zorder=2)
    if space.nash is not None:
        x, y = values[space.nash]
        axes.plot(x, y, "*", color=YELLOW, mec=BLACK, mew=0.6, markersize=9, zorder=5)
    axes.locator_params(nbins=4)
    axes.set_xlabel("agent 1 (points)", labelpad=1)
    axes.set_ylabel("agent 2 (points)", labelpad=1)
    axes.grid(color=FAINT, lw=0.3)
    axes.set_axisbelow(True)


def _thinned(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    low, span = values.min(axis=0), np.ptp(values, axis=0)
    cells = np.floor((values - low) / np.where(span > 0, span, 1) * CELLS)
    _, first = np.unique(cells, axis=0, return_index=True)
    kept: NDArray[np.float64] = values[np.sort(first)]
    return kept


def _draw_deals(axes: "Axes", corpus: Corpus, key: str) -> None:
    deals = corpus.complete.only(scenario=key, outcome="agreement").frame
    for position, name in enumerate(corpus.conditions):
        reached = (
            deals[deals["condition"] == name].groupby(["value_1", "value_2"]).size().reset_index(name="n")
        )
        mark = condition_mark(name, position)
        axes.scatter(
            reached["value_1"],
            reached["value_2"],
            s=11 + 9 * np.sqrt(reached["n"] - 1),
            marker=mark.marker,
            facecolors="none" if not mark.filled else mark.colour,
            edgecolors=mark.colour,
            linewidths=0.9,
            alpha=0.85,
            zorder=4 - position * 0.1,
            rasterized=len(reached) > 200,
        )


def _legend(canvas: "Canvas", corpus: Corpus) -> None:
    from matplotlib.lines import Line2D

    def handle(label: str, **look: object) -> Line2D:
        return Line2D([], [], label=label, **look)  # type: ignore[arg-type]

    handles = [
        handle("possible deals", color="#c4c4c4", marker=".", ls="", markersize=4),
        handle("Pareto frontier", color=GREY, lw=0.9),
        handle("reservation values", color=BLACK, lw=0.7, ls=(0, (4, 3))),
        handle("Nash point", color=YELLOW, marker="*", mec=BLACK, mew=0.6, ls="", markersize=8),
    ]
    for position, name in enumerate(corpus.conditions):
        mark = condition_mark(name, position)
        face = mark.colour if mark.filled else "none"
        label = f"deals, {names.condition(name)}"
        handles.append(handle(label, color=mark.colour, marker=mark.marker, mfc=face, ls="", markersize=4.5))
    canvas.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False)
