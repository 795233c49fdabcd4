"""Figures of one dialogue, in the look of a report: its path in the value plane, and its concessions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from negosim.reports._fonts import Fonts
from negosim.reports._style import BLACK, BLUE, FAINT, GREEN, ORANGE, PURPLE, SeriesStyle, drawing
from negosim.reports.sections._plane import draw_space
from negosim.scenarios import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

NO_MORE_FONTS = Fonts((), ())
"""The figures have no words of a scenario's in them."""

SIDES = (
    SeriesStyle(BLUE, "o", ""),
    SeriesStyle(ORANGE, "s", ""),
    SeriesStyle(GREEN, "^", ""),
    SeriesStyle(PURPLE, "D", ""),
)
"""One a role, in the colours that its words have beside the figure."""

_LOCK = Lock()
"""Settings of matplotlib hold for the whole process."""


@dataclass(frozen=True)
class OfferPoint:
    """A complete offer: when it was made, by whom, and what it was worth to each role."""

    turn: int
    role: int
    values: tuple[float, ...]


def plane_svg(scenario: Scenario, offers: Sequence[OfferPoint], deal: Sequence[float] | None) -> bytes:
    """Draw every deal of a scenario in the value plane, and the path of one dialogue's offers in it.

    Args:
        scenario: what was negotiated; the values of its first two roles are the axes.
        offers: the complete offers, in order.
        deal: what the deal was worth to each role; None without one.

    Returns:
        An SVG file.

    """

    def draw(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        draw_space(axes, scenario)
        axes.plot(
            [offer.values[0] for offer in offers],
            [offer.values[1] for offer in offers],
            color=BLACK,
            lw=0.6,
            alpha=0.5,
            zorder=3,
        )
        for role in sorted({offer.role for offer in offers}):
            mark = SIDES[role % len(SIDES)]
            made = [offer for offer in offers if offer.role == role]
            axes.scatter(
                [offer.values[0] for offer in made],
                [offer.values[1] for offer in made],
                s=26,
                marker=mark.marker,
                color=mark.colour,
                edgecolors="white",
                linewidths=0.5,
                label=f"offers of agent {role + 1}",
                zorder=4,
            )
        for offer in offers:
            axes.annotate(
                str(offer.turn + 1),
                (offer.values[0], offer.values[1]),
                (3, 3),
                textcoords="offset points",
                fontsize=6,
            )
        if deal is not None:
            axes.plot(*deal[:2], "o", mfc="none", mec=BLACK, mew=1.4, markersize=12, label="deal", zorder=6)
        if offers or deal is not None:
            canvas.legend(loc="outside lower center", ncols=3, frameon=False)

    return _svg(draw, 3.6)


def concession_svg(curves: Sequence[tuple[int, Sequence[tuple[int, float]]]]) -> bytes:
    """Draw what each role's offers were worth to itself, utterance by utterance.

    Args:
        curves: by role shown: its position, and (turn, own share) of each complete offer; 1 is its best
            deal, 0 its reservation value.

    Returns:
        An SVG file.

    """

    def draw(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        for role, curve in curves:
            mark = SIDES[role % len(SIDES)]
            axes.plot(
                [turn + 1 for turn, _ in curve],
                [share for _, share in curve],
                marker=mark.marker,
                color=mark.colour,
                markersize=4,
                label=f"agent {role + 1}",
            )
        axes.axhline(0, color="#444444", lw=0.6)
        axes.set_xlabel("utterance")
        axes.set_ylabel("own share of the offer")
        axes.grid(color=FAINT, lw=0.4)
        axes.set_axisbelow(True)
        if curves:
            canvas.legend(loc="outside lower center", ncols=2, frameon=False)

    return _svg(draw, 2.6)


def _svg(draw: "Callable[[Canvas], None]", height: float) -> bytes:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    target = BytesIO()
    with _LOCK, drawing(NO_MORE_FONTS):
        canvas = Canvas(figsize=(4.4, height), layout="constrained")
        FigureCanvasSVG(canvas)
        draw(canvas)
        canvas.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue()
