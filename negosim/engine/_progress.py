"""Progress of unfinished dialogues: a file each in the run folder, a line for every finished step.

A step is a turn, or the votes after a round. Its line says which run, dialogue and step it is of, and has a
checksum, so that a dialogue goes on after its last finished step or is refused, and never goes on from
something else. Storage grows with the turns and not with their square; a dialogue's file is deleted when
the dialogue is stored, and the folder when the run is finished.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from negosim._checksum import DamageError, checked, with_checksum
from negosim._files import append_whole, first_error, unreadable, unwritable
from negosim._frozen import Frozen
from negosim.engine._state import History
from negosim.errors import UserError
from negosim.records import Call, End, Measurement, Turn, Vote
from negosim.store import PROGRESS, Run

BEGINS = b'{"run":"'
"""How a line of a step begins."""
WAY_OUT = "remove the file and resume the run: that dialogue then starts over"


class _Step(Frozen):
    """What a turn or a round of votes has added to a dialogue; all else follows from it."""

    run: str
    dialogue: str
    step: int
    turns: tuple[Turn, ...] = ()
    votes: tuple[Vote, ...] = ()
    calls: tuple[Call, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    end: End | None = None


class DialogueProgress:
    """What one dialogue has come to, kept step by step."""

    def __init__(self, file: Path, run: str, dialogue: str) -> None:
        """Take up where the file's last line ends; without a file, at the opening.

        Raises:
            UserError: the file cannot be read, or is not what was written; names file and line.

        """
        self._file, self._run, self._dialogue = file, run, dialogue
        self._count = self._end = 0
        self.steps: list[History] = []
        """What was kept of every step, the first one first."""
        try:
            for line in _whole_lines(file):
                self.steps.append(self._read(line))
                self._count += 1
                self._end += len(line)
        except OSError as error:
            raise unreadable(file, error, WAY_OUT) from None

    def _read(self, line: bytes) -> History:
        place = f"{self._file}, line {self._count + 1}"
        try:
            content, has_checksum = checked(line)
            if not has_checksum:
                raise DamageError("damaged: it has no checksum at its end")
            step = _Step.model_validate_json(content)
        except DamageError as error:
            raise UserError(f"{place}: {error}; {WAY_OUT}") from None
        except ValidationError as error:
            raise UserError(f"{place}: {first_error(error)}; {WAY_OUT}") from None
        written, meant = (step.run, step.dialogue, step.step), (self._run, self._dialogue, self._count)
        if written != meant:
            names = ("run", "dialogue", "step")
            wrong = next(name for name, one, other in zip(names, written, meant, strict=True) if one != other)
            raise UserError(f"{place}: it belongs to another {wrong}; {WAY_OUT}")
        kept = step.model_fields_set - {"run", "dialogue", "step"}
        return cast(History, {name: getattr(step, name) for name in kept})

    def add(self, added: History) -> None:
        """Keep what a step has added.

        Raises:
            UserError: the disk is full or the folder cannot be written; the file is left as it was.

        """
        values: dict[str, Any] = {name: value for name, value in added.items() if name in _Step.model_fields}
        step = _Step(run=self._run, dialogue=self._dialogue, step=self._count, **values)
        line = with_checksum(step.model_dump_json(exclude_defaults=True).encode())
        try:
            self._file.parent.mkdir(exist_ok=True)
            with self._file.open("ab", buffering=0) as file:
                file.truncate(self._end)  # what a kill has cut off
                append_whole(file, line)
        except OSError as error:
            hint = "what was finished is stored; {mend} and resume the run"
            raise unwritable(self._file, error, hint) from None
        self._count += 1
        self._end += len(line)


class RunProgress:
    """Where the unfinished dialogues of a run stand."""

    def __init__(self, run: Run, dialogues: Collection[str]) -> None:
        """Read what is kept of dialogues that are to be made.

        Raises:
            UserError: a file cannot be read, or is not what was written; names file and line.

        """
        self._folder = run.path / PROGRESS
        self._run = sha256(run.header.model_dump_json().encode()).hexdigest()[:16]
        begun = {file.stem for file in self._folder.glob("*.jsonl")}
        self._begun = {dialogue: self._open(dialogue) for dialogue in dialogues if dialogue in begun}

    def of(self, dialogue: str) -> DialogueProgress:
        """Return where a dialogue stands."""
        return self._begun.pop(dialogue, None) or self._open(dialogue)

    def forget(self, dialogue: str) -> None:
        """Delete what is kept of a dialogue, which is stored."""
        with suppress(OSError):  # what is left goes with the folder, when the run is finished
            self._file(dialogue).unlink(missing_ok=True)

    def _open(self, dialogue: str) -> DialogueProgress:
        return DialogueProgress(self._file(dialogue), self._run, dialogue)

    def _file(self, dialogue: str) -> Path:
        return self._folder / f"{dialogue}.jsonl"


def forget_progress(run: Run) -> None:
    """Delete what is kept of dialogues in progress; the run is finished."""
    with suppress(OSError):
        for file in (run.path / PROGRESS).glob("*.jsonl"):
            file.unlink()
        (run.path / PROGRESS).rmdir()


def _whole_lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of a file, if there is one; a last one that was cut off is no finished step.

    What does not even begin as a step does is no cut one: it is yielded, and told as damage by who reads it.
    Zeros are what a file system may leave of a line where the power failed.
    """
    with suppress(FileNotFoundError), file.open("rb") as lines:
        for line in lines:
            begun = BEGINS.startswith(line[: len(BEGINS)]) or not line.strip(b"\0")
            if line.endswith(b"\n") or not begun:
                yield line
