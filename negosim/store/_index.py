"""Index of a run: a row a dialogue and a row a sheet, so that long runs are paged through without being read.

It is an SQLite file beside the dialogues, built once and carried on as the run grows. It holds nothing that
the run does not: removed, it is made again.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from platformdirs import user_cache_path
from pydantic import ValidationError

from negosim._checksum import DamageError, checked
from negosim._files import first_error, unwritable
from negosim.errors import UserError
from negosim.records import Dialogue, Sheet
from negosim.store._create import INDEX
from negosim.store._index_row import IndexedPart, row_of
from negosim.store._judgements import JUDGEMENTS
from negosim.store._lines import line_at, lines_from
from negosim.store._places import PLACES, Place, find_place, lines_seen, locate, names_like
from negosim.store._shards import read_line, shards

if TYPE_CHECKING:
    from negosim.store._run import Run

VERSION = 2
Done = TypeVar("Done")
_DAMAGED = sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR
"""Codes of SQLite of a file that is none of its own, or has not the tables."""
BATCH = 200
"""Lines read between two looks at the clock."""

_TABLES = (
    """
CREATE TABLE files (name TEXT PRIMARY KEY, inode INTEGER, read_to INTEGER);
CREATE TABLE dialogues (number INTEGER PRIMARY KEY, id TEXT UNIQUE, file TEXT, start INTEGER, stop INTEGER,
    scenario TEXT, condition TEXT, pairing INTEGER, status TEXT, outcome TEXT, ending TEXT, row TEXT);
