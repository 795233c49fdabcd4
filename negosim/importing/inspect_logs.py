"""Logs of inspect_ai: `.eval` archives and `.json` files, a sample a dialogue."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._json import json_rows
from negosim.importing._row import Row
from negosim.importing._scenario import slug
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rating, Rows, SourceFile
from negosim.importing._talk import AboutTalk, TalkLine, Talks, fact_of
from negosim.records import HUMAN, JudgedValue

_GRADES = {"C": True, "I": False}
"""How its scorers write right and wrong."""


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file is a log of inspect_ai."""
    if file.suffix == ".eval":
        return zipfile.is_zipfile(file)
    return any({"eval", "samples", "status"} <= row.keys() for row in rows)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the samples of logs, with what scorers gave.

    Raises:
        UserError: (`drops.strict`) a log or a sample is broken.

    """
    for file in files:
        talks = Talks("samples", options, drops)
        for about, row in _samples(file, drops):
            try:
                found = _found(about, row, file, talks, drops)
            except (KeyError, TypeError, AttributeError) as error:
                drops.add(f"no sample of inspect_ai ({type(error).__name__}: {error})", row.where)
                continue
            if found is not None:
                yield found


def _samples(file: SourceFile, drops: Drops) -> Iterator[tuple[Mapping[str, Any], Row]]:
    """Yield each sample with the log's own header."""
    if file.path.suffix != ".eval":
        for row in json_rows(file.path, file.name):
            if row.problem or not isinstance(row.content, Mapping):
                drops.add(row.problem or "no log", row.where)
                continue
            for number, sample in enumerate(row.content.get("samples") or (), 1):
                yield row.content.get("eval") or {}, Row(f"{file.name}, sample {number}", number, sample)
        return
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = archive.namelist()
            head = next((name for name in ("header.json", "_journal/start.json") if name in names), None)
            about = json.loads(archive.read(head)).get("eval", {}) if head else {}
            samples = sorted(name for name in names if name.startswith("samples/") and name.endswith(".json"))
            for number, name in enumerate(samples, 1):
                yield about, Row(f"{file.name}, {name}", number, json.loads(archive.read(name)))
    except NotImplementedError:
        drops.add("packed in a way that this Python cannot unpack: inspect log convert --to json", file.name)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        drops.add(f"no readable log: {error}", file.name)


def _found(
    about: Mapping[str, Any], row: Row, file: SourceFile, talks: Talks, drops: Drops
) -> ImportedDialogue | None:
    sample = row.content
    model = str(about.get("model") or "assistant")
    lines: list[TalkLine] = []
    briefs: list[str] = []
    for message in sample["messages"]:
        text = _text(message.get("content"))
        if message["role"] == "system":
            briefs.append(text)
        elif message["role"] == "tool":
            drops.altered["results of tools left out (messages)"] += 1
        elif message["role"] == "assistant":
            lines.append(TalkLine("Assistant", text, participant=model))
        else:
            lines.append(TalkLine("User", text, participant=HUMAN))
    facts = {"task": fact_of(about.get("task")), "target": fact_of(sample.get("target"))}
    facts |= {str(name): fact_of(value) for name, value in (sample.get("metadata") or {}).items()}
    return talks.dialogue(
        f"{file.label}-{sample.get('id')}-{sample.get('epoch', 1)}",
        row.where,
        lines,
        AboutTalk(
            title=str(about.get("task") or "A task"),
            briefs={"Assistant": "\n".join(briefs)},
            ratings=tuple(_ratings(sample.get("scores") or {})),
            facts={name: value for name, value in facts.items() if value is not None},
        ),
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(part["text"]) for part in value if isinstance(part, Mapping) and "text" in part)
    return "" if value is None else str(value)


def _ratings(scores: Mapping[str, Any]) -> Iterator[Rating]:
    """Yield what each scorer gave; a score of several values has a question for each."""
    for scorer, score in scores.items():
        given = score.get("value") if isinstance(score, Mapping) else score
        parts = given if isinstance(given, Mapping) else {scorer: given}
        for name, value in parts.items():
            yield Rating(slug(str(name)), _grade(value), f"inspect:{scorer}")


def _grade(value: Any) -> JudgedValue | None:
    if isinstance(value, str):
        return _GRADES.get(value, value)
    return value if isinstance(value, bool | int | float) else None


IMPORTER = Importer(
    title="Logs of inspect_ai",
    note="System messages are the assistant's brief; results of tools are left out; scores are judgements of "
    "the scorers.",
    recognises=recognises,
    read=read,
)
