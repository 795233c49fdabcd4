"""Reading JSON and JSON-lines files of dialogues row by row, each with where it stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from negosim.errors import UserError


def rows_of(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield each entry of a JSON list or of a JSON-lines file, with its file and row (from 1).

    Raises:
        UserError: the file cannot be read, or is no JSON; names the line.

    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from None
    if content.lstrip()[:1] == b"[":
        try:
            entries = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise UserError(f"{file}: not valid JSON: {error}") from None
        for number, entry in enumerate(entries, 1):
            yield f"{file.name}, row {number}", entry
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield f"{file.name}, row {number}", orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UserError(f"{file}, line {number}: not valid JSON: {error.msg}") from None
