"""`judgements.jsonl` of a run: one sheet a line, appended whole; the last line of a key wins."""

from collections.abc import Collection, Iterator
from hashlib import blake2b
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from negosim._checksum import DamageError, checked, with_checksum
from negosim._files import append_whole, first_error, unreadable, unwritable, write_whole
from negosim.errors import UserError
from negosim.records import Sheet, judge_named
from negosim.store._count import JUDGEMENTS as COUNT
from negosim.store._count import LineCount, read_count
from negosim.store._shards import lines

if TYPE_CHECKING:
    import pandas as pd

JUDGEMENTS, JUDGES = "judgements.jsonl", "judges.json"
JUDGE_ON = "what was judged is stored; {mend} and judge again"

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
        UserError: a line is broken or lines are missing; names file and line. A last line cut off by a
            kill is passed over.

    """
    place = folder / JUDGEMENTS
    for number, _, line in _standing(place):
        try:
            yield Sheet.model_validate_json(line)
        except ValidationError as error:
            raise _damaged(place, number, first_error(error)) from None


def answered_keys(folder: Path) -> set[Key]:
    """Return the keys of the sheets that need not be asked again: those no provider failed on."""
    return {
        _key(row)
        for _, row, _ in _standing(folder / JUDGEMENTS)
        if not any(item["status"] == "error" for item in row["judgements"])
    }


PART = 100_000
"""Judgements that are kept as Python objects at a time."""
TEXTS = ("reason", "evidence")


def read_frame(folder: Path, sets: Collection[str] | None, *, texts: bool = True) -> "pd.DataFrame":
    """Return one row a judgement; what a sheet cost is divided equally among its judgements."""
    import pandas as pd

    wanted = [name for name in COLUMNS if texts or name not in TEXTS]
    columns: dict[str, list[Any]] = {name: [] for name in wanted}
    parts: list[pd.DataFrame] = []
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
            columns["detail"].append(item.get("detail") or _NO_DETAIL)
            if texts:
                columns["reason"].append(intern(item.get("reason", "")))
                columns["evidence"].append(item.get("evidence") or _NO_EVIDENCE)
        if len(columns["dialogue"]) >= PART:
            parts.append(_packed(columns))
            columns = {name: [] for name in wanted}
    parts.append(_packed(columns))
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _packed(columns: dict[str, list[Any]]) -> "pd.DataFrame":
    """Return columns as a frame; lists are taken out one by one, so that they are not in memory together."""
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series(columns.pop(name), dtype=_DTYPES.get(name, "object")) for name in list(columns)}
    )


_DTYPES = {"agent": "Int64", "turn": "Int64", "repeat": "int64", **dict.fromkeys(_OF_COST, "float64")}


def _standing(place: Path) -> Iterator[tuple[int, dict[str, Any], bytes]]:
    """Yield number, content and bytes of every line that no later one replaces."""
    if not place.exists():
        return
    counted, found = read_count(place.parent / COUNT), 0
    last: dict[bytes, int] = {}
    for number, row, _ in _rows(place):
        found, last[_digest(row)] = number, number
    if found < counted:
        raise UserError(
            f"{place} had {counted:,} lines and has {found:,}: it was cut; judge again as before to ask "
            f"again what is missing, or remove {place.parent / COUNT} to go on without"
        )
    repeated = len(last) < found
    if not repeated:
        last.clear()
    for number, row, line in _rows(place):
        if not repeated or last[_digest(row)] == number:
            yield number, row, line


def _rows(place: Path) -> Iterator[tuple[int, dict[str, Any], bytes]]:
    for number, (raw, _) in enumerate(lines(place), 1):
        try:
            line, verified = checked(raw)
            row = orjson.loads(line)
            _key(row)
            if not verified:
                Sheet.model_validate_json(line)
            row["judge"] = judge_named(row["judge"])
        except ValidationError as error:
            raise _damaged(place, number, first_error(error)) from None
        except (DamageError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            wrong = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise _damaged(place, number, f"no sheet of judgements: {wrong}") from None
        yield number, row, line


def _damaged(place: Path, number: int, wrong: str) -> UserError:
    return UserError(
        f"{place}, line {number}: {wrong}; remove the line, and judge again as before to have it asked again"
    )


def _key(row: dict[str, Any]) -> Key:
    """Return a stored sheet's key, as `Sheet.key` has it."""
    return (*(row[name] for name in _OF_KEY), row.get("repeat", 0))


def _digest(row: dict[str, Any]) -> bytes:
    """Return what stands for a key, in 16 bytes: a long run has millions."""
    return blake2b(orjson.dumps(_key(row)), digest_size=16).digest()


class SheetWriter:
    """Adds sheets to a run."""

    def __init__(self, folder: Path) -> None:
        """Take up after the last whole line; what was cut off behind it is removed."""
        self._folder = folder
        try:
            if not (folder / JUDGEMENTS).exists():  # removed on purpose: a new beginning
                (folder / COUNT).unlink(missing_ok=True)
            self._file = (folder / JUDGEMENTS).open("ab", buffering=0)
            ends = [end for _, end in lines(folder / JUDGEMENTS)]
            self._file.truncate(max(ends, default=0))
        except OSError as error:
            raise self._unwritable(error) from None
        self.count = LineCount(folder / COUNT, len(ends))

    def append(self, *sheets: Sheet) -> None:
        """Append sheets, all or none; what was stored before stays readable whatever happens.

        Raises:
            UserError: the disk is full or the folder cannot be written.

        """
        try:
            append_whole(self._file, b"".join(map(_line, sheets)))
        except OSError as error:
            raise self._unwritable(error) from None
        self.count.lines += len(sheets)

    def describe_judge(self, fingerprint: str, content: dict[str, Any]) -> None:
        """Enter in `judges.json` what a fingerprint stands for.

        Raises:
            UserError: the folder cannot be written.

        """
        known = read_judges(self._folder)
        if known.get(fingerprint) != content:
            known[fingerprint] = content
            described = orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
            write_whole(self._folder / JUDGES, with_checksum(described))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _unwritable(self, error: OSError) -> UserError:
        return unwritable(self._folder / JUDGEMENTS, error, JUDGE_ON)


def _line(sheet: Sheet) -> bytes:
    content = {"schema_version": 1, **sheet.model_dump(mode="json", exclude_defaults=True)}
    return with_checksum(orjson.dumps(content))


_JUDGES_ANEW = "it only says what the judgements' fingerprints stand for: remove it to go on"


def read_judges(folder: Path) -> dict[str, Any]:
    """Return what each fingerprint of a run's sheets stands for.

    Raises:
        UserError: the file is broken.

    """
    place = folder / JUDGES
    try:
        known = orjson.loads(checked(place.read_bytes())[0])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable(place, error) from None
    except (DamageError, orjson.JSONDecodeError) as error:
        raise UserError(f"{place}: {error}; {_JUDGES_ANEW}") from None
    if not isinstance(known, dict):
        raise UserError(f"{place} must hold a JSON object; {_JUDGES_ANEW}")
    return known
