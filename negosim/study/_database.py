"""Database of a study: a folder's own, or any that SQLAlchemy knows."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from negosim.errors import UserError

DATABASE = "study.sqlite"
"""In a study's folder: what is kept of it."""

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}
"""By database: a driver that is installed by its name."""


def url_of(place: str) -> str:
    """Return the database of a study: a folder's own, or one by its SQLAlchemy URL."""
    return place if "://" in place else f"sqlite:///{Path(place).expanduser().absolute() / DATABASE}"


def shown(place: str) -> str:
    """Return how messages call a place: a URL without its password."""
    try:
        return make_url(place).render_as_string() if "://" in place else place
    except (SQLAlchemyError, ValueError):
        return place.partition("://")[0] + "://..."


def opened(url: str) -> Engine:
    """Return a database.

    Raises:
        UserError: it is no URL of a database, or its driver is not installed; says which is.

    """
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ImportError as error:
        raise UserError(f"no database at {shown(url)!r}: {_lacking(url, error)}") from None
    except (SQLAlchemyError, ValueError) as error:
        raise UserError(
            f"no database at {shown(url)!r}: {error}; give a folder, or a URL of SQLAlchemy's such as "
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
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
