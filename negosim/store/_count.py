"""Number of lines a file had when its last writer left it: fewer later means that some were lost.

A process that is killed leaves no count behind, so there may be more lines than were counted.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
from pydantic import ValidationError

from negosim._checksum import DamageError, checked, with_checksum
from negosim._files import first_error, unreadable, write_whole
from negosim._frozen import Frozen
from negosim.errors import UserError

logger = logging.getLogger("negosim.store")

DIALOGUES, JUDGEMENTS = "dialogues.count", "judgements.count"


class StoredCount(Frozen):
    """The content of a count file."""

    lines: int


class LineCount:
    """Counts the lines of a file that is open for writing, and keeps the number beside it."""

    def __init__(self, place: Path, lines: int) -> None:
        """Take the count file and how many lines there are now.

        Raises:
            UserError: the count file cannot be read, or is damaged.

        """
        self.lines = lines
        self._place = place
        self._counted = read_count(place)

    def accept_losses(self, where: Path) -> None:
        """Take what is there as it is; where lines are missing that were there, a warning says so.

        Raises:
            UserError: the count file cannot be written.

        """
        if (lost := self._counted - self.lines) > 0:
            self._write()
            logger.warning("%s: %d lines were lost since; what they held is made again", where, lost)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Note how many lines there are when the block ends, however it ends.

        Raises:
            UserError: the count file cannot be written.

        """
        try:
            yield
        except BaseException:
            with suppress(UserError):  # what stopped it comes first
                self._save()
            raise
        self._save()

    def _save(self) -> None:
        if self.lines > self._counted:
            self._write()

    def _write(self) -> None:
        write_whole(self._place, with_checksum(orjson.dumps({"lines": self.lines})))
        self._counted = self.lines


def read_count(place: Path) -> int:
    """Return how many lines there were at least; 0 where nobody has counted.

    Raises:
        UserError: the file cannot be read, or is damaged.

    """
    try:
        return StoredCount.model_validate_json(checked(place.read_bytes())[0]).lines
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise unreadable(place, error) from None
    except (DamageError, ValidationError) as error:
        wrong = first_error(error) if isinstance(error, ValidationError) else str(error)
        raise UserError(f"{place}: {wrong}; remove it: it only serves to notice lost lines") from None
