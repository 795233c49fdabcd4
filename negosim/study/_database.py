"""Database of a study: a folder's own, or any that SQLAlchemy knows."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from negosim.errors import UserError

DATABASE = "study.sqlite"
"""In a study's folder: what is kept of it."""

_PASSWORD = re.compile(r"(://[^:@]*):.*@")
"""In a URL, up to the last "@": a password may have others in it that should have been escaped."""

_URLS = "give a folder, or a URL of SQLAlchemy's such as postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
"""By database: a driver that is installed by its name."""


def url_of(place: str) -> str:
    """Return the database of a study: a folder's own, or one by its SQLAlchemy URL."""
    return place if "://" in place else f"sqlite:///{Path(place).expanduser().absolute() / DATABASE}"


def shown(place: str) -> str:
    """Return how messages call a place: a URL without its password, and without what follows a "?".

    Examples:
        >>> shown("postgresql+psycopg://ann:secret@db.example/study?sslpassword=secret")
        'postgresql+psycopg://ann:***@db.example/study?***'

    """
    if "://" not in place:
        return place
    address, query, _ = _PASSWORD.sub(r"\1:***@", place).partition("?")
    return address + (f"{query}***" if query else "")


def opened(url: str) -> Engine:
    """Return a database.

    Raises:
        UserError: it is no URL of a database, or its driver is not installed; says which is.

    """
    try:
        parsed = make_url(url)
        if "@" in (parsed.host or ""):
            raise ValueError
        engine = create_engine(parsed, pool_pre_ping=True)
    except ImportError as error:
        raise UserError(f"no database at {shown(url)!r}: {_lacking(url, error)}") from None
    except NoSuchModuleError as error:
        raise UserError(f"no database at {shown(url)!r}: {error}; {_URLS}") from None
    except (SQLAlchemyError, ValueError):  # their words may have a part of the password
        raise UserError(
            f"no database at {shown(url)!r}: it is no URL of one; {_URLS}, where each @ : / ? of the "
            "password is written %40 %3A %2F %3F"
        ) from None
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, _: Any) -> None:
            # Written ahead and to the disk at each commit; what is deleted is overwritten.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

    return engine


def _lacking(url: str, error: ImportError) -> str:
    """Say how to get the driver that is missing."""
    database, _, named = url.partition("://")[0].partition("+")
    driver = named or DRIVERS.get(database, "")
    if not driver:
        return f"{error}; install its driver"
    begin = "" if named else f", and begin the URL with {database}+{driver}://"
    return f"its driver is not installed: pip install {driver}{begin}"
