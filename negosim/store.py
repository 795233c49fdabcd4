"""Run folders: one resolved configuration, its fingerprint, and one complete dialogue a line.

run.json          header: schema version, configuration, fingerprint, the scenarios in full
dialogues.jsonl   one `Dialogue` a line, appended whole and flushed
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
from filelock import FileLock, Timeout
from pydantic import ValidationError

from negosim._frozen import Frozen
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.records import Dialogue
from negosim.scenarios import Scenario

if TYPE_CHECKING:
    import pandas as pd

HEADER, DIALOGUES, LOCK = "run.json", "dialogues.jsonl", ".lock"

__all__ = ["Fingerprint", "Run", "RunHeader", "list_runs"]


class Fingerprint(Frozen):
    """Everything a run's dialogues depend on, so that they can be made again."""

    versions: dict[str, str]
    """Of negosim, Python and the libraries that shape a dialogue."""
    scenarios: dict[str, str]
    """SHA-256 of each scenario's content, by id."""
    taxonomies: dict[str, str]
    """SHA-256 of each taxonomy's content, by id."""
    prompts: dict[str, str]
    """SHA-256 over the templates in force, by scenario."""
    models: dict[str, dict[str, Any]]
    """Parameters of every model, by the name it was given by."""
    git: str | None = None
    """Revision of negosim's own checkout, where it runs from one; "+changes" if files differ from it."""


class RunHeader(Frozen):
    """The content of `run.json`."""

    schema_version: Literal[1] = 1
    created: str
    """UTC, ISO 8601."""
    config: RunConfig
    fingerprint: Fingerprint
    scenarios: dict[str, Scenario]
    """The scenarios in full, by id: a run can be read where its plugins are not installed."""
    planned: int
    """Dialogues the configuration asks for."""


