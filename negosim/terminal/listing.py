"""Listings: a table on a terminal, aligned columns in a pipe."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import one_line


def print_rows(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    whole: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> None:
    """Print rows under headings; columns named in `whole` and `numbers` are not wrapped, numbers flush right.

    Without a terminal nothing is cut or wrapped: a row is a line, its columns two spaces apart.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if console.is_terminal:
        table = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for heading in headings:
            number = heading in numbers
            table.add_column(
                heading,
                justify="right" if number else "left",
                no_wrap=number or heading in whole,
                overflow="fold",
            )
        for row in cells:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    for line in aligned(headings, cells, numbers):
        print(line, file=console.file)


def aligned(headings: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[str]) -> list[str]:
    """Return headings and rows as lines, columns two spaces apart, those named in `numbers` flush right."""
    rows = [headings, *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    lines = []
    for row in rows:
        padded = [
            cell.rjust(width) if heading in numbers else cell.ljust(width)
            for heading, cell, width in zip(headings, row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines
