"""Persuasion for Good (Wang et al. 2019): persuaders ask persuadees to give to Save the Children."""

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negosim.errors import UserError
from negosim.rl._card import Drops
from negosim.rl._trajectory import TrajectoryTurn
from negosim.rl.sources._source import Found, Source
from negosim.rl.sources._text import repair
from negosim.rl.tasks import DONATION

MOST = 2.0
"""Dollars a participant could give: the task's whole payment. Larger figures are cents or slips."""

TEXT, INFO = {"B2", "B4", "Turn", "Unit"}, {"B2", "B4", "B6"}
"""Columns of a file with dialogues, and of one with donations."""

_ROLES = {"0": "agent", "1": "user"}

_DONATIONS = "a file of donations (columns B2, B4, B6: full_info.csv)"
_DIALOGUES = "a file of dialogues (columns B2, B4, Turn, Unit: full_dialog.csv)"

Row = tuple[str, Mapping[str, Any]]
"""Where it stands, and its content by column."""


def columns(file: Path) -> set[str]:
    """Return the column names of a CSV or Excel file."""
    return {str(name) for name in next(_table(file), []) if name is not None}


def _table(file: Path) -> Iterator[list[Any]]:
    if file.suffix == ".xlsx":
        yield from _sheet(file)
        return
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.reader(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{file}: not CSV in UTF-8: {error}") from None


def _sheet(file: Path) -> Iterator[list[Any]]:
    try:
        import openpyxl
    except ImportError:
        raise UserError(
            f"{file}: reading Excel files needs openpyxl: pip install 'negosim[rl]', or move the file away"
        ) from None
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:
        raise UserError(f"{file}: not a readable Excel file: {error}") from None
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield list(row)
    finally:
        book.close()


def read_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a CSV or Excel file, each with where it stands."""
    table = _table(file)
    header = [str(name) for name in next(table, [])]
    for number, row in enumerate(table, 2):
        yield f"{file.name}, row {number}", dict(zip(header, row, strict=False))


def read(files: Sequence[Path], learner: int, drops: Drops) -> Iterator[Found]:
    """Yield the dialogues of the files, with what the persuadee gave.

    Texts are those of the first file of dialogues (the full CSV before the annotated Excel file);
    labels are those of the annotated one, where there is one.

    Raises:
        UserError: a file is missing, broken, or (`drops.strict`) has a bad row.

    """
    ordered = sorted(files, key=lambda file: (file.suffix == ".xlsx", file.name))
    names = {file: columns(file) for file in ordered}
    texts = [file for file in ordered if names[file] >= TEXT]
    infos = [file for file in ordered if names[file] >= INFO and file not in texts]
    if not texts or not infos:
        raise UserError(f"{files[0].parent}: needs {_DIALOGUES} and {_DONATIONS} side by side")
    donations = _donations(infos, drops)
    labels = _labels([file for file in texts if "er_label_1" in names[file]])
    for id, rows in _dialogues(texts[0], drops):
        found = _found(id, rows, donations, labels, drops)
        if found is not None:
            yield found


def _donations(files: Sequence[Path], drops: Drops) -> dict[str, float | None]:
    """Return what each dialogue's persuadee gave, as stated; None where the row has no usable figure."""
    found: dict[str, float | None] = {}
    for file in files:
        for where, row in read_rows(file):
            id = str(row["B2"])
            if _role(row["B4"]) != "user" or id in found:
                continue
            try:
                amount = float(row["B6"])
            except (TypeError, ValueError):
                amount = math.nan
            if not math.isfinite(amount) or amount < 0:
                drops.add(f"B6 (donation) is {row['B6']!r}, no amount", where)
                found[id] = None
            else:
                found[id] = amount
    return found


def _role(given: object) -> str | None:
    return _ROLES.get(str(given).removesuffix(".0"))


Labels = Mapping[tuple[str, str, str], tuple[str, str]]
"""By dialogue, turn and role: the labels, joined, and the letters of the words they were given to."""


def _labels(files: Sequence[Path]) -> Labels:
    names: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    words: dict[tuple[str, str, str], str] = defaultdict(str)
    for file in files:
        for _, row in read_rows(file):
            if (role := _role(row["B4"])) is None:
                continue
            key = str(row["B2"]), str(row["Turn"]), role
            side = "er" if role == "agent" else "ee"
            words[key] += _letters(row["Unit"])
            for column in (f"{side}_label_1", f"{side}_label_2"):
                if row.get(column):
                    names[key][str(row[column])] = None
    return {key: ("+".join(given), words[key]) for key, given in names.items()}


def _letters(text: object) -> str:
    return re.sub("[^a-z0-9]", "", str(text).casefold())


def _dialogues(file: Path, drops: Drops) -> Iterator[tuple[str, list[Row]]]:
    """Yield each dialogue's rows; a row that stands there twice counts once."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    seen: set[tuple[str, ...]] = set()
    for where, row in read_rows(file):
        key = tuple(str(row.get(name)) for name in ("B2", "B4", "Turn", "Unit"))
        if key in seen:
            drops.add("row repeated", where)
            continue
        seen.add(key)
        grouped[key[0]].append((where, row))
    yield from grouped.items()


def _found(
    id: str, rows: list[Row], donations: Mapping[str, float | None], labels: Labels, drops: Drops
) -> Found | None:
    turns, last = [], -1
    for where, row in rows:
        role, number = _role(row["B4"]), str(row["Turn"]).removesuffix(".0")
        text = repair(str(row["Unit"])) if row["Unit"] else ""
        if role is None:
            drops.add(f"B4 (role) is {row['B4']!r}, neither 0 nor 1; the dialogue is left out", where)
            return None
        if not text:
            drops.add("no text in Unit; the dialogue is left out", where)
            return None
        if not number.isdecimal() or int(number) < last:
            drops.add("Turn is no number in ascending order; the dialogue is left out", where)
            return None
        if text != " ".join(str(row["Unit"]).split()):
            drops.altered["text repaired (mojibake, escaped quotes)"] += 1
        last = int(number)
        turns.append((number, TrajectoryTurn.model_validate({"role": role, "text": text})))
    where = rows[0][0]
    if id not in donations:
        drops.add("no row with the persuadee's donation", where)
        return None
    return _valued(id, where, _labelled(id, turns, labels, drops), donations[id], drops)


def _labelled(
    id: str, turns: Sequence[tuple[str, TrajectoryTurn]], labels: Labels, drops: Drops
) -> list[TrajectoryTurn]:
    """Give turns their labels, where the annotators read the same words: the two files differ in places."""
    words: dict[tuple[str, str, str], str] = defaultdict(str)
    for number, turn in turns:
        words[id, number, turn.role] += _letters(turn.text)
    made = []
    for number, turn in turns:
        key = id, number, turn.role
        names, annotated = labels.get(key, ("", ""))
        if annotated and annotated != words[key]:
            drops.altered["labels left out: the annotated words are others"] += 1
            names = ""
        made.append(turn.model_copy(update={"tactic": names or None}))
    return made


def _valued(
    id: str, where: str, turns: Sequence[TrajectoryTurn], donation: float | None, drops: Drops
) -> Found:
    if donation is not None and donation > MOST:
        drops.altered[f"donation above ${MOST:g} capped"] += 1
    return Found(
        id=id,
        where=where,
        turns=turns,
        rewards={"own": None if donation is None else min(donation, MOST)},
        record={"id": id, "donation": donation, "turns": tuple(turns)},
        system=DONATION.system,
        meta={"task": DONATION.id, "donation_stated": donation},
    )


SOURCE = Source(
    id="persuasion-for-good",
    task=DONATION.id,
    licence="Apache-2.0",
    citation="Wang, X., Shi, W., Kim, R., Oh, Y., Yang, S., Zhang, J., & Yu, Z. (2019). Persuasion for Good: "
    "Towards a personalized persuasive dialogue system for social good. ACL 2019.",
    rewards={"own": f"donation of the persuadee in dollars, at most {MOST:g}"},
    learners=("persuader",),
    read=read,
    note="Texts of the full set, labels of the annotated one joined by turn; donations above $2 are capped.",
)
