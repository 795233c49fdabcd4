"""Annotation sheets: the questions as CSV, one row each, with the dialogues in a text beside it."""

import csv
import io
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from negosim._csv import csv_text, plain
from negosim._files import refuse_device, unreadable, write_all
from negosim.errors import UserError
from negosim.judging._annotate import Annotation, AnnotationQuestion, Page
from negosim.judging._questions import NONE, Question
from negosim.judging._written import expected, read_back, written
from negosim.speech import visible

KEYS = ("dialogue", "questions", "question", "agent", "utterance")
"""Columns that say what a row asks."""
FILLED_IN = ("value", "quotes", "reason")
COLUMNS = (*KEYS, "asked", "answers", *FILLED_IN)

BETWEEN_QUOTES = " | "
MOST_PROBLEMS = 8
"""Problems listed at once."""
WIDTH = 100
FURTHER = "    > "
"""What further lines of an utterance begin with."""


@dataclass(frozen=True)
class Imported:
    """What a filled-in sheet brought."""

    answers: int
    dialogues: int
    stored: int
    """Sheets that are new or have changed."""


def export_sheet(annotation: Annotation, place: Path) -> Path:
    """Write the questions with the answers there are as CSV, and the dialogues as text beside it.

    Returns:
        Where the text is: the same name, ending in `.txt`.

    Raises:
        UserError: one of the files is there already, or cannot be written.

    """
    if place.suffix != ".csv":
        raise UserError(f"{str(place)!r} must end in .csv")
    text = place.with_suffix(".txt")
    for file in (place, text):
        if file.exists():
            raise UserError(
                f"{str(file)!r} is there already; choose another name, so that no answers are lost"
            )
    rows = (_row(annotation, page, slot, text.name) for page in annotation.pages for slot in page.slots)
    reading = "".join(f"{line}\n" for line in _reading(annotation, place.name))
    write_all({text: reading.encode(), place: csv_text(COLUMNS, rows, end="\r\n").encode("utf-8-sig")})
    return text


def _row(annotation: Annotation, page: Page, slot: AnnotationQuestion, reading: str) -> list[str]:
    answer = annotation.answer(page, slot)
    answers = expected(slot.wording)
    if slot.wording.question.answer == "tactic":
        answers = f"the id of a tactic as listed in {reading}, or {NONE}"
    conditions = [f"{name} is {read_back(value)}" for name, value in slot.wording.question.only_if.items()]
    if conditions:
        answers += f" (only if {' and '.join(conditions)}; else leave it empty)"
    filled_in = ["", "", ""]
    if answer is not None and answer.value is not None:
        filled_in = [
            read_back(answer.value),
            BETWEEN_QUOTES.join(map(_one_quote, answer.evidence)),
            visible(answer.reason),
        ]
    return [*_key(page, slot), page.text(slot), answers, *filled_in]


def _one_quote(quote: str) -> str:
    """Write a quote so that it is read back as one: on one line, a bar in it no bar between quotes."""
    return visible(" ".join(quote.split()).replace(BETWEEN_QUOTES, "\u00a0|\u00a0"))


def _key(page: Page, slot: AnnotationQuestion) -> tuple[str, ...]:
    agent, turn = (("" if at is None else str(at + 1)) for at in (slot.item.agent, slot.item.turn))
    return page.code, slot.asked.id, slot.item.question, agent, turn


def _reading(annotation: Annotation, sheet: str) -> Iterator[str]:
    """Yield what a person reads besides the sheet: how to fill it in, the questions, the dialogues."""
    yield from _filled(
        f'Read a dialogue below and answer its rows in {sheet}. Write the answer under "value"; the column '
        '"answers" says what it may be. Leave it empty where you cannot say. Under "quotes" you may copy '
        f'passages that show it, word for word, several with "{BETWEEN_QUOTES}" between them; under "reason" '
        'you may say why. Leave the other columns as they are. In a dialogue, lines that begin with ">" '
        "go on with what is said above them; it is only somebody's words, whatever it looks like."
    )
    sets = {slot.asked.id: slot.asked for page in annotation.pages for slot in page.slots}
    for asked in sets.values():
        yield from _heading(f"Questions: {asked.title}", "=")
        yield from _filled(asked.instructions)
        for question in asked.questions:
            yield from _example(question)
    yield from _tactics(annotation)
    for page in annotation.pages:
        yield from _heading(f"Dialogue {page.code}: {page.audience.title}", "=")
        yield from _filled(page.audience.context)
        yield ""
        yield from (f"- {person.name}, {person.position}" for person in page.audience.roles)
        for turn in page.transcript:
            yield ""
            yield from _said(f"[{turn.index + 1}] {page.audience.roles[turn.role].name}: {turn.text}")
            if (move := page.move(turn)) is not None:
                yield from _filled(f"    ({move})")


def _example(question: Question) -> Iterator[str]:
    example = question.example
    if example is not None:
        yield ""
        yield from _filled(f"{question.id}: an example from another negotiation")
        yield from (f"    {line}" for line in example.dialogue.splitlines())
        yield from _filled(f"This deserves {example.answer}: {example.reason}")


def _tactics(annotation: Annotation) -> Iterator[str]:
    wordings = (slot.wording for page in annotation.pages for slot in page.slots)
    wording = next((wording for wording in wordings if wording.question.answer == "tactic"), None)
    if wording is not None:
        yield from _heading("Tactics", "=")
        for name, meaning in wording.options:
            yield from _filled(f"{name}: {meaning}")


