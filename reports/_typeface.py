"""Typefaces of a PDF page: the report's own font, and others where that lacks a character."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from negosim.reports._fonts import Fonts
from negosim.speech import visible

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD = "body", "body-bold"


@cache
def register() -> None:
    """Make matplotlib's own fonts known to reportlab, so that text and figures look alike."""
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    faces = {
        REGULAR: "DejaVuSans",
        BOLD: "DejaVuSans-Bold",
        "body-italic": "DejaVuSans-Oblique",
        "body-bold-italic": "DejaVuSans-BoldOblique",
        "mono": "DejaVuSansMono",
    }
    for name, file in faces.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{file}.ttf")))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic="body-italic", boldItalic="body-bold-italic"
    )


class Typeface:
    """How text is set: in the report's own font, what that lacks in others."""

    def __init__(self, fonts: Fonts) -> None:
        """Make the fonts known to reportlab."""
        self._fonts = fonts
        for each in fonts.fallbacks:
            family = each.family
            pdfmetrics.registerFont(TTFont(family, BytesIO(each.content)))
            pdfmetrics.registerFontFamily(
                family, normal=family, bold=family, italic=family, boldItalic=family
            )

    def words(self, given: str) -> str:
        """Return text as reportlab's markup shows it unchanged."""
        shown = visible(given)
        return "".join(
            escape(piece) if face == REGULAR else f'<font face="{face}">{escape(piece)}</font>'
            for face, piece in self._fonts.runs(shown, REGULAR)
        )

    def width(self, given: str, face: str, size: float) -> float:
        """Return how many points text takes."""
        return sum(
            float(pdfmetrics.stringWidth(piece, own, size))
            for own, piece in self._fonts.runs(visible(given), face)
        )

    def draw(self, canvas: "Canvas", place: tuple[float, float], given: str, size: float) -> None:
        """Write a line of text on a page."""
        line = canvas.beginText(*place)
        for face, piece in self._fonts.runs(visible(given), REGULAR):
            line.setFont(face, size)
            line.textOut(piece)
        canvas.drawText(line)
