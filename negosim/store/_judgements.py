"""`judgements.jsonl` of a run: one sheet a line, appended whole; the last line of a key wins."""

import errno
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from negosim.errors import UserError
from negosim.records import Sheet
from negosim.store._shards import lines

if TYPE_CHECKING:
    import pandas as pd

JUDGEMENTS, JUDGES = "judgements.jsonl", "judges.json"

_OF_KEY = ("dialogue", "questions", "perspective", "judge", "fingerprint")
_OF_JUDGEMENT = ("question", "agent", "turn", "status", "value", "reason", "evidence", "detail")
_OF_COST = ("calls", "tokens_in", "tokens_out", "tokens_cached", "usd", "seconds")

COLUMNS = (
    *("dialogue", "questions", "question", "perspective", "agent", "turn"),
    *("judge", "fingerprint", "repeat", "status", "value", "reason", "evidence", "detail"),
    *_OF_COST,
)
"""Of `judgement_frame`, in order."""

_NO_EVIDENCE: list[str] = []
_NO_DETAIL: dict[str, Any] = {}
"""Most judgements have none: shared by all of them, not to be written to."""

Key = tuple[Any, ...]


def read_sheets(folder: Path) -> Iterator[Sheet]:
    """Yield the sheets of a run in stored order, each key's last one only.

    Raises:
        UserError: a line is broken; names file and line. A last line cut off by a kill is passed over.

    """
    place = folder / JUDGEMENTS
    for number, _, line in _standing(place):
        try:
            yield Sheet.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise UserError(f"{place}, line {number}: {where or 'content'}: {first['msg']}") from None


def answered_keys(folder: Path) -> set[Key]:
    """Return the keys of the sheets that need not be asked again: those no provider failed on."""
    return {
        _key(row)
        for _, row, _ in _standing(folder / JUDGEMENTS)
        if not any(item["status"] == "error" for item in row["judgements"])
    }


def read_frame(folder: Path, sets: Collection[str] | None = None) -> "pd.DataFrame":
    """Return one row a judgement; what a sheet cost is divided equally among its judgements."""
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for _, row, _ in _standing(folder / JUDGEMENTS):
        judgements = row["judgements"]
        count = len(judgements)
        if not count or (sets is not None and row["questions"] not in sets):
            continue
        for name in _OF_KEY:
            columns[name] += [intern(row[name])] * count
        columns["repeat"] += [row.get("repeat", 0)] * count
        for name in _OF_COST:
            whole = row.get(name, 0)
            columns[name] += [None if whole is None else whole / count] * count
        for item in judgements:
            columns["question"].append(intern(item["question"]))
            columns["status"].append(intern(item["status"]))
            columns["agent"].append(item.get("agent"))
            columns["turn"].append(item.get("turn"))
            value = item.get("value")
            columns["value"].append(intern(value) if isinstance(value, str) else value)
            columns["reason"].append(intern(item.get("reason", "")))
            columns["evidence"].append(item.get("evidence") or _NO_EVIDENCE)
            columns["detail"].append(item.get("detail") or _NO_DETAIL)
    # Taken out one by one: a long run's lists and series are not in memory together.
    return pd.DataFrame(
        {name: pd.Series(columns.pop(name), dtype=_DTYPES.get(name, "object")) for name in COLUMNS}
    )


_DTYPES = {"agent": "Int64", "turn": "Int64", "repeat": "int64", **dict.fromkeys(_OF_COST, "float64")}


def _standing(place: Path) -> Iterator[tuple[int, dict[str, Any], bytes]]:
    """Yield number, content and bytes of every line that no later one replaces."""
    last: dict[Key, int] = {}
    for number, row, _ in _rows(place):
        last[_key(row)] = number
    standing = set(last.values())
    last.clear()
    for number, row, line in _rows(place):
        if number in standing:
            yield number, row, line


def _rows(place: Path) -> Iterator[tuple[int, dict[str, Any], bytes]]:
    if not place.exists():
        return
    for number, (line, _) in enumerate(lines(place), 1):
        try:
            row = orjson.loads(line)
            _key(row)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            wrong = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise UserError(
                f"{place}, line {number}: no sheet of judgements: {wrong}; remove the line"
            ) from None
        yield number, row, line


def _key(row: dict[str, Any]) -> Key:
    """Return a stored sheet's key, as `Sheet.key` has it."""
    return (*(row[name] for name in _OF_KEY), row.get("repeat", 0))


class SheetWriter:
    """Adds sheets to a run."""

    def __init__(self, folder: Path) -> None:
        """Take up after the last whole line; what was cut off behind it is removed."""
        self._place = folder / JUDGEMENTS
        self._judges = folder / JUDGES
        try:
            self._file = self._place.open("ab", buffering=0)
            self._file.truncate(max((end for _, end in lines(self._place)), default=0))
        except OSError as error:
            raise self._unwritable(error) from None

    def append(self, *sheets: Sheet) -> None:
        """Append sheets, all or none; what was stored before stays readable whatever happens.

        Raises:
            UserError: the disk is full or the folder cannot be written.

        """
        content = b"".join(_line(sheet) for sheet in sheets)
        try:
            start = self._file.seek(0, os.SEEK_END)
            try:
                if self._file.write(content) != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                self._file.truncate(start)
                raise
        except OSError as error:
            raise self._unwritable(error) from None

    def describe_judge(self, fingerprint: str, content: dict[str, Any]) -> None:
        """Enter in `judges.json` what a fingerprint stands for."""
        known = read_judges(self._judges.parent)
        if known.get(fingerprint) == content:
            return
        known[fingerprint] = content
        temporary = self._judges.with_suffix(".part")
        try:
            temporary.write_bytes(orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
            temporary.replace(self._judges)
        except OSError as error:
            raise self._unwritable(error) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            f"{str(self._place)!r} cannot be written: {error.strerror or error}; "
            "what was judged is stored; make room and judge again"
        )


def _line(sheet: Sheet) -> bytes:
    content = {"schema_version": 1, **sheet.model_dump(mode="json", exclude_defaults=True)}
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def read_judges(folder: Path) -> dict[str, Any]:
    """Return what each fingerprint of a run's sheets stands for.

    Raises:
        UserError: the file is broken.

    """
    place = folder / JUDGES
    try:
        known = orjson.loads(place.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise UserError(f"{place} cannot be read: {error}") from None
    if not isinstance(known, dict):
        raise UserError(f"{place} must hold a JSON object")
    return known
