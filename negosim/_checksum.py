"""Checksums, so that damage to what is stored is noticed.

A JSON object has its own as its last field: `{"id": "a"}` is written as `{"id":"a","crc32":"0f1e2d3c"}`,
CRC-32 of every byte before the comma that the field stands behind, in hexadecimal. The object stays plain
JSON, and a line of it is written in one go. Files of other formats have theirs in such an object beside them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

__all__ = ["DamageError", "check_files", "checked", "checksum_of", "checksums_below", "with_checksum"]

CHUNK = 1 << 20

FIELD = b'"crc32":'
"""Cannot stand inside a string, where its quotation marks would be escaped."""

_END = re.compile(rb'\s*"([0-9a-f]{8})"\s*\}\s*')


DIFFERS = "damaged: it is not what was written (its checksum differs)"


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
        raise DamageError(DIFFERS)
    return before + b"}", True


def checksum_of(file: Path) -> str:
    """Return the CRC-32 of a file, in hexadecimal.

    Raises:
        OSError: it cannot be read.

    """
    found = 0
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            found = crc32(chunk, found)
    return f"{found:08x}"


def checksums_below(folder: Path) -> dict[str, str]:
    """Return the checksum of every file below a folder, by its path in it.

    Raises:
        OSError: one cannot be read.

    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): checksum_of(file) for file in files}


def check_files(folder: Path, checksums: Mapping[str, str]) -> None:
    """Check that files are what was written, `checksums` being theirs.

    Raises:
        DamageError: one is not, or is missing; names it.
        OSError: one cannot be read.

    """
    for name, checksum in checksums.items():
        file = folder / name
        if not file.is_file():
            raise DamageError(f"{file} is missing")
        if checksum_of(file) != checksum:
            raise DamageError(f"{file}: {DIFFERS}")
