"""Persuasion for Good (Wang et al. 2019): persuaders ask persuadees to give to Save the Children."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from negosim.errors import UserError
from negosim.importing._drops import Drops
from negosim.importing._published import Split
from negosim.importing._row import BadRowError, Row
from negosim.importing._rows import rows_of
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, Said, SourceFile
from negosim.importing._tables import by_column
from negosim.importing._text import repair
from negosim.records import Fact, Measurement
from negosim.scenarios import Scenario, load_scenario

MOST = 2.0
"""Dollars a participant could give: the task's whole payment. Larger figures are cents or slips."""

TEXT, INFO = frozenset({"B2", "B4", "Turn", "Unit"}), frozenset({"B2", "B4", "B6"})
"""Columns of a file with dialogues, and of one with donations."""

COLUMNS = {name.casefold(): name for name in TEXT | INFO}
"""Their published names by those in small letters, as copies of the set write them."""

PERSUADER, DONOR = 0, 1
"""Positions in the scenario `donation`."""

_ROLES = {"0": PERSUADER, "1": DONOR}

LABELS = {
    "logical-appeal": "gives reasons or evidence for why giving makes sense",
    "emotion-appeal": "stirs a feeling (pity, hope, guilt, anger) so that the other gives",
    "credibility-appeal": "shows that the charity can be trusted: what it has done, who vouches for it",
    "foot-in-the-door": "begins with a small request, so that a larger one can follow",
    "self-modeling": "says that one gives oneself, as an example",
    "personal-story": "tells something one has lived through or heard from somebody",
    "donation-information": "says how giving works here: how much, when, from what",
    "source-related-inquiry": "asks whether the other knows the charity",
    "task-related-inquiry": "asks what the other thinks of giving in general, or expects of the task",
    "personal-related-inquiry": "asks about the other's own life in a matter close to the charity's",
    "proposition-of-donation": "asks the other to give",
    "agree-donation": "agrees to give",
    "disagree-donation": "declines to give",
    "provide-donation-amount": "says how much one gives",
    "ask-org-info": "asks about the charity",
    "ask-donation-procedure": "asks how giving works here",
}

_DONATIONS = "a file of donations (columns B2, B4, B6: full_info.csv)"
_DIALOGUES = "a file of dialogues (columns B2, B4, Turn, Unit: full_dialog.csv)"

_TOO_MUCH = f"B6 (donation) is above the ${MOST:g} that could be given: cents or a slip"


def columns(file: Path) -> set[str]:
    """Return the column names of a file with rows, by their published names."""
    for row in rows_of(file):
        if row.problem is None and isinstance(row.content, Mapping):
            return {str(name) for name in by_column(row, COLUMNS).content}
    return set()


def with_siblings(file: Path, others: Sequence[Path]) -> list[Path]:
    """Return a file and those that belong to it: of a file of dialogues, no others that are not annotated."""
    if _has_texts(file) and not _is_annotated(file):
        return [file, *(other for other in others if not _has_texts(other) or _is_annotated(other))]
    return list(others)


def _has_texts(file: Path) -> bool:
    return columns(file) >= TEXT


def _is_annotated(file: Path) -> bool:
    return "er_label_1" in columns(file)


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has rows of the set: dialogues, or what was given."""
    for row in rows:
        given = {COLUMNS.get(str(key).strip().casefold(), str(key).strip()) for key in row}
        if given >= TEXT or given >= INFO:
            return True
    return False


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the dialogues of the files, with what the persuadee gave.

    Texts are those of the files without labels (the full CSV); labels are those of the annotated one,
    where there is one. Where all files have labels, texts are theirs.

    Raises:
        UserError: a file is missing, broken, contradicts another, or (`drops.strict`) has a bad row.

    """
    ordered = sorted(files, key=lambda file: (file.path.suffix == ".xlsx", file.name))
    texts = [file for file in ordered if _has_texts(file.path)]
    infos = [file for file in ordered if file not in texts]
    if not texts or not infos:
        raise UserError(f"{files[0].path.parent}: needs {_DIALOGUES} and {_DONATIONS} side by side")
    annotated = [file for file in texts if _is_annotated(file.path)]
    donations = _donations(infos, drops)
    labels, scenario = _labels(annotated), load_scenario("donation")
    for file in [file for file in texts if file not in annotated] or annotated[:1]:
        for id, rows in _dialogues(file, drops):
            try:
                found = _found(file, id, rows, scenario, donations, labels, drops)
            except BadRowError as error:
                drops.add(f"{error}; the dialogue is left out", rows[0].where)
                continue
            if found is not None:
                yield found


