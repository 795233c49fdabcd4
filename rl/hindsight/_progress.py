"""Progress of a regeneration, so that a killed one goes on and pays for nothing twice.

A file beside the folder that is being made: a first line that says what is made, then a line for every
review and every attempt, appended with its checksum when it is done. It is removed when the folder is there.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import orjson
from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from negosim._checksum import DamageError, checked, with_checksum
from negosim._files import append_whole, first_error, unwritable
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.records import StageAccount
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._protocol import Suggestion
from negosim.store import lines


class ReviewRecord(Frozen):
    """What a controller said about a dialogue."""

    parent: str
    number: int
    """Which of several reviews of the dialogue."""
    suggestions: tuple[Suggestion, ...] = ()
    failure: str | None = None
    """Why there are none."""
    account: tuple[StageAccount, ...] = ()


class Attempt(Frozen):
    """One regeneration that was tried."""

    parent: str
    number: int
    """Which of the attempts with this parent."""
    product: Trajectory | None = None
    failure: str | None = None
    """Why there is no product; None, with no product, where the review had no place left for it."""
    account: tuple[StageAccount, ...] = ()


class _Line(Frozen):
    review: ReviewRecord | None = None
    attempt: Attempt | None = None


class _Header(Frozen):
    format_version: int = 1
    made_from: dict[str, Any] = Field(default_factory=dict)


class KnownProgress(Protocol):
    """What has been made so far, wherever it is kept."""

    @property
    def reviews(self) -> Mapping[tuple[str, int], ReviewRecord]:
        """By parent and number."""

    @property
    def attempts(self) -> Mapping[tuple[str, int], Attempt]:
        """By parent and number."""

    def add_review(self, review: ReviewRecord, *, keep: bool = True) -> None:
        """Note a review."""

    def add_attempt(self, attempt: Attempt, *, keep: bool = True) -> None:
        """Note an attempt."""


def progress_path(out: Path) -> Path:
    """Return where the progress towards a folder is kept."""
    return out.with_name(f"{out.name}.progress.jsonl")


class Progress:
    """The progress of one regeneration, open for one process at a time."""

    def __init__(self, out: Path, made_from: dict[str, Any]) -> None:
        """Take up what is there.

        Args:
            out: the folder that is being made.
            made_from: everything the results depend on; what was begun with something else is refused.

        Raises:
            UserError: something else was begun there, a line is broken, another process is at it, or the
                file cannot be written.

        """
        self.path = progress_path(out)
        self.reviews: dict[tuple[str, int], ReviewRecord] = {}
        self.attempts: dict[tuple[str, int], Attempt] = {}
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"), timeout=0)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise UserError(f"another process is regenerating towards {str(out)!r}") from None
        except OSError as error:
            raise self._unwritable(error) from None
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            try:
                whole = self._read(made_from)
                self._file = undo.enter_context(self.path.open("ab", buffering=0))
                self._file.truncate(whole)
            except OSError as error:
                raise self._unwritable(error) from None
            if not whole:
                self._append(_Header(made_from=made_from))
            undo.pop_all()

    def add_review(self, review: ReviewRecord, *, keep: bool = True) -> None:
        """Note a review; one that a provider failed on is not kept beyond this process."""
        self.reviews[review.parent, review.number] = review
        if keep:
            self._append(_Line(review=review))

    def add_attempt(self, attempt: Attempt, *, keep: bool = True) -> None:
        """Note an attempt; one that a provider failed on is not kept beyond this process."""
        self.attempts[attempt.parent, attempt.number] = attempt
        if keep:
            self._append(_Line(attempt=attempt))

    def finish(self) -> None:
        """Remove the file: what it was for is there."""
        self.close()
        self.path.unlink(missing_ok=True)
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the file for another time."""
        self._file.close()
        self._lock.release()

    def _read(self, made_from: dict[str, Any]) -> int:
        """Read what is there and return where the last whole line ends."""
        end = 0
        if not self.path.exists():
            return end
        for number, (written, after) in enumerate(lines(self.path), 1):
            try:
                line, has_checksum = checked(written)
                if not has_checksum:
                    raise DamageError("damaged: it has no checksum at its end")
                if number == 1:
                    self._compare(_Header.model_validate_json(line).made_from, made_from)
                else:
                    found = _Line.model_validate_json(line)
                    if found.review:
                        self.reviews[found.review.parent, found.review.number] = found.review
                    if found.attempt:
                        self.attempts[found.attempt.parent, found.attempt.number] = found.attempt
            except (DamageError, ValidationError) as error:
                wrong = first_error(error) if isinstance(error, ValidationError) else error
                raise UserError(
                    f"{self.path}, line {number}: {wrong}; remove the file to begin anew, or the line and "
                    "what follows it to go on from there"
                ) from None
            end = after
        return end

    def _compare(self, begun: dict[str, Any], made_from: dict[str, Any]) -> None:
        wanted = orjson.loads(orjson.dumps(made_from))
        differing = sorted(key for key in {*begun, *wanted} if begun.get(key) != wanted.get(key))
        if differing:
            was = ", ".join(
                f"{key} {begun.get(key)!r} instead of {wanted.get(key)!r}" for key in differing[:4]
            )
            raise UserError(
                f"{self.path}: begun with {was}; go on with what it was begun with, choose another --out, "
                "or remove the file to begin anew"
            )

    def _append(self, line: Frozen) -> None:
        content = orjson.dumps(line.model_dump(mode="json"))
        try:
            append_whole(self._file, with_checksum(content))
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UserError:
        return unwritable(
            self.path, error, "what was regenerated is stored; {mend}, and the same command goes on"
        )
