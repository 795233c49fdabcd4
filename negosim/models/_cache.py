"""Answers kept on disk: an equal request is answered without a model.

One SQLite file in the user's cache folder serves all runs, at the same time if need be. The standard
library's sqlite3 is used directly: a lookup or an entry takes some ten microseconds in the event
loop's own thread, less than handing it to another (aiosqlite) or pickling it (diskcache).
"""

import logging
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import platformdirs

from negosim._files import reason
from negosim.errors import UserError
from negosim.models._types import ChatResponse, Usage

logger = logging.getLogger("negosim.models")

BUSY_SECONDS = 10.0
"""How long an entry waits for another process to finish its own; that takes microseconds."""

# The number is that of the table below: another version of it has another file.
_FILE = "responses-2.sqlite"
_TABLE = """
CREATE TABLE IF NOT EXISTS responses (
    key BLOB PRIMARY KEY,
    model TEXT NOT NULL,
    created INTEGER NOT NULL,
    text TEXT NOT NULL,
    finish TEXT NOT NULL,
    mode TEXT NOT NULL,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    tokens_cached INTEGER NOT NULL,
    crc32 INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS responses_by_model ON responses (model);
"""
_FIND = "SELECT text, finish, mode, crc32 FROM responses WHERE key = ?"
_KEEP = "INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM responses WHERE key = ?"
_KNOWN = "SELECT 1 FROM responses WHERE model = ? LIMIT 1"


BROKEN = (sqlite3.Error, UnicodeDecodeError)
"""What is raised where the file is damaged: sqlite3 quotes pieces of it, which need not be text."""


def cache_path() -> Path:
    """Return where the answers are kept."""
    return platformdirs.user_cache_path("negosim") / _FILE


class ResponseCache:
    """The answers of models, open for use by one run.

    One that cannot be used is told before a run begins: what has been paid for would be asked for again.
    One that breaks while a run is under way is worth no run: a warning is logged, and it goes on without.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the user's cache, or another; it is made if need be.

        Raises:
            UserError: it cannot be read or written, is damaged, or is something else.

        """
        self.path = path or cache_path()
        self._connection: sqlite3.Connection | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(self.path)
        except (OSError, *BROKEN) as error:
            raise UserError(
                f"the response cache {str(self.path)!r} cannot be used: {_why(error)}; mend that, go on "
                "without it (--no-cache), or have it made anew (negosim cache clear)"
            ) from None

    def find(self, key: bytes) -> ChatResponse | None:
        """Return the answer kept under a key, if it is as it was written; a damaged one is removed."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(_FIND, (key,)).fetchone()
            if row is None:
                return None
            *parts, checksum = row
            if checksum == _checksum(key, *parts):
                text, finish, mode = (part.decode() for part in parts)
                return ChatResponse(text, finish, Usage(), mode, requests=0, cached=True)
            self._connection.execute(_DROP, (key,))
        except BROKEN as error:
            self._give_up(error)
            return None
        logger.warning("the response cache %s: an answer is damaged; it is asked for again", self.path)
        return None

    def keep(self, key: bytes, model: str, response: ChatResponse) -> bool:
        """Keep an answer, on disk before this returns; return False if another one was there first."""
        usage = response.usage
        # Of a refusal and of what was cut off, nothing is used but that it was so.
        text = response.text if response.finish == "stop" else ""
        parts = (text, response.finish, response.mode)
        tokens = (usage.tokens_in, usage.tokens_out, usage.tokens_cached)
        checksum = _checksum(key, *(part.encode() for part in parts))
        row = (key, model, int(time.time()), *parts, *tokens, checksum)
        try:
            return self._connection is None or self._connection.execute(_KEEP, row).rowcount > 0
        except BROKEN as error:
            self._give_up(error)
            return True

    def knows(self, model: str) -> bool:
        """Return whether there are answers of a model."""
        try:
            found = self._connection and self._connection.execute(_KNOWN, (model,)).fetchone()
        except BROKEN as error:
            self._give_up(error)
            return False
        return bool(found)

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _give_up(self, error: Exception) -> None:
        logger.warning(
            "no answers are kept or reused from here on: the response cache %s cannot be used: %s",
            self.path,
            _why(error),
        )
        self.close()


@dataclass(frozen=True)
class CacheEntry:
    """What the cache holds of one model."""

    model: str
    answers: int
    tokens_in: int
    """Of all answers together: what asking for them again would use."""
    tokens_out: int
    tokens_cached: int


@dataclass(frozen=True)
class CacheStats:
    """What the cache holds."""

    path: Path
    bytes: int
    """Size of the file, and of the log beside it."""
    entries: tuple[CacheEntry, ...]
    """By model, most answers first."""


def cache_stats(path: Path | None = None) -> CacheStats:
    """Return what the user's cache, or another, holds.

    Raises:
        UserError: the file cannot be read.

    """
    path = path or cache_path()
    if not path.exists():
        return CacheStats(path, 0, ())
    query = """
        SELECT model, COUNT(*), SUM(tokens_in), SUM(tokens_out), SUM(tokens_cached)
        FROM responses GROUP BY model ORDER BY 2 DESC, 1
    """
    try:
        connection = _connect(path)
        try:
            entries = tuple(
                CacheEntry(model.decode(errors="replace"), *counts)
                for model, *counts in connection.execute(query)
            )
        finally:
            connection.close()
    except BROKEN as error:
        raise UserError(
            f"{str(path)!r} cannot be read: {_why(error)}; `negosim cache clear` makes it anew"
        ) from None
    return CacheStats(path, sum(file.stat().st_size for file in _files(path) if file.exists()), entries)


def clear_cache(path: Path | None = None) -> None:
    """Remove every answer from the user's cache, or another; runs that use it at the time go on.

    Raises:
        UserError: the file cannot be written.

    """
    path = path or cache_path()
    if not path.exists():
        return
    try:
        try:
            connection = _connect(path)
            try:
                connection.execute("DELETE FROM responses")
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()
        except BROKEN as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _IN_THE_WAY:
                raise
            for file in _files(path):
                file.unlink(missing_ok=True)
    except (OSError, *BROKEN) as error:
        raise UserError(f"{str(path)!r} cannot be cleared: {_why(error)}") from None


_IN_THE_WAY = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}
    | {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}
)
"""Codes of SQLite for what would be in the way of a new file too."""

_REASONS = {
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_READONLY: "it may not be written to",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk is full, or fails",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_NOTADB: "it is no database",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
}


def _why(error: Exception) -> str:
    """Return why the file could not be used."""
    if isinstance(error, OSError):
        return reason(error)
    if isinstance(error, UnicodeDecodeError):
        return _REASONS[sqlite3.SQLITE_CORRUPT]
    return _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, str(error))


def _checksum(key: bytes, text: bytes, finish: bytes, mode: bytes) -> int:
    return crc32(b"\0".join((key, text, finish, mode)))


def _files(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file; entries are transactions of their own."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.text_factory = bytes  # what is damaged need be no text
    try:
        # Readers and a writer at the same time; what was written survives the process, not a power cut.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_TABLE)
        connection.execute(_FIND, (b"",))  # the table of something else has other columns
    except BROKEN:
        connection.close()
        raise
    return connection
