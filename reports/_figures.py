"""Figures as files: vector for the PDF, PNG and SVG for everyone else."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from negosim.reports._fonts import Fonts
from negosim.reports._model import Figure
from negosim.reports._style import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

WIDTH = 6.7
"""Inches of a figure that stands alone."""
DPI = 200


def painted(figure: Figure, width: float = WIDTH) -> "Canvas":
    """Draw a figure `width` inches wide. Call it, and save the result, inside `drawing`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(width, figure.height), layout="constrained")
    FigureCanvasAgg(canvas)
    figure.draw(canvas)
    return canvas


def as_pdf(figures: Sequence[Figure], width: float, fonts: Fonts) -> bytes:
    """Return figures as a PDF with a page of its own size for each; the same for the same numbers."""
    from matplotlib.backends.backend_pdf import PdfPages

    target = BytesIO()
    with drawing(fonts), PdfPages(target, metadata={"CreationDate": None}) as pages:
        for figure in figures:
            painted(figure, width).savefig(pages, format="pdf", dpi=DPI)
    return target.getvalue()


def figure_files(figure: Figure, fonts: Fonts) -> dict[str, bytes]:
    """Return a figure as PNG and SVG, by the end of the file's name."""
    png, svg = BytesIO(), BytesIO()
    with drawing(fonts):
        canvas = painted(figure)
        canvas.savefig(png, format="png", dpi=DPI, metadata={"Software": "negosim"})
        canvas.savefig(svg, format="svg", dpi=DPI, metadata={"Date": None})
    return {".png": png.getvalue(), ".svg": svg.getvalue()}
