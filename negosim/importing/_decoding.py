"""Text of published files: UTF-8 or UTF-16 by their byte-order mark, lines by any of the three endings."""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from negosim.errors import UserError

_MARKS = (
    # That of UTF-32 begins like that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class UnreadableError(UserError):
    """A file is not what its name says: broken, or in another encoding."""


def decoded(file: Path) -> str:
    """Return the text of a file without its byte-order mark.

    Raises:
        UnreadableError: it is in no encoding that can be told; names file, line and byte.
        UserError: the file cannot be read.

    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from None
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"{file}, line {line}: byte {error.start} is 0x{content[error.start]:02x}, which is not "
            f"{encoding.upper()}; save the file as UTF-8 (from Latin-1: iconv -f LATIN1 -t UTF-8)"
        ) from None
    if "\0" in text:
        raise UnreadableError(f"{file}: has NUL characters; if it is UTF-16, save it as UTF-8")
    return text.lstrip("\ufeff")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield number and content of each line, whether it ends in \n, \r\n or \r; its ending is kept."""
    yield from enumerate(io.StringIO(text, newline=""), 1)