CREATE INDEX pairs ON dialogues (scenario, pairing);
CREATE TABLE sheets (key TEXT PRIMARY KEY, dialogue TEXT, judge TEXT, start INTEGER, stop INTEGER);
CREATE INDEX sheets_of ON sheets (dialogue);
CREATE TABLE damaged (file TEXT, start INTEGER, wrong TEXT);
"""
    + PLACES
)


@dataclass(frozen=True)
class IndexedDialogue:
    """One row of the index."""

    number: int
    """Position from 1; it stays the same when a dialogue that failed is played again."""
    id: str
    row: dict[str, Any]
    """Header, outcome and account by column."""


class RunIndex:
    """A run's index, open for reading and for being carried on.

    Args:
        run: the run.

    Raises:
        UserError: the index cannot be kept anywhere.

    Examples:
        >>> import negosim
        >>> from negosim.store import RunIndex
        >>> run = negosim.generate(negosim.RunConfig(scenarios="viatex", dialogues=2), out="indexed-run")
        >>> index = RunIndex(run)
        >>> index.refresh()
        True
        >>> [found.id for found in index.find(limit=1)]
        ['viatex.honest.0000']

    """

    def __init__(self, run: "Run") -> None:
        self.run = run
        self._place = self._made()

    def _made(self) -> Path:
        """Return the index's file, made if it is missing; in the user's cache where the run is read-only."""
        own = sha256(str(self.run.path.resolve()).encode()).hexdigest()[:24]
        cache = user_cache_path("negosim") / "indexes" / f"{own}.sqlite"
        wrong: Exception | None = None
        for place in (self.run.path / INDEX, cache):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with closing(_connect(place)) as base, base:
                    base.execute("BEGIN IMMEDIATE")
                    if base.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                        _clear(base)
                return place
            except (sqlite3.Error, OSError) as error:
                wrong = error
        raise unwritable(cache, wrong if isinstance(wrong, OSError) else OSError(str(wrong)))

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(_connect(self._place)) as base:
                yield base
        except sqlite3.Error as error:
            raise UserError(
                f"{self._place}: the index of the run cannot be read: {error}; remove it, it is made again"
            ) from None

    def refresh(self, seconds: float | None = None) -> bool:
        """Read what has been added to the run since.

        Args:
            seconds: how long it may take, about; what is left is read the next time. None: until done.

        Returns:
            Whether everything has been read.

        Raises:
            UserError: a file of the run cannot be read.

        """
        until = None if seconds is None else time.monotonic() + seconds
        return self._mended(lambda base: self._refresh(base, until))

    def _mended(self, task: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do something with the index; one that is damaged is made again first."""
        try:
            with closing(_connect(self._place)) as base:
                return task(base)
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGED:
                raise unwritable(self._place, OSError(str(error))) from None
        self._place.unlink(missing_ok=True)
        self._place = self._made()
        with closing(_connect(self._place)) as base:
            return task(base)

    def _files(self, base: sqlite3.Connection) -> list[Path]:
        """Return the files with dialogues; an index of files that were rewritten is cleared first."""
        files = shards(self.run.path)
        if _rewritten(base, files, self.run.path / JUDGEMENTS):
            with base:
                base.execute("BEGIN IMMEDIATE")
                _clear(base)
        return files

    def _refresh(self, base: sqlite3.Connection, until: float | None) -> bool:
        read = [_carry_on(base, file, _add_dialogue, until) for file in self._files(base)]
        judged = self.run.path / JUDGEMENTS
        return (not judged.exists() or _carry_on(base, judged, _add_sheet, until)) and all(read)

    def locate(self) -> None:
        """Note where the lines are that have been added since, and read no more of them than their ids.

        Raises:
            UserError: a file of the run cannot be read.

        """
        self._mended(lambda base: locate(base, self._files(base)))

    def place_of(self, reference: str) -> Place | None:
        """Return where a dialogue is stored, by its id or by its number in stored order; after `locate`."""
        with self._base() as base:
            return find_place(base, reference)

    def names(self, beginning: str = "", limit: int = -1) -> list[str]:
        """Return the ids that begin so, in stored order; after `locate`."""
        with self._base() as base:
            return names_like(base, beginning, limit)

    @property
    def lines(self) -> int:
        """Lines of the run, those included that later ones replace; after `locate`."""
        with self._base() as base:
            return lines_seen(base)

    def rebuild(self) -> None:
        """Forget everything that was noted."""
        with self._base() as base, base:
            base.execute("BEGIN IMMEDIATE")
            _clear(base)

    def count(self, where: str = "1", given: Sequence[Any] = ()) -> int:
        """Count the dialogues that an SQL condition holds of."""
        with self._base() as base:
            return int(base.execute(f"SELECT count(*) FROM dialogues WHERE {where}", given).fetchone()[0])

    def find(
        self,
        where: str = "1",
        given: Sequence[Any] = (),
        *,
        order: str = "number",
        limit: int = 100,
        offset: int = 0,
    ) -> list[IndexedDialogue]:
        """Return a page of dialogues.

        Args:
            where: an SQL condition on the columns of `dialogues`; never made of what a user typed.
            given: the values of its question marks.
            order: what they are sorted by, in SQL.
            limit: how many.
            offset: how many are passed over first.

        """
        query = f"SELECT number, id, row FROM dialogues WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        with self._base() as base:
            rows = base.execute(query, (*given, limit, offset)).fetchall()
        return [IndexedDialogue(number, name, orjson.loads(row)) for number, name, row in rows]

    def partners(self, number: int, dialogue: Dialogue, limit: int = 8) -> list[IndexedDialogue]:
        """Return dialogues on the seed of another, under other conditions or with other models."""
        same = "scenario=? AND pairing=? AND number<>?"
        return self.find(same, (dialogue.scenario, dialogue.index, number), limit=limit)

    def values(self, column: str) -> list[str]:
        """Return the different values of a text column, sorted."""
        with self._base() as base:
            rows = base.execute(f"SELECT DISTINCT {column} FROM dialogues ORDER BY 1").fetchall()
        return [str(value) for (value,) in rows if value is not None]

    def sums(self) -> dict[str, Any]:
        """Return what the dialogues come to: counts by outcome and status, money, tokens, sheets."""
        with self._base() as base:
            row = base.execute(
                "SELECT count(*), sum(status='failed'), sum(outcome='agreement'),"
                " sum(outcome IN ('agreement','no_agreement','abandoned')), total(json_extract(row,'$.usd')),"
                " sum(json_extract(row,'$.usd') IS NULL), "
                " total(json_extract(row,'$.tokens_in') + json_extract(row,'$.tokens_out'))"
                " FROM dialogues"
            ).fetchone()
            sheets = base.execute("SELECT count(*) FROM sheets").fetchone()[0]
        names = ("stored", "failed", "agreed", "settled", "usd", "unpriced", "tokens")
        return dict(zip(names, (value or 0 for value in row), strict=True)) | {"sheets": sheets}

    def number_of(self, dialogue: str) -> int | None:
        """Return the number of a dialogue by its id."""
        with self._base() as base:
            found = base.execute("SELECT number FROM dialogues WHERE id=?", (dialogue,)).fetchone()
        return None if found is None else int(found[0])

    def dialogue(self, number: int) -> Dialogue:
        """Read a dialogue by its number.

        Raises:
            UserError: there is none, or its line is damaged.

        """
        with self._base() as base:
            found = base.execute(
                "SELECT file, start, stop FROM dialogues WHERE number=?", (number,)
            ).fetchone()
        if found is None:
            raise UserError(f"no dialogue {number} in {self.run.path}; it has {self.count()}")
        file = self.run.path / found[0]
        return read_line(str(file), line_at(file, *found[1:]), Dialogue)

    def sheets(self, dialogue: str) -> list[Sheet]:
        """Read what judges have answered about a dialogue.

        Raises:
            UserError: the file cannot be read.

        """
        query = "SELECT start, stop FROM sheets WHERE dialogue=? ORDER BY start"
        with self._base() as base:
            places = base.execute(query, (dialogue,)).fetchall()
        file = self.run.path / JUDGEMENTS
        return [Sheet.model_validate_json(checked(line_at(file, *place))[0]) for place in places]

    def damaged(self) -> list[tuple[str, int, str]]:
        """Return what could not be read: file, byte, and what was wrong."""
        with self._base() as base:
            return base.execute("SELECT file, start, wrong FROM damaged ORDER BY 1, 2").fetchall()


