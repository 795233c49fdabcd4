"""Entries of JSON and JSON-lines files, however they are laid out."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from negosim.errors import UserError
from negosim.importing._decoding import UnreadableError, decoded, lines_of
from negosim.importing._published import split_of_name
from negosim.importing._row import Row

_HOLDERS = ("data", "dialogues", "rows", "examples", "instances", "conversations", "items")
"""Names under which files keep their list of entries."""


def json_rows(file: Path, name: str) -> Iterator[Row]:
    """Yield the entries of a JSON list, of an object of lists by split, or of JSON lines.

    A line that is no JSON is a row with a problem, as long as at least half of the lines are objects.

    Raises:
        UnreadableError: the file is no JSON; names the line.
        UserError: the file cannot be read.

    """
    if _has_lines(file):
        yield from _lines(file, name)
        return
    text = decoded(file)
    if not text.strip():
        return
    whole, problem = _parsed(text)
    if problem is None:
        yield from _entries(whole, name)
        return
    lines = [(number, line.strip("\ufeff \t\r\n")) for number, line in lines_of(text)]
    rows = [_line(name, number, line) for number, line in lines if line]
    if text.lstrip()[0] == "[" or 2 * sum(isinstance(row.content, Mapping) for row in rows) < len(rows):
        raise UnreadableError(f"{file}: not valid JSON: {problem}")
    yield from rows


_PEEK = 1 << 16
"""Bytes from which is told whether a file has an entry a line; the first line must end within them."""


def _has_lines(file: Path) -> bool:
    """Tell whether a file is plainly JSON lines in UTF-8, which can be read one by one."""
    try:
        with file.open("rb") as content:
            head = content.read(_PEEK)
    except OSError:
        return False
    lines = head.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n")
    if len(lines) < 2 or any(head.startswith(mark) for mark in (b"\xff\xfe", b"\xfe\xff", b"\0")):
        return False
    if b"\r" in head.replace(b"\r\n", b""):
        return False
    try:
        return isinstance(orjson.loads(lines[0]), dict)
    except orjson.JSONDecodeError:
        return False


def _lines(file: Path, name: str) -> Iterator[Row]:
    """Yield the entries of JSON lines, of which one is in memory at a time."""
    sound = broken = 0
    try:
        with file.open("rb") as content:
            for number, raw in enumerate(content, 1):
                try:
                    line = raw.decode().strip("\ufeff \t\r\n")
                except UnicodeDecodeError:
                    decoded(file)  # says which byte of the file it is
                    raise
                if not line:
                    continue
                if "\0" in line:
                    raise UnreadableError(f"{file}: has NUL characters; if it is UTF-16, save it as UTF-8")
                row = _line(name, number, line)
                if isinstance(row.content, Mapping):
                    sound += 1
                else:
                    broken += 1
                yield row
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from None
    if sound < broken:
        raise UnreadableError(f"{file}: not valid JSON lines: most of them are no objects")


def _line(name: str, number: int, line: str) -> Row:
    content, problem = _parsed(line)
    where = f"{name}, row {number}"
    return (
        unpacked(where, number, content)
        if problem is None
        else Row(where, number, None, f"not valid JSON: {problem}")
    )


def _entries(whole: Any, name: str) -> Iterator[Row]:
    if isinstance(whole, Mapping):
        lists = {key: value for key, value in whole.items() if isinstance(value, list)}
        if len(lists) == len(whole) and all(split_of_name(key) for key in lists):
            for key, entries in lists.items():
                for number, entry in enumerate(entries, 1):
                    yield unpacked(f"{name}, {key}, row {number}", number, entry, key)
            return
        held = next((lists[key] for key in _HOLDERS if _holds_entries(lists.get(key))), None)
        whole = [whole] if held is None else held
    if not isinstance(whole, list):
        whole = [whole]
    for number, entry in enumerate(whole, 1):
        yield unpacked(f"{name}, row {number}", number, entry)


def _holds_entries(given: Any) -> bool:
    """Tell a list of entries from the messages of one chat, which are flat."""
    if not isinstance(given, list) or not given:
        return isinstance(given, list)
    flat = isinstance(given[0], Mapping) and (
        {"from", "value"} <= given[0].keys() or {"role", "content"} <= given[0].keys()
    )
    return not flat


def unpacked(where: str, number: int, content: Any, split: str | None = None) -> Row:
    """Make a row; one that is JSON in a text field, as hubs keep text files, is unpacked."""
    if (
        isinstance(content, Mapping)
        and isinstance(text := content.get("text"), str)
        and text.lstrip()[:1] == "{"
    ):
        inner, problem = _parsed(text)
        if problem is None and isinstance(inner, Mapping):
            content = {**{key: value for key, value in content.items() if key != "text"}, **inner}
    try:
        orjson.dumps(content)
    except TypeError:
        return Row(where, number, None, "has half a character (a lone surrogate), which is no text", split)
    return Row(where, number, content, None, split)


def _parsed(text: str) -> tuple[Any, str | None]:
    """Return what JSON says, NaN and infinities included, which Python writes; or what is wrong."""
    try:
        return orjson.loads(text), None
    except orjson.JSONDecodeError:
        try:
            return json.loads(text), None
        except json.JSONDecodeError as error:
            return None, f"{error.msg} (line {error.lineno}, column {error.colno})"
        except (RecursionError, ValueError) as error:
            return None, str(error)
