"""Import of dialogues that negosim has not made: into a run folder, or dialogue by dialogue."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson
import yaml

from negosim._checksum import with_checksum
from negosim._files import check_free, write_whole
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.importing._asked import MOST_LABELS, Inventory
from negosim.importing._detect import Detected, detect
from negosim.importing._drops import Drops
from negosim.importing._record import Recorder, label_sheet, rating_sheets
from negosim.importing._scenario import conversation
from negosim.importing._source import NO_OPTIONS, ImportedDialogue, Importer, ImportOptions
from negosim.records import HUMAN, Dialogue
from negosim.scenarios import Scenario
from negosim.store import Fingerprint, ImportOrigin, Run, RunHeader, whole_run

BadRows = Literal["skip", "stop"]

QUESTIONS = "questions"
"""Folder of an imported run with the question sets that people have answered."""


def import_dialogues(
    source: str | Path,
    out: str | Path,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    title: str | None = None,
    context: str | None = None,
    bad_rows: BadRows = "skip",
) -> Run:
    """Make a run folder from dialogues that negosim has not made, people's above all.

    The folder appears whole or not at all. What people said of the dialogues comes in as judgements.

    Args:
        source: a file or folder: a published data set, or a general form.
        out: the folder to make.
        format: the importer's name; None: as the content tells.
        columns: columns of a table by what is in them: {"dialogue": "conv_id", "text": "message"}.
        title: what the conversations are about, where the source does not say.
        context: what everybody in them knew, likewise.
        bad_rows: leave them out and count them, or refuse the source.

    Returns:
        The run.

    Raises:
        UserError: the source, a row or an argument is wrong; names file, line and field. Nothing is
            written then.

    Examples:
        >>> import json, pathlib, negosim
        >>> turns = [{"speaker": "Ada", "text": "Two for ten?"}, {"speaker": "Bo", "text": "Fine."}]
        >>> _ = pathlib.Path("talks.jsonl").write_text(json.dumps({"id": "a", "turns": turns}))
        >>> run = negosim.import_dialogues("talks.jsonl", "talks")
        >>> [dialogue.models for dialogue in run]
        [('human', 'human')]

    """
    target = Path(out).expanduser()
    check_free(target)
    options = ImportOptions(dict(columns or {}), title, context)
    reading = read_source(source, format=format, options=options, bad_rows=bad_rows)
    with whole_run(target) as part:
        _Folder(part, reading).fill()
    return Run.open(target)


@dataclass(frozen=True)
class SourceReading:
    """A source that is being read."""

    name: str
    """Of the importer."""
    importer: Importer
    detected: Detected
    options: ImportOptions
    drops: Drops

    def dialogues(self) -> Iterator[ImportedDialogue]:
        """Yield the dialogues as the importer finds them."""
        for found in self.importer.read(self.detected.files, self.options, self.drops):
            if not found.turns:
                self.drops.add("a dialogue without an utterance", found.where)
            else:
                yield found

    def header(self) -> ImportOrigin:
        """Return what a run says of where it comes from."""
        importer, drops = self.importer, self.drops
        given = {
            "columns": dict(self.options.columns),
            "title": self.options.title,
            "context": self.options.context,
        }
        return ImportOrigin(
            source=self.name,
            title=importer.title,
            licence=importer.licence,
            citation=importer.citation,
            reward=importer.reward,
            note=importer.note,
            settings={
                **{name: value for name, value in given.items() if value},
                "files": {file.name: digest_of(file.path) for file in self.detected.files},
            },
            left_out=dict(sorted(drops.counts.items())),
            altered=dict(sorted(drops.altered.items())),
            problems=tuple(drops.problems),
            passed_over=dict(drops.passed_over),
        )


def read_source(
    source: str | Path,
    *,
    format: str | None = None,
    options: ImportOptions = NO_OPTIONS,
    bad_rows: BadRows = "skip",
    published: bool = True,
) -> SourceReading:
    """Tell what a source is; its dialogues are read when they are drawn.

    Args:
        source: a file or folder.
        format: the importer's name; None: as the content tells.
        options: what the user says of it.
        bad_rows: leave them out and count them, or refuse the source.
        published: whether the published split is asked for.

    Raises:
        UserError: nothing there is of a known kind, or things of several kinds are.

    """
    if format is None and options.columns:
        format = "table"
    found = detect(source, format=format, published=published)
    drops = Drops(strict=bad_rows == "stop", passed_over=dict(found.passed_over))
    return SourceReading(found.name, found.importer, found, options, drops)


def recorded(reading: SourceReading) -> Iterator[tuple[Dialogue, Scenario, ImportedDialogue]]:
    """Yield the records of a source without writing them, each with its scenario and what was found."""
    recorder = Recorder(reading.drops)
    for found in reading.dialogues():
        dialogue = recorder.record(found, apart=False)
        yield dialogue, found.scenario, found


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"


class _Frames:
    """What all dialogues of a scenario's id have in common."""

    def __init__(self) -> None:
        self._frames: dict[str, Scenario] = {}
        self._names: dict[str, set[tuple[str, ...]]] = {}
        self._differ: set[str] = set()

    def take(self, found: ImportedDialogue) -> bool:
        """Take note of a dialogue; return whether its scenario is told apart from the frame."""
        id, frame = found.scenario.id, found.frame
        known = self._frames.setdefault(id, frame or found.scenario)
        if frame is not None:
            return found.scenario != known
        if len(found.scenario.roles) != len(known.roles):
            raise UserError(
                f"{found.where}: scenario {id!r} has {len(found.scenario.roles)} roles here and "
                f"{len(known.roles)} before; give each number of roles an id of its own"
            )
        self._names.setdefault(id, set()).add(tuple(role.name for role in found.scenario.roles))
        if found.scenario != known:
            self._differ.add(id)
        return True

    def all(self) -> dict[str, Scenario]:
        """Return the frames by id; of conversations that differ, what can be said of all."""
        return {
            id: self._general(id, frame) if id in self._differ else frame
            for id, frame in self._frames.items()
        }

    def _general(self, id: str, first: Scenario) -> Scenario:
        names = [role.name for role in first.roles]
        if len(self._names[id]) > 1:
            names = [f"Speaker {number}" for number in range(1, len(names) + 1)]
        return conversation(id, names, title=id.replace("-", " "), source=first.source)