def _rows(file: SourceFile) -> Iterator[Row]:
    return (by_column(row, COLUMNS) for row in rows_of(file.path, file.name))


@dataclass(frozen=True)
class _Donation:
    """What a dialogue's persuadee gave, as stated; None where the row has no usable figure."""

    amount: float | None
    where: str
    split: Split | None


def _donations(files: Sequence[SourceFile], drops: Drops) -> dict[str, _Donation]:
    found: dict[str, _Donation] = {}
    for file in files:
        for row in _rows(file):
            id, role = _id(row), _role(_value(row, "B4"))
            if row.problem or id is None or role is None:
                drops.add(
                    row.problem or f"B2 (dialogue) is {id!r}, B4 (role) is {_value(row, 'B4')!r}", row.where
                )
                continue
            if role != DONOR or id in found:
                continue
            split = file.split_of(row)
            try:
                amount = float(_value(row, "B6"))
            except (TypeError, ValueError):
                amount = math.nan
            if not math.isfinite(amount) or amount < 0:
                drops.add(f"B6 (donation) is {_value(row, 'B6')!r}, no amount", row.where)
                found[id] = _Donation(None, row.where, split)
            else:
                found[id] = _Donation(amount, row.where, split)
    return found


def _value(row: Row, column: str) -> Any:
    return row.content.get(column) if isinstance(row.content, Mapping) else None


def _id(row: Row) -> str | None:
    """Return which dialogue a row is of; None where it does not say."""
    given = _value(row, "B2")
    return str(given).strip() or None if given is not None else None


def _role(given: object) -> int | None:
    return _ROLES.get(str(given).removesuffix(".0"))


Labels = Mapping[tuple[str, str, int], tuple[tuple[str, ...], str]]
"""By dialogue, turn and role: the labels, and the letters of the words they were given to."""


def _labels(files: Sequence[SourceFile]) -> Labels:
    names: dict[tuple[str, str, int], dict[str, None]] = defaultdict(dict)
    words: dict[tuple[str, str, int], str] = defaultdict(str)
    for file in files:
        for row in _rows(file):
            id, role = _id(row), _role(_value(row, "B4"))
            if row.problem or id is None or role is None:
                continue
            key = id, str(_value(row, "Turn")), role
            side = "er" if role == PERSUADER else "ee"
            words[key] += _letters(_value(row, "Unit"))
            for column in (f"{side}_label_1", f"{side}_label_2"):
                if name := _value(row, column):
                    names[key][str(name)] = None
    return {key: (tuple(given), words[key]) for key, given in names.items()}


def _letters(text: object) -> str:
    return re.sub("[^a-z0-9]", "", str(text).casefold())


def _dialogues(file: SourceFile, drops: Drops) -> Iterator[tuple[str, list[Row]]]:
    """Yield each dialogue's rows; a row that stands there twice counts once.

    A row that does not say of which dialogue it is spoils those beside it: one of them lacks a turn.
    """
    grouped: dict[str, list[Row]] = defaultdict(list)
    seen: set[tuple[str, ...]] = set()
    spoilt: set[str] = set()
    before, beside = "", False
    for row in _rows(file):
        id = _id(row)
        if row.problem or id is None:
            drops.add(f"{row.problem or 'no B2 (dialogue)'}; the dialogue is left out", row.where)
            spoilt.add(before)
            beside = True
            continue
        if beside:
            spoilt.add(id)
        before, beside = id, False
        key = tuple(str(_value(row, name)) for name in ("B2", "B4", "Turn", "Unit"))
        if key in seen:
            drops.add("row repeated", row.where)
            continue
        seen.add(key)
        grouped[id].append(row)
    yield from ((id, rows) for id, rows in grouped.items() if id not in spoilt)


