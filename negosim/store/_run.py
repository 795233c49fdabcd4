"""One run folder: made, appended to, locked, read."""

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

import orjson
from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from negosim._checksum import DamageError, checked, with_checksum
from negosim._fields import Slug
from negosim._files import first_error, unreadable, unwritable
from negosim._frozen import Frozen, empty, unset
from negosim._html import run_html
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.records import Dialogue, Sheet
from negosim.scenarios import Scenario
from negosim.store._count import DIALOGUES, LineCount, read_count
from negosim.store._create import HEADER, LOCK, create_folder, discard_unbegun
from negosim.store._find import find_dialogue
from negosim.store._frame import frame_of
from negosim.store._judgements import JUDGE_ON, JUDGEMENTS, SheetWriter, read_frame, read_sheets
from negosim.store._mend import drop_damaged
from negosim.store._shards import (
    Appender,
    Line,
    count,
    count_lines,
    read_line,
    shards,
    standing,
)
from negosim.traits import Trait

if TYPE_CHECKING:
    import pandas as pd

JUDGING_LOCK = ".judging.lock"
LOOKING = 0.1
"""Seconds, more than enough for somebody else to look whether a run is being made."""

WAY_ON = "what was finished is stored; {mend} and resume the run"


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
    traits: Annotated[dict[str, str], Field(exclude_if=empty)] = Field(default_factory=dict)
    """SHA-256 of each trait that the run gives to anybody, by id."""
    plugins: dict[str, str] = Field(default_factory=dict)
    """Agents, planners and model providers in use that do not come with negosim: version and code hash."""
    git: str | None = None
    """Revision of negosim's own checkout, where it runs from one; "+changes" if files differ from it."""

    @classmethod
    def unplayed(cls) -> "Fingerprint":
        """Return that of a run whose dialogues this version of negosim has written down and not played."""
        versions = {"negosim": version("negosim")}
        return cls(versions=versions, scenarios={}, taxonomies={}, prompts={}, models={})


class ImportOrigin(Frozen):
    """Where the dialogues of a run come from that negosim has not made."""

    source: str
    """Name of the importer: "casino", "convokit"."""
    title: str
    """What the data set is called."""
    licence: str
    """Of the texts; "" where the source does not say."""
    citation: str | None = None
    reward: str = ""
    """What a dialogue's reward is, with its unit; "" where there is none."""
    note: str = ""
    """How the source's form is read."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Options of the import, and the SHA-256 of every file."""
    left_out: dict[str, int] = Field(default_factory=dict)
    """Rows and dialogues that are not in the run, by reason."""
    altered: dict[str, int] = Field(default_factory=dict)
    """Values kept in another form than they were found in, by kind."""
    problems: tuple[str, ...] = ()
    """Where, for the first of those left out."""
    passed_over: dict[str, str] = Field(default_factory=dict)
    """Files of the source that are none of its data, and why."""


class RunHeader(Frozen):
    """The content of `run.json`."""

    schema_version: Literal[1] = 1
    created: str
    """UTC, ISO 8601."""
    config: RunConfig
    fingerprint: Fingerprint
    scenarios: dict[Slug, Scenario]
    """The scenarios in full, by id: a run can be read where its plugins are not installed."""
    planned: int
    """Dialogues the configuration asks for."""
    traits: Annotated[dict[Slug, Trait], Field(exclude_if=empty)] = Field(default_factory=dict)
    """The traits that roles are given, in full, by id."""
    imported: Annotated[ImportOrigin | None, Field(exclude_if=unset)] = None
    """Where the dialogues come from, if negosim has not made them."""


class WithScenario(Protocol):
    """A dialogue, or the part of one that says what its scenario is."""

    @property
    def scenario(self) -> str:
        """Id of the run's scenario."""

    @property
    def own_scenario(self) -> Scenario | None:
        """The scenario as this dialogue had it."""


