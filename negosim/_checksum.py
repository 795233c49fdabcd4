"""A checksum as the last field of a JSON object, so that damage to what is stored is noticed.

`{"id": "a"}` is written as `{"id":"a","crc32":"0f1e2d3c"}`: CRC-32 of every byte before the comma that the
field stands behind, in hexadecimal. The object stays plain JSON, and a line of it is written in one go.
"""

import re
from zlib import crc32

__all__ = ["DamageError", "checked", "with_checksum"]

FIELD = b'"crc32":'
"""Cannot stand inside a string, where its quotation marks would be escaped."""

_END = re.compile(rb'\s*"([0-9a-f]{8})"\s*\}\s*')


class DamageError(ValueError):
    """The content is not what was written."""


def with_checksum(content: bytes) -> bytes:
    """Add its checksum to a JSON object that has at least one field, compact or indented."""
    before = content.rstrip()[:-1].rstrip()
    between, end = (b",\n  ", b"\n}\n") if b"\n" in before else (b",", b"}\n")
    return before + between + FIELD + b'"%08x"' % crc32(before) + end


def checked(content: bytes) -> tuple[bytes, bool]:
    """Return a JSON object without its checksum, and whether it had one.

    Raises:
        DamageError: the checksum is that of another content.

    """
    before, field, end = content.rpartition(FIELD)
    found = _END.fullmatch(end) if field else None
    if found is None:
        return content, False
    before = before.rstrip()[:-1]
    if crc32(before) != int(found[1], 16):
        raise DamageError("damaged: it is not what was written (its checksum differs)")
    return before + b"}", True