@dataclass(frozen=True)
class Run:
    """A run folder, open for reading."""

    path: Path
    header: RunHeader

    @classmethod
    def create(cls, path: Path, header: RunHeader) -> "Run":
        """Make a new run folder.

        Raises:
            UserError: the folder exists and is not empty, or cannot be written.

        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise UserError(f"run folder {str(path)!r} is not empty; choose another --out or remove it")
            temporary = path / f"{HEADER}.part"
            temporary.write_bytes(orjson.dumps(header.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
            temporary.rename(path / HEADER)
            (path / DIALOGUES).touch()
        except OSError as error:
            raise UserError(
                f"run folder {str(path)!r} cannot be written: {error.strerror or error}"
            ) from None
        return cls(path, header)

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open an existing run folder.

        Raises:
            UserError: there is no run, or its header is not readable by this version.

        """
        folder = Path(path).expanduser()
        try:
            header = RunHeader.model_validate_json((folder / HEADER).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(
                f"no run at {str(folder)!r}: it has no {HEADER}; `negosim runs` lists runs"
            ) from None
        except OSError as error:
            raise UserError(f"{folder / HEADER} cannot be read: {error.strerror or error}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise UserError(
                f"{folder / HEADER}: {where or 'content'}: {first['msg']}; was it written by another version?"
            ) from None
        return cls(folder, header)

    @property
    def config(self) -> RunConfig:
        """The configuration the run was made from."""
        return self.header.config

    def scenario(self, scenario_id: str) -> Scenario:
        """Return a scenario as it was when the run was made."""
        return self.header.scenarios[scenario_id]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from making this run at the same time.

        Raises:
            UserError: another process is making it.

        """
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(f"run {str(self.path)!r} is being made by another process; wait for it") from None
        except OSError as error:
            raise UserError(
                f"run folder {str(self.path)!r} cannot be written: {error.strerror or error}"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def drop_cut_line(self) -> None:
        """Remove a last line that was cut off by a kill or a full disk, before more is appended."""
        with (self.path / DIALOGUES).open("r+b") as file:
            end = 0
            for line in file:
                end += len(line) if line.endswith(b"\n") else 0
            file.truncate(end)

    def append(self, dialogue: Dialogue) -> None:
        """Append one dialogue in a single write, and flush it.

        Raises:
            UserError: the disk is full or the folder cannot be written.

        """
        line = orjson.dumps(dialogue.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE)
        try:
            with (self.path / DIALOGUES).open("ab", buffering=0) as file:
                start = file.tell()
                if file.write(line) != len(line):
                    file.truncate(start)
                    raise OSError("no space left")
        except OSError as error:
            raise UserError(f"{self.path / DIALOGUES} cannot be written: {error.strerror or error}") from None

    def __iter__(self) -> Iterator[Dialogue]:
        """Read the dialogues in the order they were stored.

        A last line cut off by a kill is passed over: that dialogue was not finished.

        Raises:
            UserError: another line is broken; names file and line.

        """
        file = self.path / DIALOGUES
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield Dialogue.model_validate_json(line)
                except ValidationError as error:
                    first = error.errors(include_url=False)[0]
                    where = ".".join(map(str, first["loc"]))
                    raise UserError(f"{file}, line {number}: {where or 'content'}: {first['msg']}") from None

    def __len__(self) -> int:
        """Count the stored dialogues without parsing them."""
        with (self.path / DIALOGUES).open("rb") as lines:
            return sum(line.endswith(b"\n") for line in lines)

    def dialogue(self, reference: str | int) -> Dialogue:
        """Return one dialogue by id, by the start of an id that names one only, or by number from 1.

        Raises:
            UserError: none or several match; the nearest ids are suggested.

        """
        ids: list[str] = []
        found: list[Dialogue] = []
        for position, dialogue in enumerate(self, 1):
            ids.append(dialogue.id)
            if dialogue.id == reference or str(position) == str(reference):
                return dialogue
            if dialogue.id.startswith(str(reference)):
                found.append(dialogue)
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(
                f"{reference!r} names {len(found)} dialogues, {found[0].id} among them; give a full id"
            )
        raise UserError(f"no dialogue {str(reference)!r} in {self.path}; {suggest(str(reference), ids)}")

    def to_frame(self) -> "pd.DataFrame":
        """Return one row a dialogue: header, outcome and account as columns."""
        import pandas as pd

        return pd.DataFrame([_row(dialogue) for dialogue in self])


def _row(dialogue: Dialogue) -> dict[str, Any]:
    outcome = dialogue.outcome
    row: dict[str, Any] = {
        "id": dialogue.id,
        "scenario": dialogue.scenario,
        "condition": dialogue.condition.name,
        "index": dialogue.index,
        "status": dialogue.status,
        "end": dialogue.end,
        "turns": len(dialogue.turns),
        "outcome": outcome.status,
        "joint_value": outcome.joint_value,
        "pareto_distance": outcome.pareto_distance,
        "nash_ratio": outcome.nash_ratio,
    }
    for role, model in enumerate(dialogue.models):
        row[f"model_{role + 1}"] = model
        row[f"value_{role + 1}"] = outcome.values[role] if outcome.values else None
        row[f"rational_{role + 1}"] = outcome.rational[role] if outcome.rational else None
    priced = [stage.usd for stage in dialogue.account]
    row["calls"] = sum(stage.calls for stage in dialogue.account)
    row["tokens_in"] = sum(stage.tokens_in for stage in dialogue.account)
    row["tokens_out"] = sum(stage.tokens_out for stage in dialogue.account)
    row["tokens_cached"] = sum(stage.tokens_cached for stage in dialogue.account)
    row["usd"] = None if None in priced else sum(usd for usd in priced if usd is not None)
    row["seconds"] = dialogue.seconds
    return row


@dataclass(frozen=True)
class RunSummary:
    """What a listing says of a run."""

    path: Path
    created: datetime
    scenarios: tuple[str, ...]
    models: tuple[str, ...]
    stored: int
    planned: int


def list_runs(folder: str | Path = "runs") -> list[RunSummary]:
    """Return the runs below a folder, newest first; folders that hold no readable run are passed over."""
    summaries = []
    for header in sorted(Path(folder).glob(f"*/{HEADER}")):
        try:
            run = Run.open(header.parent)
        except UserError:
            continue
        config = run.config
        summaries.append(
            RunSummary(
                run.path,
                datetime.fromisoformat(run.header.created),
                tuple(run.header.scenarios),
                config.models,
                len(run),
                run.header.planned,
            )
        )
    return sorted(summaries, key=lambda summary: summary.created, reverse=True)
