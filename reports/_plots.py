"""The kinds of plot the sections share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from negosim.reports._model import Number
from negosim.reports._style import FAINT, LEVEL_HATCHES, LEVELS, SeriesStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Series:
    """Numbers in a row of marks that look alike."""

    label: str
    mark: SeriesStyle
    numbers: Sequence[Number | None]


def dots(axes: "Axes", labels: Sequence[str], series: Sequence[Series]) -> None:
    """Draw one line a label and one mark a series, with intervals where there are any; lines go down."""
    step = min(0.22, 0.72 / max(1, len(series)))
    for line in range(len(labels)):
        axes.axhspan(line - 0.5, line + 0.5, color="#f6f6f6" if line % 2 == 0 else "white", zorder=0, lw=0)
    for position, each in enumerate(series):
        offset = (position - (len(series) - 1) / 2) * step
        for line, number in enumerate(each.numbers):
            if number is None or number.value is None:
                continue
            y = line + offset
            if number.low is not None and number.high is not None:
                axes.plot([number.low, number.high], [y, y], color=each.mark.colour, lw=1.1, zorder=2)
            axes.plot(
                number.value,
                y,
                each.mark.marker,
                color=each.mark.colour,
                markerfacecolor=each.mark.face,
                markersize=4.4,
                markeredgewidth=1,
                zorder=3,
            )
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, lw=0.5)
    axes.set_axisbelow(True)


def percent_axis(axes: "Axes") -> None:
    """Let the horizontal axis run from 0 to 100 %."""
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])


def legend_of(canvas: "Canvas", series: Sequence[tuple[str, SeriesStyle]], *, columns: int = 4) -> None:
    """Put one legend under the whole figure."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=mark.colour,
            marker=mark.marker,
            markerfacecolor=mark.face,
            markersize=4.4,
            lw=1.1,
            label=label,
        )
        for label, mark in series
    ]
    canvas.legend(
        handles=handles, loc="outside lower center", ncols=min(columns, len(handles)), frameon=False
    )


def graded(axes: "Axes", labels: Sequence[str], shares: Sequence[Sequence[float]]) -> None:
    """Draw one diverging bar a label from shares of grades 1 to 5; the middle grade lies across zero."""
    for line, parts in enumerate(shares):
        left = -(parts[0] + parts[1] + parts[2] / 2)
        for grade, part in enumerate(parts):
            axes.barh(
                line,
                part,
                left=left,
                height=0.74,
                color=LEVELS[grade],
                hatch=LEVEL_HATCHES[grade],
                edgecolor="white",
                linewidth=0.4,
            )
            left += part
    axes.axvline(0, color="#444444", lw=0.7)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(-1, 1)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["100", "50", "0", "50", "100 %"])
    axes.spines["left"].set_visible(False)


def grade_legend(canvas: "Canvas", ends: tuple[str, str]) -> None:
    """Explain the grades under the whole figure."""
    from matplotlib.patches import Patch

    names = [f"1 {ends[0]}", "2", "3", "4", f"5 {ends[1]}"]
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=name)
        for colour, hatch, name in zip(LEVELS, LEVEL_HATCHES, names, strict=True)
    ]
    canvas.legend(
        handles=handles,
        loc="outside lower center",
        ncols=5,
        frameon=False,
        handlelength=1.6,
        columnspacing=1.2,
    )
