"""Structured logging: what happens to a run, one JSON object a line.

The library logs to the standard logger "negosim" and configures nothing by itself. Messages and
fields name dialogues, stages, models, counts and seconds; never prompts, answers or keys.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

from negosim.errors import UserError

FIELDS = ("asctime", "levelname", "name", "message")
NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "message": "event"}


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Append the log to a file while the context lasts.

    Raises:
        UserError: the file cannot be written.

    """
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UserError(f"log file {str(path)!r} cannot be written: {error.strerror or error}") from None
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
