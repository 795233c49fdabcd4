"""Rows of tables: CSV as spreadsheets and people leave it, Excel, Parquet."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negosim.errors import UserError
from negosim.importing._decoding import UnreadableError, decoded, lines_of
from negosim.importing._row import Row

LONGEST_ROW = 64
"""Lines that a row with line breaks in its cells may have; a quote open for longer was left open."""

_OPEN = "a quote is left open, or stands in the middle of a cell"


def csv_rows(file: Path, name: str) -> Iterator[Row]:
    """Yield the rows of a CSV file (commas, semicolons or tabs); blank ones and repeated headers are none.

    Raises:
        UnreadableError: it is in no encoding that can be told.
        UserError: it cannot be read.

    """
    lines = [line for _, line in lines_of(decoded(file))]
    delimiter, start = _delimiter(lines)
    header: list[str] | None = None
    for number, cells, problem in _records(lines, delimiter, start):
        where = f"{name}, row {number}"
        if problem is not None:
            yield Row(where, number, {}, problem)
        elif any(cell.strip("\ufeff \t\r\n") for cell in cells):
            cells[0] = cells[0].lstrip("\ufeff")
            if header is None:
                header = _without_empty_end(cells)
            elif len(cells) < len(header):
                yield Row(where, number, {}, _count(cells, header))
            elif cells[: len(header)] != header:
                yield _row(where, number, header, cells)


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """Return what divides cells, and how many lines are before the header: Excel writes "sep=;" above it."""
    if lines and (given := re.fullmatch(r'"?sep=([,;\t])"?\s*', lines[0], re.IGNORECASE)):
        return given[1], 1
    first = next((line for line in lines if line.strip()), "")
    return max(",;\t", key=first.count), 0


def _records(
    lines: Sequence[str], delimiter: str, start: int = 0
) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield number of the first line, cells and problem of each record.

    The line at which a quote is left open is bad by itself: reading goes on with the next one.
    """
    while start < len(lines):
        end, cells = _record(lines, start, delimiter)
        yield start + 1, cells or [], None if cells is not None else _OPEN
        start = end


def _record(lines: Sequence[str], start: int, delimiter: str) -> tuple[int, list[str] | None]:
    text = ""
    for end in range(start, min(start + LONGEST_ROW, len(lines))):
        text += lines[end]
        if text.count('"') % 2 == 0:
            try:
                return end + 1, next(csv.reader([text], delimiter=delimiter, strict=True), [])
            except csv.Error:
                break
    return start + 1, None


def _without_empty_end(cells: list[str]) -> list[str]:
    return cells if not cells or cells[-1].strip() else _without_empty_end(cells[:-1])


def _count(cells: Sequence[Any], header: Sequence[str]) -> str:
    return f"{len(cells)} cells where the header has {len(header)}"


def _row(where: str, number: int, header: Sequence[str], cells: list[Any]) -> Row:
    more = len(cells) - len(header)
    content = dict(zip(header, cells, strict=False))
    if more > 0 and any(str(cell).strip() for cell in cells[len(header) :]):
        return Row(where, number, {}, _count(cells, header))
    return Row(where, number, content)


def excel_rows(file: Path, name: str) -> Iterator[Row]:
    """Yield the rows of an Excel file's first sheet; blank ones are none.

    Raises:
        UnreadableError: it is no Excel file.
        UserError: openpyxl is not installed.

    """
    try:
        import openpyxl
    except ImportError:
        raise UserError(
            f"{file}: reading Excel files needs openpyxl: pip install 'negosim[rl]', or move the file away"
        ) from None
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:
        raise UnreadableError(f"{file}: not a readable Excel file: {error}") from None
    try:
        header: list[str] | None = None
        for number, values in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            if all(value is None or not str(value).strip() for value in values):
                continue
            if header is None:
                header = _without_empty_end(["" if value is None else str(value) for value in values])
            else:
                yield _row(f"{name}, row {number}", number, header, list(values))
    finally:
        book.close()


def parquet_rows(file: Path, name: str) -> Iterator[Row]:
    """Yield the rows of a Parquet file.

    Raises:
        UnreadableError: it is no Parquet file.
        UserError: pyarrow is not installed.

    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UserError(f"{file}: reading Parquet needs pyarrow: pip install 'negosim[rl]'") from None
    from negosim.importing._json import unpacked

    try:
        with pq.ParquetFile(file) as table:
            number = 0
            for batch in table.iter_batches(1000):
                for content in batch.to_pylist():
                    number += 1
                    yield unpacked(f"{name}, row {number}", number, content)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"{file}: not a readable Parquet file: {error}") from None


def by_column(row: Row, names: Mapping[str, str]) -> Row:
    """Return a row whose columns have their published names, whatever the case they are written in."""
    if not isinstance(row.content, Mapping):
        return row
    content = {names.get(str(key).strip().casefold(), str(key)): value for key, value in row.content.items()}
    return Row(row.where, row.number, content, row.problem, row.split)
