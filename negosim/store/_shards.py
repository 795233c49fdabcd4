"""The files dialogues are stored in: one line of JSON each, in shards, plain or compressed.

A run of up to `SHARD` dialogues has one file, `dialogues.jsonl`. A larger one has
`dialogues-00001.jsonl`, `dialogues-00002.jsonl`, ... A compressed shard (`.zst`) holds one zstd frame
for each dialogue, so that it can be appended to and read like any zstd file. Of the lines of a dialogue
that failed and was played again, the last one counts.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import orjson
import zstandard
from pydantic import BaseModel, ValidationError

from negosim._checksum import DamageError, checked
from negosim._files import append_whole, first_error, unreadable
from negosim.errors import UserError
from negosim.records import Dialogue

Line = TypeVar("Line", bound=BaseModel)

SHARD = 10_000
"""Dialogues in a shard."""
CHUNK = 1 << 16

FRAME = b"\x28\xb5\x2f\xfd"
"""What every zstd frame begins with."""
_ID = re.compile(rb'"id":"([\w.-]{1,200})"')

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
        UserError: the shard cannot be read, or a compressed one is damaged; names file and place.

    """
    try:
        yield from _frames(shard) if shard.suffix == ".zst" else _plain(shard)
    except OSError as error:
        raise unreadable(shard, error) from None


def _plain(shard: Path) -> Iterator[tuple[bytes, int]]:
    end = 0
    with shard.open("rb") as file:
        for line in file:
            end += len(line)
            if line.endswith(b"\n"):
                yield line, end


def _frames(shard: Path) -> Iterator[tuple[bytes, int]]:
    end, size = 0, shard.stat().st_size
    with shard.open("rb") as file:
        while end < size:
            try:
                found = frame_at(file, end)
            except zstandard.ZstdError as error:
                raise _damaged(shard, end, str(error)) from None
            if found is None:
                file.seek(end)
                # Only the last frame can have been cut off: one that swallows others is damaged.
                if FRAME in file.read()[1:]:
                    raise _damaged(shard, end, "its end is missing")
                return
            line, end = found
            yield line, end


def frame_at(file: BinaryIO, start: int) -> tuple[bytes, int] | None:
    """Return what the zstd frame at a place holds, and where it ends; None where it is cut off.

    Raises:
        ZstdError: there is no sound frame.

    """
    file.seek(start)
    frame, content, end = zstandard.ZstdDecompressor().decompressobj(), b"", start
    while not frame.eof:
        if not (chunk := file.read(CHUNK)):
            return None
        content += frame.decompress(chunk)
        end += len(chunk)
    return content, end - len(frame.unused_data)


def _damaged(shard: Path, place: int, wrong: str) -> UserError:
    return UserError(f"{shard}, from byte {place}: damaged, not readable as zstd: {wrong}; {WAY_OUT}")


WAY_OUT = (
    "`negosim generate --resume RUN --drop-damaged` takes what is damaged out of the run and makes those "
    "dialogues again"
)


def read_line(place: str, line: bytes, model: type[Line]) -> Line:
    """Read a stored line; one without a checksum, as earlier versions wrote them, must be all there.

    Args:
        place: file and line, for messages.
        line: the bytes of it.
        model: what of it is wanted.

    Raises:
        UserError: it is not what was written; names file, line and, where it can be read, dialogue.

    """
    try:
        content, verified = checked(line)
        if not verified:
            Dialogue.model_validate_json(content)
        return model.model_validate_json(content)
    except ValidationError as error:
        raise _damaged_line(place, line, first_error(error)) from None
    except DamageError as error:
        raise _damaged_line(place, line, str(error)) from None


def _damaged_line(place: str, line: bytes, wrong: str) -> UserError:
    """Return what is said of a line that cannot be used."""
    about = f" (dialogue {found[1].decode()})" if (found := _ID.search(line)) else ""
    return UserError(f"{place}{about}: {wrong}; {WAY_OUT}")


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
        packed = self._shard.suffix == ".zst"
        data = zstandard.ZstdCompressor(write_checksum=True).compress(line) if packed else line
        with self._shard.open("ab", buffering=0) as file:
            append_whole(file, data)
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
                    read_line(f"{shard}, line {number}", line, Dialogue)  # its id is what was written
                    continue
            yield shard, number, line


def count(folder: Path) -> int:
    """Count the dialogues of a run without parsing them."""
    return sum(1 for _ in standing(folder))


def count_lines(folder: Path) -> int:
    """Count the lines of a run, those included that later ones replace."""
    return sum(1 for shard in shards(folder) for _ in lines(shard))


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
