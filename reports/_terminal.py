"""The short version: what was run and one table a section, for a terminal or a pipe."""

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import clean, one_line
from negosim.reports._model import Missing, Number, Report, ReportTable, Section, text
from negosim.terminal import print_view

BAR = 10
"""Characters of a full bar."""
EIGHTHS = " ▏▎▍▌▋▊▉"


def print_report(console: Console, report: Report) -> None:
    """Print the short version of a report."""
    print_view(console, Group(*_parts(report)))


def _parts(report: Report) -> Iterator[RenderableType]:
    yield Text(one_line(f"{report.title}: {report.subtitle}"), "bold")
    for notice in report.notices:
        yield Text(clean(text(notice)), "yellow")
    yield Padding(_grid(report.facts, headed=False), (1, 0, 0, 0))
    for section in report.sections:
        if section.brief is not None or section.missing:
            yield from _section(section)


def _section(section: Section) -> Iterator[RenderableType]:
    yield Padding(Text(one_line(section.title), "bold"), (1, 0, 0, 0))
    for place, table in enumerate((section.brief, *section.more)):
        if table is not None:
            yield Padding(_grid(table), (min(place, 1), 0, 0, 0))
            said = text(table.caption) + table.footnote
            if said:
                yield Text(one_line(said), "dim")
    for missing in section.missing:
        yield from _missing(missing)


def _missing(missing: Missing) -> Iterator[RenderableType]:
    yield Text(f"Not shown. {one_line(missing.what)}")
    if missing.command:
        for line in missing.command.splitlines():
            # A command is not broken into lines: it is there to be copied.
            yield Text(f"  {clean(line)}", "cyan", no_wrap=True, overflow="ignore")


def _grid(table: ReportTable, *, headed: bool = True) -> Grid:
    grid = Grid(
        box=box.SIMPLE_HEAD if headed else None,
        show_header=headed,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1),
        collapse_padding=True,
    )
    for position, column in enumerate(table.columns):
        wordy = position < table.words or not headed
        grid.add_column(
            one_line(str(column)), justify="left" if wordy else "right", overflow="fold", no_wrap=not wordy
        )
    if table.bars:
        grid.add_column("", no_wrap=True, width=BAR)
    most = _most(table)
    for row in table.rows:
        cells = [Text(one_line(str(cell))) for cell in row]
        if table.bars:
            cells.append(Text(bar(row[table.columns.index(table.bars)], most)))
        grid.add_row(*cells)
    return grid


def bar(cell: object, most: float) -> str:
    """Return a bar for a number, full at `most`; none where there is no number."""
    if not isinstance(cell, Number) or cell.value is None or most <= 0:
        return ""
    whole, rest = divmod(round(max(0.0, min(1.0, cell.value / most)) * BAR * 8), 8)
    return ("█" * whole + EIGHTHS[rest]).rstrip()


def _most(table: ReportTable) -> float:
    """Return what a full bar stands for: 1 for shares, else the largest value."""
    if not table.bars:
        return 0.0
    cells = [row[table.columns.index(table.bars)] for row in table.rows]
    values = [cell.value for cell in cells if isinstance(cell, Number) and cell.value is not None]
    shares = all(" %" in str(cell) for cell in cells if isinstance(cell, Number) and cell.value is not None)
    return 1.0 if shares else max(values, default=0.0)