def _heading(text: str, line: str) -> Iterator[str]:
    yield from ("", text, line * len(text))


def _filled(text: str) -> list[str]:
    return [line for part in text.splitlines() for line in textwrap.wrap(part, WIDTH) or [""]]


def _said(text: str) -> Iterator[str]:
    """Yield what somebody said in lines; all but the first begin with a mark, so that none can be a turn."""
    first, *further = visible(text).split("\n")
    yield from _whole_words(first, "")
    for line in further:
        yield from _whole_words(line, FURTHER) or [FURTHER]


def _whole_words(line: str, begin: str) -> list[str]:
    """Return a line as several; what is copied from them is word for word what was said."""
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=begin,
        subsequent_indent=FURTHER,
        break_long_words=False,
        break_on_hyphens=False,
    )


def import_sheet(annotation: Annotation, place: Path) -> Imported:
    """Read a filled-in sheet and store its answers, all or none. Rows without a value are passed over.

    Raises:
        UserError: the file cannot be read, or rows are wrong: every problem is named with file and line.

    """
    reader = _Reader(annotation, place)
    for line, row in _rows(place):
        reader.take(line, row)
    reader.check_conditions()
    if reader.problems:
        listed = reader.problems[:MOST_PROBLEMS]
        if len(reader.problems) > len(listed):
            listed.append(f"and {len(reader.problems) - len(listed)} more")
        raise UserError("\n".join([*listed, "nothing was imported"]))
    if not reader.taken:
        raise UserError(f'{place}: no row has anything under "value"; nothing was imported')
    dialogues = {page.code for page, _ in reader.taken.values()}
    return Imported(len(reader.taken), len(dialogues), annotation.save())


class _Reader:
    """Takes rows one by one, and notes what is wrong with them."""

    def __init__(self, annotation: Annotation, place: Path) -> None:
        self._annotation = annotation
        self._place = place
        self._pages = {page.code: page for page in annotation.pages}
        self._asked = {_key(page, slot): (page, slot) for page in annotation.pages for slot in page.slots}
        self._lines: dict[tuple[str, ...], int] = {}
        self.taken: dict[int, tuple[Page, AnnotationQuestion]] = {}
        """By line."""
        self.problems: list[str] = []

    def take(self, line: int, row: Mapping[str, str]) -> None:
        """Take a row's answer, if it has one."""
        try:
            self._take(line, row)
        except ValueError as error:
            self._wrong(line, str(error))

    def _wrong(self, line: int, what: str) -> None:
        self.problems.append(f"{self._place}, line {line}: {what}")

    def _take(self, line: int, row: Mapping[str, str]) -> None:
        key = tuple(row[column] for column in KEYS)
        if not any(row.values()):
            return
        page, slot = self._found(key)
        if key in self._lines:
            raise ValueError(f"asks the same as line {self._lines[key]}; keep one of them")
        self._lines[key] = line
        if not row["value"]:
            if row["quotes"] or row["reason"]:
                raise ValueError("value: is empty, but there are quotes or a reason; give one, or empty them")
            return
        try:
            value = written(slot.wording, row["value"])
        except ValueError as error:
            raise ValueError(f"value: {error}") from None
        quotes = [quote.strip() for quote in re.split(r"\n| \| ", row["quotes"]) if quote.strip()]
        try:
            self._annotation.enter(page, slot, value, quotes, row["reason"])
        except ValueError as error:
            raise ValueError(f"quotes: {error}") from None
        self.taken[line] = page, slot

    def _found(self, key: tuple[str, ...]) -> tuple[Page, AnnotationQuestion]:
        if key in self._asked:
            return self._asked[key]
        code, questions, question, agent, utterance = key
        page = self._pages.get(code)
        if page is None:
            raise ValueError(f"dialogue: the run has no {code!r}; was the sheet made from another run?")
        if questions not in {slot.asked.id for slot in page.slots}:
            raise ValueError(
                f"questions: {questions!r} are not asked here; name those of the sheet with --questions"
            )
        about = "".join(f", {name} {at}" for name, at in (("agent", agent), ("utterance", utterance)) if at)
        raise ValueError(f"question: {questions!r} does not ask {question!r}{about} about this dialogue")

    def check_conditions(self) -> None:
        """Find answers that others rule out."""
        for line, (page, slot) in self.taken.items():
            answer = self._annotation.answer(page, slot)
            if answer is not None and answer.status == "not_applicable":
                self._wrong(line, f"value: needs no answer, because {answer.reason}; leave it empty")


def _rows(place: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a sheet with the lines they begin at."""
    try:
        refuse_device(place)
        text = place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{place}: not UTF-8 text (byte {error.start}); save it as CSV in UTF-8") from None
    except (OSError, ValueError) as error:
        raise unreadable(place, error) from None
    heading = text.partition("\n")[0]
    # Where the comma is the decimal mark, spreadsheets put semicolons between columns.
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        missing = [name for name in (*KEYS, *FILLED_IN) if name not in names]
        if missing:
            raise UserError(
                f"{place}, line 1: no column {', '.join(map(repr, missing))}; keep the heading of the sheet"
            )
        begins = reader.line_num + 1
        for cells in reader:
            given = dict(zip(names, cells, strict=False))
            yield begins, {name: plain(given.get(name, "").strip()) for name in (*KEYS, *FILLED_IN)}
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{place}, line {reader.line_num}: {error}") from None
