"""The report as a PDF: reportlab sets the pages, the figures are laid into them as vectors.

The same rows give the same bytes: no date but the run's own goes into the file.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

from pypdf import PdfReader, PdfWriter, Transformation
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import inch
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    Spacer,
)

from negosim.reports._document import Document, Slot, boxed, heading, styles, words
from negosim.reports._figures import as_pdf
from negosim.reports._grid import grid
from negosim.reports._model import Block, Figure, Missing, Number, Prose, Report, Section, Table
from negosim.reports._write import Paper

PAGES = {"a4": A4, "letter": LETTER}


def pdf(report: Report, paper: Paper = "a4") -> bytes:
    """Return the whole report as a PDF."""
    target = BytesIO()
    document = Document(target, PAGES[paper], report)
    setter = _Setter(document.width)
    story = [*setter.title_page(report, document.contents)]
    for number, section in enumerate(report.sections, 1):
        story += setter.section(number, section)
    document.multiBuild(story)
    return _with_figures(target.getvalue(), setter, report)


class _Setter:
    """Turns a report into flowables, counting its figures and tables."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.styles = styles()
        self.slots: list[Slot] = []
        self.figures: list[Figure] = []
        self.tables = 0

    def title_page(self, report: Report, contents: Flowable) -> Iterator[Flowable]:
        yield Spacer(1, 0.35 * inch)
        yield Paragraph(words(report.title), self.styles["title"])
        yield Paragraph(words(report.subtitle), self.styles["subtitle"])
        for notice in report.notices:
            yield boxed(_set(notice), self.styles["notice"], self.width)
        yield Spacer(1, 8)
        yield grid(report.facts, self.width, self.styles, headed=False)
        yield Spacer(1, 14)
        yield Paragraph("Contents", self.styles["small heading"])
        yield contents
        yield PageBreak()

    def section(self, number: int, section: Section) -> Iterator[Flowable]:
        yield CondPageBreak(2.6 * inch)
        title = heading(f"{number}  {section.title}", section.key, self.styles)
        first, *rest = (self.block(block) for block in section.blocks)
        yield KeepTogether([title, *first])
        for flowables in rest:
            yield KeepTogether(flowables)
        yield Spacer(1, 10)

    def block(self, block: Block) -> list[Flowable]:
        if isinstance(block, Figure):
            return self.figure(block)
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Missing):
            return [self.missing(block)]
        return [self.paragraph(block)]

    def paragraph(self, prose: Prose) -> Flowable:
        return Paragraph(_set(prose), self.styles["body"])

    def figure(self, figure: Figure) -> list[Flowable]:
        slot = Slot(self.width, figure.height * inch)
        self.slots.append(slot)
        self.figures.append(figure)
        caption = f"<b>Figure {len(self.slots)}. {words(figure.title)}.</b> {_set(figure.caption)}"
        return [Spacer(1, 4), slot, Paragraph(caption, self.styles["caption"])]

    def table(self, table: Table) -> list[Flowable]:
        self.tables += 1
        caption = (
            f"<b>Table {self.tables}. {words(table.title)}.</b> {_set((*table.caption, table.footnote))}"
        )
        body = grid(table, self.width, self.styles)
        return [Paragraph(caption, self.styles["table caption"]), body, Spacer(1, 10)]

    def missing(self, missing: Missing) -> Flowable:
        said = f"<b>Not shown.</b> {words(missing.what)}"
        if missing.command:
            command = words(missing.command).replace("\n", "<br/>")
            said += f'<br/><font face="mono" size="7.5">{command}</font>'
        return boxed(said, self.styles["missing"], self.width)


def _set(prose: Prose) -> str:
    """Return a paragraph for reportlab; no line ends within a number and its interval."""
    return "".join(
        words(str(piece)).replace(" ", "\u00a0") if isinstance(piece, Number) else words(str(piece))
        for piece in prose
    )


def _with_figures(pages: bytes, setter: _Setter, report: Report) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pages)))
    drawn = PdfReader(BytesIO(as_pdf(setter.figures, setter.width / inch))) if setter.figures else None
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
