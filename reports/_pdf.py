"""The report as a PDF: reportlab sets the pages, the figures are laid into them as vectors.

The same rows give the same bytes: no date but the run's own goes into the file.
"""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any, cast

from pypdf import PdfReader, PdfWriter, Transformation
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import inch
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    LongTable,
    PageBreak,
    Paragraph,
    Spacer,
)

from negosim.reports._document import Document, FigureSlot, boxed, heading, styles
from negosim.reports._figures import as_pdf
from negosim.reports._fonts import Fonts, boxes, fonts_for
from negosim.reports._grid import grid
from negosim.reports._model import Block, Figure, Missing, Number, Prose, Report, ReportTable, Section
from negosim.reports._typeface import Typeface
from negosim.reports._write import Paper

PAGES = {"a4": A4, "letter": LETTER}
MOST_KEPT = 0.6 * LETTER[1]
"""What is higher than that may go on from one page to the next."""
MOST_KEPT_ROWS = 230
"""Points of a table that is not divided: a longer one goes on on the next page, under its headings again."""
UNBOUNDED = 1e6


def pdf(report: Report, paper: Paper = "a4") -> bytes:
    """Return the whole report as a PDF."""
    fonts = fonts_for(report)
    if said := boxes(fonts):
        report = replace(report, notices=(*report.notices, said))
    target, face = BytesIO(), Typeface(fonts)
    document = Document(target, PAGES[paper], report, face)
    setter = _Setter(document.width, face)
    story = [*setter.title_page(report, document.contents)]
    for number, section in enumerate(report.sections, 1):
        story += setter.section(number, section)
    document.multiBuild(story)
    return _with_figures(target.getvalue(), setter, report, fonts)


class _Setter:
    """Turns a report into flowables, counting its figures and tables."""

    def __init__(self, width: float, face: Typeface) -> None:
        self.width = width
        self.face = face
        self.styles = styles()
        self.slots: list[FigureSlot] = []
        self.figures: list[Figure] = []
        self.tables = 0

    def title_page(self, report: Report, contents: Flowable) -> Iterator[Flowable]:
        yield Spacer(1, 0.35 * inch)
        yield Paragraph(self.face.words(report.title), self.styles["title"])
        yield Paragraph(self.face.words(report.subtitle), self.styles["subtitle"])
        for notice in report.notices:
            yield boxed(self.set(notice), self.styles["notice"], self.width)
        yield Spacer(1, 8)
        yield grid(report.facts, self.width, self.styles, self.face, headed=False)
        yield Spacer(1, 14)
        yield Paragraph("Contents", self.styles["small heading"])
        yield contents
        yield PageBreak()

    def section(self, number: int, section: Section) -> Iterator[Flowable]:
        yield CondPageBreak(2.6 * inch)
        title = heading(f"{number}  {section.title}", section.key, self.styles, self.face)
        first, *rest = (self.block(block) for block in section.blocks)
        yield from self.kept([title, *first])
        for flowables in rest:
            yield from self.kept(flowables)
        yield Spacer(1, 10)

    def kept(self, flowables: list[Flowable]) -> list[Flowable]:
        """Keep what belongs together on a page, unless that would leave much of the page before it white."""
        height = sum(each.wrap(self.width, UNBOUNDED)[1] for each in flowables)
        divisible = any(isinstance(each, LongTable) for each in flowables)
        if height < (MOST_KEPT_ROWS if divisible else MOST_KEPT):
            return [KeepTogether(flowables)]
        return [CondPageBreak(2.6 * inch), *flowables]

    def block(self, block: Block) -> list[Flowable]:
        if isinstance(block, Figure):
            return self.figure(block)
        if isinstance(block, ReportTable):
            return self.table(block)
        if isinstance(block, Missing):
            return [self.missing(block)]
        return [self.paragraph(block)]

    def paragraph(self, prose: Prose) -> Flowable:
        return Paragraph(self.set(prose), self.styles["body"])

    def figure(self, figure: Figure) -> list[Flowable]:
        slot = FigureSlot(self.width, figure.height * inch)
        self.slots.append(slot)
        self.figures.append(figure)
        caption = (
            f"<b>Figure {len(self.slots)}. {self.face.words(figure.title)}.</b> {self.set(figure.caption)}"
        )
        return [Spacer(1, 4), slot, Paragraph(caption, self.styles["caption"])]

    def table(self, table: ReportTable) -> list[Flowable]:
        self.tables += 1
        caption = self.captioned(f"Table {self.tables}", table.title, (*table.caption, table.footnote))
        body = grid(table, self.width, self.styles, self.face)
        return [Paragraph(caption, self.styles["table caption"]), body, Spacer(1, 10)]

    def missing(self, missing: Missing) -> Flowable:
        said = f"<b>Not shown.</b> {self.face.words(missing.what)}"
        if missing.command:
            command = self.face.words(missing.command).replace("\n", "<br/>")
            said += f'<br/><font face="mono" size="7.5">{command}</font>'
        return boxed(said, self.styles["missing"], self.width)

    def captioned(self, number: str, title: str, prose: Prose) -> str:
        return f"<b>{number}. {self.face.words(title)}.</b> {self.set(prose)}"

    def set(self, prose: Prose) -> str:
        """Return a paragraph for reportlab; no line ends within a number and its interval."""
        return "".join(
            self.face.words(str(piece).replace(" ", "\u00a0") if isinstance(piece, Number) else str(piece))
            for piece in prose
        )


def _with_figures(pages: bytes, setter: _Setter, report: Report, fonts: Fonts) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pages)))
    drawn = PdfReader(BytesIO(as_pdf(setter.figures, setter.width / inch, fonts))) if setter.figures else None
    for slot, figure in zip(setter.slots, drawn.pages if drawn else [], strict=True):
        writer.pages[slot.page].merge_transformed_page(figure, Transformation().translate(slot.x, slot.y))
    for page in writer.pages:
        page.compress_content_streams()
    stamp = report.created.replace("-", "").replace(":", "").replace("T", "")[:14]
    writer.metadata = cast(
        Any,
        {
            "/Title": report.title,
            "/Subject": report.subtitle,
            "/Creator": "negosim",
            "/CreationDate": f"D:{stamp}Z",
            "/ModDate": f"D:{stamp}Z",
        },
    )
    target = BytesIO()
    writer.write(target)
    return target.getvalue()
