"""Structured logging: what happens to a run, one JSON object a line.

The library logs to the standard logger "negosim" and configures nothing by itself. Messages and
fields name dialogues, stages, models, counts and seconds; never prompts, answers or keys.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

from negosim._files import append_whole, unwritable
from negosim.errors import UserError

FIELDS = ("asctime", "levelname", "name", "message")
NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "message": "event"}


class _LogFile(logging.Handler):
    """Appends records to a file, each whole; after the first that cannot be written, none."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("ab", buffering=0)
        self.failure: OSError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record."""
        if self.failure is None:
            try:
                append_whole(self._file, self.format(record).encode() + b"\n")
            except OSError as error:
                self.failure = error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Append the log to a file while the context lasts.

    Raises:
        UserError: the file cannot be opened; or, when the context ends, its disk had become full.

    """
    try:
        handler = _LogFile(path)
    except (OSError, ValueError) as error:
        raise UserError(f"log file {unwritable(path, error)}") from None
    handler.setFormatter(JsonFormatter(list(FIELDS), rename_fields=NAMES, datefmt="%Y-%m-%dT%H:%M:%S%z"))
    logger = logging.getLogger("negosim")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
    if handler.failure is not None:
        failed = unwritable(path, handler.failure, "the log ends there; nothing else was stopped by it")
        raise UserError(f"log file {failed}")
