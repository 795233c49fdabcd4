"""Rows of a file of any kind that published data sets come in."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from negosim.importing._decoding import decoded
from negosim.importing._drops import Drops
from negosim.importing._json import json_rows
from negosim.importing._row import BadRowError, Row
from negosim.importing._source import ImportedDialogue, SourceFile
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


def dialogues_of(
    files: Sequence[SourceFile], drops: Drops, found: Callable[[SourceFile, Row], ImportedDialogue]
) -> Iterator[ImportedDialogue]:
    """Yield the dialogue of every row of a published set that has one a row; count the rows that are bad.

    Args:
        files: of the set.
        drops: where to count them.
        found: reads a row that is sound in form; raises BadRowError with what is wrong with it.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    for file in files:
        for row in rows_of(file.path, file.name):
            try:
                if row.problem:
                    raise BadRowError(row.problem)
                yield found(file, row)
            except BadRowError as error:
                drops.add(str(error), row.where)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                drops.add(f"not in the published form ({type(error).__name__}: {error})", row.where)
