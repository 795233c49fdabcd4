"""CSV files: numbers as they are, and text that a spreadsheet shows instead of computing it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
"""What a spreadsheet would compute instead of showing, and what looks as if it were guarded already."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def shown(text: str) -> str:
    """Return text as a cell that no spreadsheet takes for a formula; what is a number stays one.

    >>> shown("=1+1"), shown("-3.5"), shown("rent")
    ("'=1+1", '-3.5', 'rent')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def plain(cell: str) -> str:
    """Return the text of a cell that `shown` has written.

    >>> plain("'=1+1")
    '=1+1'
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]], *, end: str = "\n") -> str:
    r"""Return rows of numbers, text and None (an empty cell) as CSV.

    Args:
        head: the names of the columns, each a different one.
        rows: as many cells each as there are columns.
        end: what a line ends with.

    Returns:
        The file's text, numbers unrounded.

    Examples:
        >>> csv_text(["model", "rate"], [["@home", 0.5], ["sim", None]])
        "model,rate\n'@home,0.5\nsim,\n"

    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end)
    for row in (head, *rows):
        writer.writerow([shown(cell) if isinstance(cell, str) else cell for cell in row])
    return stream.getvalue()
