"""Rows of a file of any kind that published data sets come in."""

from collections.abc import Callable, Iterator
from pathlib import Path

from negosim.importing._decoding import decoded
from negosim.importing._json import json_rows
from negosim.importing._row import Row
from negosim.importing._tables import csv_rows, excel_rows, parquet_rows

_READERS: dict[str, Callable[[Path, str], Iterator[Row]]] = {
    **dict.fromkeys((".json", ".jsonl", ".ndjson", ".txt"), json_rows),
    **dict.fromkeys((".csv", ".tsv"), csv_rows),
    ".xlsx": excel_rows,
    ".parquet": parquet_rows,
}


def can_be_read(file: Path) -> bool:
    """Return whether a file's name is that of one with rows; a text file has to begin like JSON."""
    kind = file.suffix.casefold()
    return kind in _READERS and (kind != ".txt" or decoded(file).lstrip()[:1] in ("{", "["))


def rows_of(file: Path, name: str | None = None) -> Iterator[Row]:
    """Yield the rows of a file, sound or not.

    Args:
        file: the file.
        name: what messages call it.

    Raises:
        UnreadableError: it is not what its name says.
        UserError: it cannot be read.

    """
    return _READERS[file.suffix.casefold()](file, name or file.name)