def _found(
    file: SourceFile,
    id: str,
    rows: Sequence[Row],
    scenario: Scenario,
    donations: Mapping[str, _Donation],
    labels: Labels,
    drops: Drops,
) -> ImportedDialogue | None:
    turns: list[tuple[str, Said]] = []
    last = -1
    for row in rows:
        given = _value(row, "B4"), _value(row, "Turn"), _value(row, "Unit")
        role, number = _role(given[0]), str(given[1]).removesuffix(".0")
        text = repair(str(given[2])) if given[2] is not None else ""
        problem = None
        if role is None:
            problem = f"B4 (role) is {given[0]!r}, neither 0 nor 1"
        elif not text:
            problem = "no text in Unit"
        elif not _is_number(number) or int(number) < last:
            problem = "Turn is no number in ascending order"
        if problem:
            drops.add(f"{problem}; the dialogue is left out", row.where)
            return None
        if text != " ".join(str(given[2]).split()):
            drops.altered["text repaired (mojibake, escaped quotes)"] += 1
        last = int(number)
        turns.append((number, Said(role or 0, text)))
    where = rows[0].where
    if id not in donations:
        drops.add("no row with the persuadee's donation", where)
        return None
    splits = {split for row in rows if (split := file.split_of(row)) is not None}
    splits |= {split} if (split := donations[id].split) and not splits else set()
    if len(splits) > 1:
        drops.add(f"its rows are in several splits ({' and '.join(sorted(splits))})", where)
        return None
    labelled = _labelled(id, turns, labels, drops)
    return _valued(id, where, scenario, labelled, donations[id], next(iter(splits), None))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _labelled(id: str, turns: Sequence[tuple[str, Said]], labels: Labels, drops: Drops) -> list[Said]:
    """Give turns their labels, where the annotators read the same words: the two files differ in places."""
    words: dict[tuple[str, str, int], str] = defaultdict(str)
    for number, turn in turns:
        words[id, number, turn.role] += _letters(turn.text)
    made = []
    for number, turn in turns:
        key = id, number, turn.role
        names, annotated = labels.get(key, ((), ""))
        if annotated and annotated != words[key]:
            drops.altered["labels left out: the annotated words are others"] += 1
            names = ()
        made.append(replace(turn, labels=names))
    return made


def _valued(
    id: str,
    where: str,
    scenario: Scenario,
    turns: Sequence[Said],
    donation: _Donation,
    split: Split | None,
) -> ImportedDialogue:
    amount = donation.amount
    too_much = amount is not None and amount > MOST
    facts: dict[str, Fact] = {} if amount is None else {"donation_stated": amount}
    return ImportedDialogue(
        id=id,
        where=where,
        scenario=scenario,
        frame=scenario,
        turns=turns,
        measurements=(_given(amount, len(turns)),),
        facts=facts,
        split=split,
        no_reward=(_TOO_MUCH, donation.where) if too_much else None,
    )


def _given(amount: float | None, turns: int) -> Measurement:
    """Return what the persuadee gave, where that is an amount that could be given."""
    if amount is not None and amount <= MOST:
        return Measurement(
            measure="donation", role=DONOR, moment="after", turns=turns, status="ok", value=amount
        )
    wrong = _TOO_MUCH if amount is not None else "B6 (donation) is no amount"
    return Measurement(
        measure="donation", role=DONOR, moment="after", turns=turns, status="invalid", reason=wrong
    )


def _gathered(file: Path, beside: Sequence[Path]) -> Sequence[Path]:
    return with_siblings(file, beside)


IMPORTER = Importer(
    title="Persuasion for Good: people persuade people to give",
    licence="Apache-2.0",
    citation="Wang, X., Shi, W., Kim, R., Oh, Y., Yang, S., Zhang, J., & Yu, Z. (2019). Persuasion for Good: "
    "Towards a personalized persuasive dialogue system for social good. ACL 2019.",
    reward=f"donation of the persuadee in dollars, at most {MOST:g}",
    note="Texts of the full set, labels of the annotated one joined by turn; more than $2 is no reward.",
    recognises=recognises,
    read=read,
    gather=_gathered,
    labels=LABELS,
)