def _connect(place: Path) -> sqlite3.Connection:
    base = sqlite3.connect(place, timeout=20)
    base.execute("PRAGMA synchronous=OFF")  # what a power cut takes is made again
    return base


def _clear(base: sqlite3.Connection) -> None:
    for (table,) in base.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall():
        base.execute(f"DROP TABLE {table}")
    for statement in filter(str.strip, _TABLES.split(";")):
        base.execute(statement)
    base.execute(f"PRAGMA user_version={VERSION}")


def _rewritten(base: sqlite3.Connection, files: Sequence[Path], judged: Path) -> bool:
    """Tell whether a file that was read is gone, shorter, or another one of the same name."""
    there = {file.name: file for file in [*files, judged]}
    seen = "SELECT name, inode, read_to FROM files UNION ALL SELECT file, inode, stop FROM located"
    for name, inode, read_to in base.execute(seen).fetchall():
        try:
            now = there[name].stat()
        except (KeyError, OSError):
            return True
        if now.st_ino != inode or now.st_size < read_to:
            return True
    return False


def _carry_on(base: sqlite3.Connection, file: Path, add: Any, until: float | None) -> bool:
    """Read a file from where it was left, some lines a transaction; return whether its end was reached."""
    while True:
        if until is not None and time.monotonic() > until:
            return False
        with base:
            base.execute("BEGIN IMMEDIATE")
            known = base.execute("SELECT read_to FROM files WHERE name=?", (file.name,)).fetchone()
            start = end = known[0] if known else 0
            count = 0
            for begins, end, line in lines_from(file, start):
                try:
                    add(base, file, begins, end, checked(line)[0])
                except (DamageError, ValidationError, orjson.JSONDecodeError, KeyError, TypeError) as error:
                    wrong = first_error(error) if isinstance(error, ValidationError) else str(error)
                    base.execute("INSERT INTO damaged VALUES (?,?,?)", (file.name, begins, wrong))
                count += 1
                if count == BATCH:
                    break
            row = file.name, file.stat().st_ino, end
            base.execute("INSERT OR REPLACE INTO files VALUES (?,?,?)", row)
        if count < BATCH:
            return True


def _add_dialogue(base: sqlite3.Connection, file: Path, start: int, end: int, line: bytes) -> None:
    found = IndexedPart.model_validate_json(line)
    base.execute(
        "INSERT INTO dialogues (id,file,start,stop,scenario,condition,pairing,status,outcome,ending,row)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET file=excluded.file,"
        " start=excluded.start, stop=excluded.stop, status=excluded.status, outcome=excluded.outcome,"
        " ending=excluded.ending, row=excluded.row",
        (
            *(found.id, file.name, start, end, found.scenario, found.condition.name, found.index),
            *(found.status, found.outcome.status, found.end, orjson.dumps(row_of(found)).decode()),
        ),
    )


def _add_sheet(base: sqlite3.Connection, file: Path, start: int, end: int, line: bytes) -> None:
    found = orjson.loads(line)
    names = ("dialogue", "questions", "perspective", "judge", "fingerprint")
    key = orjson.dumps([*(found[name] for name in names), found.get("repeat", 0)]).decode()
    row = key, found["dialogue"], found["judge"], start, end
    base.execute("INSERT OR REPLACE INTO sheets VALUES (?,?,?,?,?)", row)
