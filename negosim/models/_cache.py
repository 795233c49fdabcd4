"""Answers kept on disk: an equal request is answered without a model.

One SQLite file in the user's cache folder serves all runs, at the same time if need be. The standard
library's sqlite3 is used directly: a lookup or an entry takes some ten microseconds in the event
loop's own thread, less than handing it to another (aiosqlite) or pickling it (diskcache).
"""

import asyncio
import hashlib
import logging
import sqlite3
import time
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import platformdirs

from negosim.errors import UserError
from negosim.models._types import ChatModel, ChatRequest, ChatResponse, Usage

logger = logging.getLogger("negosim.models")

BUSY_SECONDS = 10.0
"""How long an entry waits for another process to finish its own; that takes microseconds."""

# The number is that of the table below: another version of it has another file.
_FILE = "responses-1.sqlite"
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
    tokens_cached INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS responses_by_model ON responses (model);
"""
_FIND = "SELECT text, finish, mode FROM responses WHERE key = ?"
_KEEP = "INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KNOWN = "SELECT 1 FROM responses WHERE model = ? LIMIT 1"


def cache_path() -> Path:
    """Return where the answers are kept."""
    return platformdirs.user_cache_path("negosim") / _FILE


class ResponseCache:
    """The answers of models, open for use by one run.

    A cache is worth no run: where the file cannot be used any more, a warning is logged and the run
    goes on without it.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the user's cache, or another; it is made if need be."""
        self.path = path or cache_path()
        self._connection: sqlite3.Connection | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(self.path)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def find(self, key: bytes) -> ChatResponse | None:
        """Return the answer kept under a key."""
        try:
            row = self._connection.execute(_FIND, (key,)).fetchone() if self._connection else None
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        if row is None:
            return None
        text, finish, mode = row
        return ChatResponse(text, finish, Usage(), mode, requests=0, cached=True)

    def keep(self, key: bytes, model: str, response: ChatResponse) -> bool:
        """Keep an answer, on disk before this returns; return False if another one was there first."""
        usage = response.usage
        # Of a refusal and of what was cut off, nothing is used but that it was so.
        text = response.text if response.finish == "stop" else ""
        row = (key, model, int(time.time()), text, response.finish, response.mode)
        tokens = (usage.tokens_in, usage.tokens_out, usage.tokens_cached)
        try:
            return self._connection is None or self._connection.execute(_KEEP, row + tokens).rowcount > 0
        except sqlite3.Error as error:
            self._give_up(error)
            return True

    def knows(self, model: str) -> bool:
        """Return whether there are answers of a model."""
        try:
            found = self._connection and self._connection.execute(_KNOWN, (model,)).fetchone()
        except sqlite3.Error as error:
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
            "no answers are kept or reused: the response cache %s cannot be used (%s); "
            "`negosim cache clear` makes it anew",
            self.path,
            error,
        )
        self.close()


class CachedModel:
    """A chat model whose answers are kept, and given again to equal requests."""

    def __init__(self, model: ChatModel, cache: ResponseCache, identity: str | None = None) -> None:
        """Put a cache before a model.

        `identity` tells models apart whose answers differ; by default their names do.
        """
        self.name = model.name
        self._model = model
        self._cache = cache
        self._identity = identity or model.name
        self._asked: dict[bytes, asyncio.Event] = {}
        self._ready = asyncio.Lock()
        self._checked = False

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Return the answer that is kept, or send the request; equal ones at a time are sent once.

        Every answer is kept, unusable ones too: what follows from them is then the same again.

        Raises:
            ModelError: the provider failed.
            UserError: the model was first needed now, and cannot be reached.

        """
        key = request_key(self._identity, request)
        while True:
            found = self._cache.find(key)
            if found is not None:
                return found
            if key not in self._asked:
                break
            await self._asked[key].wait()
        done = self._asked[key] = asyncio.Event()
        try:
            await self._check()
            response = await self._model.complete(request)
            if not self._cache.keep(key, self._identity, response):
                # Another process asked the same meanwhile. Its answer stands, so that all runs agree.
                first = self._cache.find(key) or response
                response = replace(response, text=first.text, finish=first.finish, mode=first.mode)
            return response
        finally:
            del self._asked[key]
            done.set()

    async def preflight(self) -> None:
        """Check that the model can be reached, where none of its answers is kept.

        Otherwise it is checked when an answer is missing: a run that was made before needs no model.
        """
        if not self._cache.knows(self._identity):
            await self._check()

    async def close(self) -> None:
        """Release the model; the cache stays open."""
        await self._model.close()

    async def _check(self) -> None:
        if not self._checked:
            async with self._ready:
                if not self._checked:
                    await self._model.preflight()
                    self._checked = True


def request_key(identity: str, request: ChatRequest) -> bytes:
    """Return a key of everything that decides an answer."""
    parts = (
        identity,
        request.seed,
        request.temperature,
        request.max_tokens,
        request.schema_name,
        request.schema,
        [(message.role, message.content) for message in request.messages],
    )
    return hashlib.sha256(orjson.dumps(parts)).digest()


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
            entries = tuple(CacheEntry(*row) for row in connection.execute(query))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UserError(f"{path} cannot be read ({error}); `negosim cache clear` makes it anew") from None
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
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            for file in _files(path):
                file.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"{path} cannot be cleared: {error}") from None


def _files(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file; entries are transactions of their own."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        # Readers and a writer at the same time; what was written survives the process, not a power cut.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
