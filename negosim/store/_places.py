"""Places of a run's lines: noted for the index without reading more of a line than its id."""

import mmap
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from negosim._files import unreadable
from negosim.store._lines import lines_from

PLACES = """
CREATE TABLE located (file TEXT PRIMARY KEY, inode INTEGER, stop INTEGER, lines INTEGER);
CREATE TABLE places (line INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, file TEXT, start INTEGER,
    stop INTEGER);
"""
"""How far each file was looked through, and the line that stands for each dialogue, in stored order."""

HEAD = 300
"""Bytes at the beginning of a line in which its id is."""
_ID = re.compile(rb'\{"schema_version":\d+,"id":"([^"\\]+)"')


@dataclass(frozen=True)
class Place:
    """Where a dialogue's line is."""

    id: str
    file: str
    start: int
    stop: int


def locate(base: sqlite3.Connection, files: Sequence[Path]) -> None:
    """Note the places of the lines that were added since.

    Raises:
        UserError: a file cannot be read, or a compressed one is damaged.

    """
    for file in files:
        known = base.execute("SELECT stop, lines FROM located WHERE file=?", (file.name,)).fetchone()
        stop, lines = known or (0, 0)
        if file.stat().st_size == stop:
            continue
        with base:
            base.execute("BEGIN IMMEDIATE")
            for start, end, head in _heads(file, stop):
                stop, lines = end, lines + 1
                if name := _id_of(file, start, head):
                    row = name, file.name, start, end
                    base.execute("INSERT OR REPLACE INTO places (id,file,start,stop) VALUES (?,?,?,?)", row)
            seen = file.name, file.stat().st_ino, stop, lines
            base.execute("INSERT OR REPLACE INTO located VALUES (?,?,?,?)", seen)


def _heads(file: Path, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield where each complete line begins and ends, and how it begins."""
    if file.suffix == ".zst":
        for begins, end, line in lines_from(file, start):
            yield begins, end, line[:HEAD]
        return
    try:
        with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            while (end := mapped.find(b"\n", start) + 1) > 0:
                yield start, end, mapped[start : min(end, start + HEAD)]
                start = end
    except OSError as error:
        raise unreadable(file, error) from None


def _id_of(file: Path, start: int, head: bytes) -> str | None:
    """Return the id of a line; None for one that cannot be read."""
    if found := _ID.match(head):
        return found[1].decode(errors="replace")
    _, _, line = next(lines_from(file, start))
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return str(content["id"]) if isinstance(content, dict) and "id" in content else None


def find_place(base: sqlite3.Connection, reference: str) -> Place | None:
    """Return where a dialogue is, by id or by number from 1."""
    query = "SELECT id, file, start, stop FROM places "
    found = base.execute(query + "WHERE id=?", (reference,)).fetchone()
    if found is None and reference.isdecimal() and 0 < int(reference) < 2**62:
        nth = (int(reference) - 1,)
        found = base.execute(query + "ORDER BY line LIMIT 1 OFFSET ?", nth).fetchone()
    return None if found is None else Place(*found)


def names_like(base: sqlite3.Connection, beginning: str, limit: int) -> list[str]:
    """Return the ids that begin so, in stored order."""
    query = "SELECT id FROM places WHERE substr(id, 1, ?)=? ORDER BY line LIMIT ?"
    return [name for (name,) in base.execute(query, (len(beginning), beginning, limit))]


def lines_seen(base: sqlite3.Connection) -> int:
    """Return the number of lines looked at."""
    return int(base.execute("SELECT total(lines) FROM located").fetchone()[0])
