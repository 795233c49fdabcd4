"""FED (Mehri and Eskenazi 2020): conversations with systems, each rated by several people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._row import Row
from negosim.importing._rows import rows_of
from negosim.importing._scenario import slug
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rating, Rows, SourceFile
from negosim.importing._talk import AboutTalk, TalkLine, Talks
from negosim.records import HUMAN, PERSON

_LINE = re.compile(r"^(User|System|Human|Bot)\s*:\s*(.*)$", re.IGNORECASE)


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has rated conversations in FED's form."""
    return any({"context", "annotations"} <= row.keys() for row in rows)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the conversations, with each rater's grades.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    for file in files:
        talks = Talks("rated", options, drops)
        for row in rows_of(file.path, file.name):
            problem = row.problem or _problem(row.content)
            if problem:
                drops.add(problem, row.where)
                continue
            found = _found(file, row, talks)
            if found is not None:
                yield found


def _problem(content: Any) -> str | None:
    if not isinstance(content, Mapping) or not isinstance(content.get("context"), str):
        return "context is no text"
    given = content.get("annotations")
    if not isinstance(given, Mapping) or not all(isinstance(grades, list) for grades in given.values()):
        return "annotations is no object of lists: a quality, and the grade of each rater"
    return None


def _found(file: SourceFile, row: Row, talks: Talks) -> ImportedDialogue | None:
    content = row.content
    model = str(content.get("system") or "system")
    lines = _lines(content["context"], model)
    turn = None
    if isinstance(content.get("response"), str):
        lines += _lines(content["response"], model) or [
            TalkLine("System", content["response"], participant=model)
        ]
        turn = len(lines) - 1
    about = AboutTalk(
        title="A conversation with a system",
        ratings=tuple(_ratings(content["annotations"], turn, lines, talks)),
        facts={"system": model},
        split=file.split_of(row),
    )
    return talks.dialogue(f"{file.label}-{row.name}", row.where, lines, about)


def _lines(text: str, model: str) -> list[TalkLine]:
    lines: list[TalkLine] = []
    for part in text.splitlines():
        match = _LINE.match(part.strip())
        if match:
            person = match[1].casefold() in ("user", "human")
            human = person or model.casefold() == HUMAN
            lines.append(
                TalkLine("User" if person else "System", match[2], participant=HUMAN if human else model)
            )
        elif part.strip() and lines:
            before = lines.pop()
            lines.append(
                TalkLine(before.speaker, f"{before.text} {part.strip()}", participant=before.participant)
            )
    return [line for line in lines if line.text.strip()]


def _ratings(
    given: Mapping[str, Sequence[Any]], turn: int | None, lines: Sequence[TalkLine], talks: Talks
) -> Iterator[Rating]:
    agent = None if turn is None else talks.position(lines[turn].speaker, lines)
    for quality, grades in given.items():
        for number, grade in enumerate(grades, 1):
            yield Rating(slug(quality), _grade(grade), f"{PERSON}rater-{number}", agent=agent, turn=turn)


def _grade(given: Any) -> bool | int | float | None:
    """Return a grade, also one written as text; None where it is none ("N/A"): the question did not apply."""
    if isinstance(given, bool):
        return given
    try:
        grade = float(given)
    except (TypeError, ValueError):
        return None
    if not isfinite(grade):
        return None
    return int(grade) if grade.is_integer() else grade


IMPORTER = Importer(
    title="Conversations rated by several people, in FED's form",
    citation="Mehri, S., & Eskenazi, M. (2020). Unsupervised evaluation of interactive dialog with DialoGPT. "
    "SIGDIAL 2020.",
    note="The grades of a quality stand in the order of the raters; grades of a response are about its turn.",
    recognises=recognises,
    read=read,
)
