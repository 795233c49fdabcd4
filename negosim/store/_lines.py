"""Lines of a growing file from any place on, and one line at its place."""

from collections.abc import Iterator
from pathlib import Path

import zstandard

from negosim._files import unreadable
from negosim.errors import UserError
from negosim.store._shards import frame_at


class MovedError(UserError):
    """A line is not where it was."""


def lines_from(file: Path, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield where each complete line begins and ends, and the line itself, from a place on.

    What is still being written at the end is passed over: it is there the next time.

    Raises:
        UserError: the file cannot be read, or a compressed one is damaged.

    """
    try:
        with file.open("rb") as content:
            content.seek(start)
            if file.suffix == ".zst":
                while content.peek(1) and (found := frame_at(content, start)) is not None:
                    line, end = found
                    yield start, end, line
                    start = end
                    content.seek(start)
                return
            for line in content:
                if not line.endswith(b"\n"):
                    return
                yield start, start + len(line), line
                start += len(line)
    except OSError as error:
        raise unreadable(file, error) from None
    except zstandard.ZstdError as error:
        raise UserError(f"{file}, from byte {start}: damaged, not readable as zstd: {error}") from None


def line_at(file: Path, start: int, end: int) -> bytes:
    """Return the line that stands at a place of a file.

    Raises:
        UserError: the file cannot be read.
        MovedError: it has been rewritten.

    """
    for _, found, line in lines_from(file, start):
        if found == end:
            return line
        break
    raise MovedError(f"{file} was rewritten while it was read; try again")