class _Folder:
    """A run folder that is being filled with an import."""

    def __init__(self, folder: Path, reading: SourceReading) -> None:
        self._folder = folder
        self._reading = reading
        self._frames = _Frames()
        self._inventory = Inventory(reading.importer)
        self._models: dict[str, None] = {}
        self._conditions: dict[str, None] = {}
        self._created = datetime.now(UTC).isoformat(timespec="seconds")

    def fill(self) -> None:
        """Write the dialogues as they come, then what people said of them, then the header.

        Raises:
            UserError: a row is wrong, there is no dialogue, or the folder cannot be written.

        """
        recorder = Recorder(self._reading.drops)
        run = Run.create(self._folder, self._header({}, 1, 0))
        with ExitStack() as open:
            writer, sheets = open.enter_context(run.writing()), open.enter_context(run.judging())
            for found in self._reading.dialogues():
                dialogue = recorder.record(found, apart=self._frames.take(found))
                writer.append(dialogue)
                self._note(found, dialogue)
                sheets.append(*rating_sheets(dialogue.id, found.ratings))
        if not recorder.total:
            raise UserError(f"no dialogue is left to import: {self._reasons()}")
        header = self._header(self._frames.all(), recorder.most, recorder.total)
        content = orjson.dumps(header.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
        write_whole(self._folder / "run.json", with_checksum(content))
        self._write_labels(replace(run, header=header))

    def _note(self, found: ImportedDialogue, dialogue: Dialogue) -> None:
        self._models |= dict.fromkeys(dialogue.models)
        self._conditions[dialogue.condition.name] = None
        for rating in found.ratings:
            self._inventory.see_rating(rating)
        for turn in found.turns:
            for label in turn.labels:
                self._inventory.see_label(label)

    def _reasons(self) -> str:
        drops = self._reading.drops
        listed = "; ".join(f"{count:,} left out: {reason}" for reason, count in drops.counts.most_common(5))
        first = f" (first: {drops.problems[0]})" if drops.problems else ""
        return f"{listed or 'the source is empty'}{first}"

    def _header(self, scenarios: dict[str, Scenario], most: int, total: int) -> RunHeader:
        return RunHeader(
            created=self._created,
            config=RunConfig(
                scenarios=tuple(scenarios) or ("none",),
                dialogues=max(1, most),
                conditions=tuple(self._conditions) or ("unknown",),
                models=tuple(self._models) or (HUMAN,),
                planner="direct",
            ),
            fingerprint=Fingerprint.unplayed(),
            scenarios=scenarios,
            planned=total,
            imported=self._reading.header(),
        )

    def _write_labels(self, run: Run) -> None:
        """Write the question sets, and the labels as answers to them."""
        inventory, by = self._inventory, self._reading.importer.labelled_by
        name = f"{self._reading.name}-labels"
        ratings = inventory.rating_set()
        if ratings is not None:
            self._write_set(ratings)
        seen = any(turn.tactic for dialogue in run for turn in dialogue.turns)
        if not seen or len(inventory.labels) > MOST_LABELS:
            return
        self._write_set(inventory.label_set(name))
        with run.judging() as sheets:
            for dialogue in run:
                sheet = label_sheet(dialogue, by, name, inventory.labels)
                if sheet is not None:
                    sheets.append(sheet)

    def _write_set(self, content: dict[str, Any]) -> None:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
        write_whole(self._folder / QUESTIONS / f"{content['id']}.yaml", text.encode())
