"""Style of figures: colours after Okabe and Ito, and marks that tell the same in grey."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from negosim.records import THIRD_PARTY, TRUTH
from negosim.reports._fonts import OWN, Fallback, Fonts

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY, FAINT = "#666666", "#d9d9d9"

RC = {
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.edgecolor": "#444444",
    "hatch.linewidth": 0.5,
    "lines.linewidth": 1.2,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "negosim",
    "axes.unicode_minus": True,
    "text.parse_math": False,
}
"""Settings that hold while a report's figures are drawn, whatever the user's own are."""


@dataclass(frozen=True)
class SeriesStyle:
    """How one series is drawn: told apart by colour, and by shape without it."""

    colour: str
    marker: str
    hatch: str
    filled: bool = True

    @property
    def face(self) -> str:
        """The colour a marker is filled with."""
        return self.colour if self.filled else "white"


_CONDITIONS = {
    "honest": SeriesStyle(BLUE, "o", "", filled=False),
    "deceptive-2": SeriesStyle(VERMILLION, "s", "////"),
    "deceptive-1": SeriesStyle(GREEN, "^", "...."),
    "deceptive-1-2": SeriesStyle(PURPLE, "D", "xxxx"),
}
_PERSPECTIVES = {
    TRUTH: SeriesStyle(BLACK, "D", ""),
    THIRD_PARTY: SeriesStyle(BLUE, "o", "", filled=False),
    "agent_1": SeriesStyle(ORANGE, "s", "////"),
    "agent_2": SeriesStyle(GREEN, "^", "...."),
}
_OTHERS = (
    SeriesStyle(SKY, "v", "\\\\\\\\"),
    SeriesStyle(PURPLE, "P", "++++"),
    SeriesStyle(GREY, "X", "----"),
)

LEVELS = ("#B35806", "#F1A340", "#DDDDDD", "#7FB5DA", "#08519C")
"""Grades 1 to 5: orange to blue, darker to the ends."""
LEVEL_HATCHES = ("xxxx", "////", "", "", "")


def condition_mark(name: str, position: int = 0) -> SeriesStyle:
    """Return the mark of a condition; `position` tells unusual ones apart."""
    return _CONDITIONS.get(name) or _OTHERS[position % len(_OTHERS)]


def perspective_mark(name: str, position: int = 0) -> SeriesStyle:
    """Return the mark of a perspective."""
    return _PERSPECTIVES.get(name) or _OTHERS[position % len(_OTHERS)]


def mark_of(position: int) -> SeriesStyle:
    """Return the mark of a series that has none of its own."""
    series = (*_PERSPECTIVES.values(), *_OTHERS)
    return series[(position + 1) % len(series)]


@contextmanager
def drawing(fonts: Fonts) -> Iterator[None]:
    """Draw with the report's settings and fonts and no others; for what no font has it draws boxes."""
    import matplotlib as mpl

    with mpl.rc_context(), _known(fonts.fallbacks), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, RC))
        mpl.rcParams["font.family"] = [OWN, *(each.family for each in fonts.fallbacks)]
        yield


@contextmanager
def _known(fallbacks: Sequence[Fallback]) -> Iterator[None]:
    """Let matplotlib find fonts that are no files of the system."""
    if not fallbacks:
        yield
        return
    from matplotlib.font_manager import fontManager

    before = list(fontManager.ttflist)
    with TemporaryDirectory() as folder:
        try:
            for each in fallbacks:
                path = Path(folder) / f"{each.family}.ttf"
                path.write_bytes(each.content)
                fontManager.addfont(path)
            yield
        finally:
            fontManager.ttflist[:] = before
