"""The files dialogues are stored in: one line of JSON each, in shards, plain or compressed.

A run of up to `SHARD` dialogues has one file, `dialogues.jsonl`. A larger one has
`dialogues-00001.jsonl`, `dialogues-00002.jsonl`, ... A compressed shard (`.zst`) holds one zstd frame
for each dialogue, so that it can be appended to and read like any zstd file. Of the lines of a dialogue
that failed and was played again, the last one counts.
"""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import zstandard

from negosim.errors import UserError

SHARD = 10_000
"""Dialogues in a shard."""
CHUNK = 1 << 20

_NAME = re.compile(r"dialogues(?:-(\d+))?\.jsonl(?:\.zst)?")
_FAILED = re.compile(rb'"status"\s*:\s*"failed"')


def first_shard(folder: Path, *, planned: int, compress: bool) -> Path:
    """Return the first file of a run that asks for `planned` dialogues."""
    return folder / f"dialogues{'-00001' if planned > SHARD else ''}.jsonl{'.zst' if compress else ''}"


def shards(folder: Path) -> list[Path]:
    """Return the files of a run that hold dialogues, in order."""
    found = [file for file in folder.glob("dialogues*") if _NAME.fullmatch(file.name)]
    return sorted(found, key=_number)


def _number(shard: Path) -> int:
    """Return a shard's place in the order; the only file of a small run is the first, also if it grows."""
    named = _NAME.fullmatch(shard.name)
    return int(named[1] or 1) if named else 1


def next_shard(shard: Path) -> Path:
    """Return the file that follows a full shard."""
    return shard.with_name(f"dialogues-{_number(shard) + 1:05d}{''.join(shard.suffixes)}")


def lines(shard: Path) -> Iterator[tuple[bytes, int]]:
    """Yield every complete line of a shard, with where it ends in the file.

    What a kill or a full disk has cut off at the end is passed over.

    Raises:
        UserError: a compressed shard is damaged; names file and place.

    """
    if shard.suffix == ".zst":
        yield from _frames(shard)
        return
    end = 0
    with shard.open("rb") as file:
        for line in file:
            end += len(line)
            if line.endswith(b"\n"):
                yield line, end


def _frames(shard: Path) -> Iterator[tuple[bytes, int]]:
    end, pending = 0, b""
    with shard.open("rb") as file:
        while chunk := pending or file.read(CHUNK):
            frame, line, size = zstandard.ZstdDecompressor().decompressobj(), b"", 0
            while chunk and not frame.eof:
                try:
                    line += frame.decompress(chunk)
                except zstandard.ZstdError as error:
                    raise UserError(f"{shard}, from byte {end}: not readable as zstd: {error}") from None
                size += len(chunk)
                chunk = b"" if frame.eof else file.read(CHUNK)
            if not frame.eof:
                return
            pending = frame.unused_data
            end += size - len(pending)
            yield line, end


class Appender:
    """Appends dialogues to a run's last shard, and begins the next when it is full."""

    def __init__(self, folder: Path) -> None:
        """Take up where the folder's last shard ends; what was cut off there is removed."""
        self._shard = shards(folder)[-1]
        ends = [end for _, end in lines(self._shard)]
        self._count, end = len(ends), ends[-1] if ends else 0
        with self._shard.open("r+b") as file:
            file.truncate(end)

    def append(self, line: bytes) -> None:
        """Append one line in a single write.

        Raises:
            OSError: the disk is full or the folder cannot be written; the file is left as it was.

        """
        if self._count >= SHARD:
            self._shard, self._count = next_shard(self._shard), 0
        data = zstandard.ZstdCompressor().compress(line) if self._shard.suffix == ".zst" else line
        with self._shard.open("ab", buffering=0) as file:
            start = file.tell()
            try:
                written = file.write(data)
            except OSError:
                file.truncate(start)
                raise
            if written != len(data):
                file.truncate(start)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._count += 1


def standing(folder: Path) -> Iterator[tuple[Path, int, bytes]]:
    """Yield shard, number and bytes of every line of a run that no later one replaces, in stored order.

    A dialogue that failed can be played again. Its new line then counts and the failed one does not; so
    what comes after is looked at only if there is a line that failed.
    """
    last: dict[str, tuple[Path, int]] | None = None
    for shard in shards(folder):
        for number, (line, _) in enumerate(lines(shard), 1):
            if _FAILED.search(line):
                last = _last_lines(folder) if last is None else last
                if last.get(_id_of(line), (shard, number)) != (shard, number):
                    continue
            yield shard, number, line


def count(folder: Path) -> int:
    """Count the dialogues of a run without parsing them."""
    return sum(1 for _ in standing(folder))


def _last_lines(folder: Path) -> dict[str, tuple[Path, int]]:
    """Return the shard and the number of the last line of each dialogue."""
    return {
        _id_of(line): (shard, number)
        for shard in shards(folder)
        for number, (line, _) in enumerate(lines(shard), 1)
    }


def _id_of(line: bytes) -> str:
    """Return a dialogue's id; "" for a line that cannot be read, which its reader will say."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""
