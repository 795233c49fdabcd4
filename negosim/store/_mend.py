"""Taking damaged lines out of a run, so that their dialogues can be made again."""

from collections.abc import Iterator
from pathlib import Path

import zstandard
from pydantic import ValidationError

from negosim._checksum import DamageError, checked
from negosim._files import unreadable, write_whole
from negosim.records import Dialogue
from negosim.store._shards import FRAME, frame_at, shards

DAMAGED = "dialogues.damaged"


def drop_damaged(folder: Path) -> int:
    """Take what is no stored dialogue out of a run's files, and return how many pieces that were.

    They are kept, as they were found, in `dialogues.damaged`.

    Args:
        folder: the run folder; nobody else may write to it.

    Raises:
        UserError: the folder cannot be read or written.

    """
    damaged: list[bytes] = []
    for shard in shards(folder):
        try:
            sound = [(piece, _is_dialogue(line)) for piece, line in _pieces(shard)]
        except OSError as error:
            raise unreadable(shard, error) from None
        bad = [piece for piece, whole in sound if not whole]
        if bad:
            damaged += bad
            write_whole(folder / DAMAGED, _before(folder / DAMAGED) + b"".join(bad))
            write_whole(shard, b"".join(piece for piece, whole in sound if whole))
    return len(damaged)


def _before(place: Path) -> bytes:
    return place.read_bytes() if place.exists() else b""


def _is_dialogue(line: bytes) -> bool:
    try:
        Dialogue.model_validate_json(checked(line)[0])
    except (DamageError, ValidationError):
        return False
    return line.endswith(b"\n")


def _pieces(shard: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield a shard in pieces that hold a line each, with the line; what cannot be unpacked holds none."""
    with shard.open("rb") as file:
        if shard.suffix != ".zst":
            yield from ((line, line) for line in file)
            return
        content, start = file.read(), 0
        while start < len(content):
            try:
                found = frame_at(file, start)
            except zstandard.ZstdError:
                found = None
            if found is None:
                following = content.find(FRAME, start + 1)
                found = b"", len(content) if following < 0 else following
            line, end = found
            yield content[start:end], line
            start = end
