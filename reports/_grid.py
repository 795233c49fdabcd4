"""A table on a PDF page: rules above and below, words left, numbers right."""

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import LongTable, Paragraph

from negosim.reports._document import INK
from negosim.reports._model import ReportTable
from negosim.reports._typeface import Typeface

PAD = 8.0
"""Points between columns."""
SMALLEST = 5.6
"""Points below which nobody can read a table."""


def grid(
    table: ReportTable,
    width: float,
    styles: dict[str, ParagraphStyle],
    face: Typeface,
    *,
    headed: bool = True,
) -> LongTable:
    """Return a table as a flowable, at most `width` points wide; its heading is repeated on every page."""
    size = styles["cell"].fontSize
    columns = [[str(row[i]) for row in table.rows] for i in range(len(table.columns))]
    heads = [str(heading) for heading in table.columns]
    widths = _widths(table, columns, width, size, face, headed=headed)
    while sum(widths) > width + 0.01 and size > SMALLEST:
        size -= 0.2
        widths = _widths(table, columns, width, size, face, headed=headed)
    cell = ParagraphStyle("cell", styles["cell"], fontSize=size, leading=size * 1.25)
    number = ParagraphStyle("number", cell, alignment=TA_RIGHT)
    bold = ParagraphStyle("cell heading", styles["cell heading"], fontSize=size, leading=size * 1.25)
    bold_number = ParagraphStyle("number heading", bold, alignment=TA_RIGHT)

    def styled(position: int, plain: ParagraphStyle, right: ParagraphStyle) -> ParagraphStyle:
        return plain if position < table.words or not headed else right

    first = styles["cell heading"].clone("label", fontSize=size, leading=size * 1.25)
    body = [
        [
            Paragraph(face.words(str(value)), first if not headed and i == 0 else styled(i, cell, number))
            for i, value in enumerate(row)
        ]
        for row in table.rows
    ]
    titles = [Paragraph(face.words(heading), styled(i, bold, bold_number)) for i, heading in enumerate(heads)]
    found = LongTable([titles, *body] if headed else body, colWidths=widths, repeatRows=int(headed))
    found.hAlign = "LEFT"
    found.setStyle(_rules(table, headed=headed))
    return found


def _rules(table: ReportTable, *, headed: bool) -> list[tuple[object, ...]]:
    rules: list[tuple[object, ...]] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.9),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEABOVE", (0, 0), (-1, 0), 0.9, INK),
        ("LINEBELOW", (0, -1), (-1, -1), 0.9, INK),
    ]
    if headed:
        rules += [("LINEBELOW", (0, 0), (-1, 0), 0.5, INK), ("VALIGN", (0, 0), (-1, 0), "BOTTOM")]
    # A thin rule where the first column changes, so that groups are seen.
    for position in range(1, len(table.rows)):
        changes = table.rows[position][0] != table.rows[position - 1][0]
        if changes and (table.words > 1 or not headed):
            line = position + int(headed)
            rules.append(("LINEABOVE", (0, line), (-1, line), 0.25, HexColor("#cccccc")))
    return rules


def _widths(
    table: ReportTable, columns: list[list[str]], width: float, size: float, face: Typeface, *, headed: bool
) -> list[float]:
    """Return the widths of the columns; columns of words give way first, to their longest word."""
    natural, least = [], []
    for i, (heading, cells) in enumerate(zip(map(str, table.columns), columns, strict=True)):
        title = [heading] if headed else []
        own = "body" if headed or i else "body-bold"
        full = max((face.width(cell, own, size) for cell in cells), default=0)
        word = max((face.width(w, "body-bold", size) for text in title for w in text.split()), default=0)
        cell_word = max((face.width(w, own, size) for cell in cells for w in cell.split()), default=0)
        wordy = i < table.words or not headed
        natural.append(max(full, word) + PAD + 1)
        least.append((max(min(cell_word, 120), word) if wordy else max(full, word)) + PAD + 1)
    spare = width - sum(natural)
    if spare >= 0:
        return [each + spare / len(natural) for each in natural] if spare < width * 0.45 else natural
    return _lowered(natural, least, width)


def _lowered(natural: list[float], least: list[float], width: float) -> list[float]:
    """Lower the widest columns first, all to the same height, until they fit; none below its least."""
    low, high = 0.0, max(natural)
    for _ in range(40):
        middle = (low + high) / 2
        lowered = [max(m, min(n, middle)) for n, m in zip(natural, least, strict=True)]
        low, high = (low, middle) if sum(lowered) > width else (middle, high)
    return [max(m, min(n, low)) for n, m in zip(natural, least, strict=True)]
