"""Pages, styles and the flowables reportlab does not bring."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, TableStyle
from reportlab.platypus import Table as Grid
from reportlab.platypus.tableofcontents import TableOfContents

from negosim.reports._model import Report
from negosim.reports._typeface import BOLD, REGULAR, Typeface, register

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

SIDE, TOP, BOTTOM = 20 * mm, 18 * mm, 20 * mm
INK, SOFT, TINT, WARM = (HexColor(code) for code in ("#1a1a1a", "#5a5a5a", "#eef3f8", "#fbf1e3"))
ACCENT = HexColor("#0072B2")


def styles() -> dict[str, ParagraphStyle]:
    """Return the report's paragraph styles."""
    register()
    base = {"fontName": REGULAR, "textColor": INK, "alignment": TA_LEFT, "splitLongWords": 1}

    def style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
        return ParagraphStyle(name, **{**base, "fontSize": size, "leading": leading, **more})

    found = [
        style("title", 24, 30, fontName=BOLD, spaceAfter=4),
        style("subtitle", 11, 15, textColor=SOFT, spaceAfter=12),
        style("heading", 14, 18, fontName=BOLD, textColor=ACCENT, spaceBefore=4, spaceAfter=6),
        style("small heading", 10, 13, fontName=BOLD, spaceAfter=4),
        style("body", 8.5, 12.2, spaceAfter=6),
        style("caption", 7.5, 10.4, textColor=SOFT, spaceBefore=3, spaceAfter=12),
        style("table caption", 7.5, 10.4, textColor=SOFT, spaceBefore=4, spaceAfter=4),
        style("notice", 8.5, 12, backColor=None),
        style("missing", 8, 11.5, backColor=None),
        style("cell", 7.2, 9),
        style("cell heading", 7.2, 9, fontName=BOLD),
        style("contents", 8.5, 13.5),
    ]
    return {each.name: each for each in found}


def heading(title: str, key: str, known: dict[str, ParagraphStyle], face: Typeface) -> Paragraph:
    """Return a section's heading: it is found by the contents and the PDF's outline."""
    paragraph = Paragraph(face.words(title), known["heading"])
    paragraph.outline = (title, key)
    return paragraph


def boxed(markup: str, style: ParagraphStyle, width: float) -> Flowable:
    """Return a paragraph on a tinted ground with a bar at its left."""
    warm = style.name == "missing"
    box = Grid([[Paragraph(markup, style)]], colWidths=[width])
    box.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), WARM if warm else TINT),
            ("LINEBEFORE", (0, 0), (0, -1), 2.5, HexColor("#E69F00") if warm else ACCENT),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
            ("RIGHTPADDING", (0, 0), (-1, -1), 9),
            ("TOPPADDING", (0, 0), (-1, -1), 5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
    )
    box.spaceBefore = box.spaceAfter = 5
    return box


class FigureSlot(Flowable):  # type: ignore[misc]
    """Room for a figure; after the document is built it knows its page (from 0) and place, in points."""

    def __init__(self, width: float, height: float) -> None:
        """Take a size in points."""
        super().__init__()
        self.width, self.height = width, height
        self.page, self.x, self.y = 0, 0.0, 0.0

    def draw(self) -> None:
        """Remember where the room is."""
        self.page = self.canv.getPageNumber() - 1
        self.x, self.y = self.canv.absolutePosition(0, 0)


class Document(BaseDocTemplate):  # type: ignore[misc]
    """Pages with a footer, a table of contents and an outline."""

    def __init__(self, target: BytesIO, size: tuple[float, float], report: Report, face: Typeface) -> None:
        """Take where to write, the size of a page in points, what the footer says, and the fonts."""
        super().__init__(
            target,
            pagesize=size,
            leftMargin=SIDE,
            rightMargin=SIDE,
            topMargin=TOP,
            bottomMargin=BOTTOM,
            invariant=1,
            title=report.title,
            lang="en",
        )
        self._said, self._face = report.footer, face
        frame = Frame(SIDE, BOTTOM, self.width, self.height, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate("page", [frame], onPage=self._foot)])
        self.contents = TableOfContents(
            levelStyles=[styles()["contents"]],
            dotsMinLevel=0,
            rightColumnWidth=24,
            tableStyle=TableStyle(
                [
                    (f"{side}PADDING", (0, 0), (-1, -1), width)
                    for side, width in (("LEFT", 0), ("RIGHT", 0), ("TOP", 1), ("BOTTOM", 1))
                ]
            ),
        )

    def _foot(self, canvas: "Canvas", _: Any) -> None:
        canvas.saveState()
        canvas.setStrokeColor(HexColor("#bbbbbb"))
        canvas.setLineWidth(0.4)
        canvas.line(SIDE, BOTTOM - 14, SIDE + self.width, BOTTOM - 14)
        canvas.setFillColor(SOFT)
        canvas.setFont(REGULAR, 7)
        self._face.draw(canvas, (SIDE, BOTTOM - 24), self._said, 7)
        canvas.setFont(REGULAR, 7)
        canvas.drawRightString(SIDE + self.width, BOTTOM - 24, str(canvas.getPageNumber()))
        canvas.restoreState()

    def afterFlowable(self, flowable: Flowable) -> None:
        """Enter a heading in the contents and the outline."""
        if outline := getattr(flowable, "outline", None):
            title, key = outline
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(title, key, level=0)
            self.notify("TOCEntry", (0, self._face.words(title), self.page, key))
