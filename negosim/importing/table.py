"""Tables (CSV, TSV, Excel, Parquet) with an utterance a row, whatever their columns are called."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from negosim.errors import UserError
from negosim.importing._drops import Drops
from negosim.importing._row import Row
from negosim.importing._rows import rows_of
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, SourceFile
from negosim.importing._talk import AboutTalk, TalkLine, Talks, fact_of, labels_in

NAMES: Mapping[str, tuple[str, ...]] = {
    "dialogue": (
        *("dialogue", "dialogue_id", "dialog_id", "dialog", "conv_id", "conversation_id", "conversation"),
        *("thread_id", "thread", "chat_id", "session_id"),
    ),
    "speaker": ("speaker", "role", "author", "sender", "user", "from", "name", "participant", "agent"),
    "text": ("text", "utterance", "message", "content", "body", "turn_text"),
    "turn": ("turn", "turn_id", "turn_index", "index", "order", "position", "timestamp", "time"),
    "label": ("label", "labels", "annotation", "annotations", "strategy", "strategies", "act", "tactic"),
    "participant": ("model", "played_by"),
    "offer": ("offer", "price"),
    "outcome": ("outcome", "result"),
    "split": ("split",),
}
"""What a column may hold, and what columns of it are usually called."""

NEEDED = ("dialogue", "speaker", "text")


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a table has the columns that are needed, by their usual names."""
    tables = (".csv", ".tsv", ".xlsx", ".parquet")
    if file.suffix.casefold() not in tables or not rows:
        return False
    found = _columns(rows[0].keys(), {})
    return all(name in found for name in NEEDED)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the dialogues of tables; rows may stand in any order where there is a column `turn`.

    Raises:
        UserError: a column is missing, or (`drops.strict`) a row is bad.

    """
    for file in files:
        yield from _Table(file, options, drops).dialogues()


def _columns(header: Any, given: Mapping[str, str]) -> dict[str, str]:
    """Return the name of the column by what is in it."""
    plain = {str(name).strip().casefold(): str(name) for name in header}
    found: dict[str, str] = {}
    for what, names in NAMES.items():
        wanted = [given[what]] if what in given else names
        column = next((plain[name.casefold()] for name in wanted if name.casefold() in plain), None)
        if column is not None and column not in found.values():
            found[what] = column
    return found


class _Table:
    def __init__(self, file: SourceFile, options: ImportOptions, drops: Drops) -> None:
        self._file = file
        self._options = options
        self._drops = drops
        self._talks = Talks(file.label, options, drops)
        self._columns: dict[str, str] = {}

    def dialogues(self) -> Iterator[ImportedDialogue]:
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in rows_of(self._file.path, self._file.name):
            if row.problem:
                self._drops.add(row.problem, row.where)
                continue
            if not self._columns:
                self._find(row.content.keys())
            id, speaker = self._cell(row, "dialogue"), self._cell(row, "speaker")
            if not id or not speaker:
                missing = "dialogue" if not id else "speaker"
                self._drops.add(f"no {missing} (column {self._columns[missing]!r})", row.where)
                continue
            rows[id].append(row)
        for id in list(rows):
            found = self._dialogue(id, rows.pop(id))
            if found is not None:
                yield found

    def _find(self, header: Any) -> None:
        given = self._options.columns
        if unknown := [name for name in given if name not in NAMES]:
            raise UserError(f"--columns: {unknown[0]!r} is nothing a column holds; give {', '.join(NAMES)}")
        self._columns = _columns(header, given)
        listed = ", ".join(str(name) for name in header)
        for what, column in given.items():
            if what not in self._columns:
                raise UserError(f"{self._file.path}: there is no column {column!r}; there are {listed}")
        for what in NEEDED:
            if what not in self._columns:
                raise UserError(
                    f"{self._file.path}: which column is the {what}? There are {listed}; "
                    f"say so with --columns {what}=COLUMN"
                )

    def _cell(self, row: Row, what: str) -> str:
        value = row.content.get(self._columns.get(what, ""))
        return "" if value is None else str(value).strip()

    def _dialogue(self, id: str, rows: list[Row]) -> ImportedDialogue | None:
        ordered = self._ordered(id, rows)
        lines = [self._line(row) for row in ordered]
        used = set(self._columns.values())
        facts = {
            str(name): fact_of(value)
            for name, value in ordered[0].content.items()
            if name not in used and len({str(row.content.get(name)) for row in ordered}) == 1 and value != ""
        }
        outcome = next((text for row in reversed(ordered) if (text := self._cell(row, "outcome"))), None)
        about = AboutTalk(outcome=outcome, facts=facts, split=self._file.split_of(ordered[0]))
        return self._talks.dialogue(id, ordered[0].where, lines, about)

    def _ordered(self, id: str, rows: list[Row]) -> list[Row]:
        """Return the rows by turn, each once; what is out of the ordinary is counted."""
        kept: dict[tuple[str, ...], Row] = {}
        for row in rows:
            key = tuple(self._cell(row, what) for what in ("turn", "speaker", "text"))
            if "turn" in self._columns and key in kept:
                self._drops.leave_out("row repeated", row.where)
                continue
            kept[key if "turn" in self._columns else (row.where,)] = row
        found = list(kept.values())
        if "turn" not in self._columns:
            return found
        turns = [_place(self._cell(row, "turn")) for row in found]
        known = [turn for turn in turns if turn is not None]
        if len(known) < len(turns):
            self._drops.altered["dialogues kept in the order of their rows: a turn has no number"] += 1
            return found
        if known != sorted(known):
            self._drops.altered["rows out of order sorted by turn (dialogues)"] += 1
        whole = {int(turn) for turn in known if turn == int(turn)}
        if len(whole) == len(known) and 0 < max(whole) - min(whole) + 1 - len(whole) <= len(known):
            gaps = sorted(set(range(min(whole), max(whole))) - whole)
            missing = ", ".join(map(str, gaps[:5]))
            self._drops.altered[f"turns missing in the source: {id}, turn {missing}"] += 1
        return [row for _, row in sorted(zip(known, found, strict=True), key=lambda pair: pair[0])]

    def _line(self, row: Row) -> TalkLine:
        offer = _number(self._cell(row, "offer").lstrip("$€£").replace(",", ""))
        return TalkLine(
            speaker=self._cell(row, "speaker"),
            text=self._cell(row, "text"),
            labels=labels_in(self._cell(row, "label")),
            offer={} if offer is None else {self._columns["offer"]: offer},
            participant=self._cell(row, "participant") or None,
        )


def _place(text: str) -> float | None:
    """Return what a row is sorted by: a number, or a time as ISO 8601 has it."""
    try:
        number = float(text)
    except ValueError:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return None
        return time.replace(tzinfo=time.tzinfo or UTC).timestamp()
    return number if isfinite(number) else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


IMPORTER = Importer(
    title="A table with an utterance a row",
    note="Rows are sorted by turn; rows that stand there twice count once; empty utterances are left out.",
    recognises=recognises,
    read=read,
)