@dataclass(frozen=True, repr=False)
class Run:
    """A run folder, open for reading."""

    path: Path
    header: RunHeader

    @classmethod
    def create(cls, path: Path, header: RunHeader, *, compress: bool = False) -> "Run":
        """Make a new run folder; `compress` keeps its dialogues as zstd.

        Raises:
            UserError: the folder exists and is not empty, or cannot be written.

        """
        content = orjson.dumps(header.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
        create_folder(path, content, planned=header.planned, compress=compress)
        return cls(path, header)

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open an existing run folder.

        Raises:
            UserError: there is no run, or its header is not readable by this version.

        """
        folder = Path(path).expanduser()
        try:
            content, _ = checked((folder / HEADER).read_bytes())
            header = RunHeader.model_validate_json(content)
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(
                f"no run at {str(folder)!r}: it has no {HEADER}; `negosim runs` lists runs"
            ) from None
        except DamageError as error:
            raise UserError(
                f"{folder / HEADER}: {error}; restore it from a copy; the dialogues beside it are JSON lines "
                "that can be read without it"
            ) from None
        except ValidationError as error:
            raise UserError(
                f"{folder / HEADER}: {first_error(error)}; was it written by another version?"
            ) from None
        except (OSError, ValueError) as error:
            raise unreadable(folder / HEADER, error) from None
        return cls(folder, header)

    def __repr__(self) -> str:
        """Return a line that shows where the run is and how far, and no brief."""
        return f"Run({str(self.path)!r}, {len(self)} of {self.header.planned} dialogues)"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return run_html(self)

    @property
    def config(self) -> RunConfig:
        """The configuration the run was made from."""
        return self.header.config

    def scenario(self, scenario_id: str) -> Scenario:
        """Return a scenario as it was when the run was made."""
        return self.header.scenarios[scenario_id]

    def scenario_of(self, dialogue: WithScenario) -> Scenario:
        """Return the scenario of a dialogue: its own, or else the run's."""
        return dialogue.own_scenario or self.scenario(dialogue.scenario)

    def traits_of(self, dialogue: Dialogue) -> tuple[tuple[Trait, ...], ...]:
        """Return the dispositions of each role of a dialogue; nothing where the run gives none."""
        return tuple(tuple(self.header.traits[name] for name in ids) for ids in dialogue.traits)

    def discard_unbegun(self) -> None:
        """Remove the folder if no dialogue was finished or has got anywhere: a header alone is no run."""
        discard_unbegun(self.path)

    @contextmanager
    def writing(self, *, mend: bool = False) -> Iterator["Writer"]:
        """Open the run to add dialogues, and keep other processes from doing so at the same time.

        Args:
            mend: whether damaged lines are taken out first, into `dialogues.damaged`.

        Raises:
            UserError: another process is making the run, or the folder cannot be written.

        """
        with self._locked(LOCK, "made", WAY_ON):
            if mend:
                drop_damaged(self.path)
            writer = Writer(self.path)
            with writer.count.kept():
                yield writer

    @property
    def is_being_made(self) -> bool:
        """Whether a process is adding dialogues to the run now."""
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False

    @contextmanager
    def judging(self) -> Iterator[SheetWriter]:
        """Open the run to add judgements, and keep other processes from doing so at the same time.

        Raises:
            UserError: another process is judging the run, or the folder cannot be written.

        """
        with self._locked(JUDGING_LOCK, "judged", JUDGE_ON), closing(SheetWriter(self.path)) as writer:
            writer.count.accept_losses(self.path / JUDGEMENTS)
            with writer.count.kept():
                yield writer

    @contextmanager
    def _locked(self, name: str, done: str, hint: str) -> Iterator[None]:
        lock = FileLock(self.path / name)
        try:
            lock.acquire(timeout=LOOKING, poll_interval=LOOKING / 5)
        except Timeout:
            raise UserError(
                f"run {str(self.path)!r} is being {done} by another process; wait for it"
            ) from None
        except OSError as error:
            raise unwritable(self.path, error, hint) from None
        try:
            yield
        finally:
            lock.release()

    def __iter__(self) -> Iterator[Dialogue]:
        """Read the dialogues in the order they were stored; of one that was played again, the last.

        A last line cut off by a kill is passed over: that dialogue was not finished.

        Raises:
            UserError: another line is broken; names file and line.

        """
        return self.read_as(Dialogue)

    def read_as(self, model: type[Line]) -> Iterator[Line]:
        """Read the dialogues, in the order they were stored, into a model that may leave out fields.

        Reading a few fields is several times as fast as reading whole dialogues.

        Raises:
            UserError: a line is broken; names file and line.

        """
        self.check()
        for shard, number, line in standing(self.path):
            yield read_line(f"{shard}, line {number}", line, model)

    def check(self) -> None:
        """Check that no dialogue has been lost since the run was made.

        Raises:
            UserError: dialogues are missing that were stored.

        """
        counted = read_count(self.path / DIALOGUES)
        if counted and (found := count_lines(self.path)) < counted:
            raise UserError(
                f"run {str(self.path)!r} had {counted:,} dialogues and has {found:,}: its file was cut; make "
                f"what is missing again: negosim generate --resume {self.path}; or remove "
                f"{self.path / DIALOGUES} to go on without"
            )

    def __len__(self) -> int:
        """Count the stored dialogues without parsing them."""
        return count(self.path)

    def dialogue(self, reference: str | int) -> Dialogue:
        """Return one dialogue by id, by the start of an id that names one only, or by number from 1.

        Raises:
            UserError: none or several match; the nearest ids are suggested.

        """
        return find_dialogue(self, str(reference))

    def to_frame(self) -> "pd.DataFrame":
        """Return one row a dialogue: header, outcome and account as columns."""
        return frame_of(self)

    def judgements(self) -> Iterator[Sheet]:
        """Read the sheets judges have filled in, in stored order; of each key the last one only.

        Raises:
            UserError: a line is broken; names file and line.

        """
        return read_sheets(self.path)

    def judgement_frame(self, sets: Collection[str] | None = None, *, texts: bool = True) -> "pd.DataFrame":
        """Return one row a judgement; columns as `negosim.store.JUDGEMENT_COLUMNS` lists them.

        `sets` names the question sets wanted; all without it. Without `texts` the columns `reason` and
        `evidence` are left out, which take most of the memory.

        What a sheet cost is divided equally among its judgements, so that sums are right. `value` holds
        booleans, numbers and text as they were given, None unless the status is "ok".

        Raises:
            UserError: a line is broken; names file and line.

        """
        return read_frame(self.path, sets, texts=texts)


class Writer:
    """Adds dialogues to a run."""

    def __init__(self, path: Path) -> None:
        """Take up where the run's last line ends.

        Raises:
            UserError: the folder cannot be written.

        """
        self._path = path
        if not shards(path):
            raise UserError(f"run {str(path)!r} has lost its dialogues file; make a new run")
        try:
            self._appender = Appender(path)
        except OSError as error:
            raise unwritable(path, error, WAY_ON) from None
        self.count = LineCount(path / DIALOGUES, count_lines(path))

    def append(self, dialogue: Dialogue) -> None:
        """Append one dialogue whole; what was stored before stays readable whatever happens.

        Raises:
            UserError: the disk is full or the folder cannot be written.

        """
        line = with_checksum(orjson.dumps(dialogue.model_dump(mode="json")))
        try:
            self._appender.append(line)
        except OSError as error:
            raise unwritable(self._path, error, WAY_ON) from None
        self.count.lines += 1
