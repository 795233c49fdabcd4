"""Storage of a study: every answer and every turn is kept before anything comes of it."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from negosim.errors import UserError
from negosim.study._database import DATABASE, opened, shown, url_of
from negosim.study._flow import StudyStage, stages_of
from negosim.study._load import parse_study
from negosim.study._order import next_cell, order_of_person
from negosim.study._schema import Study
from negosim.study._tables import ANSWERS, EVENTS, OF_PERSON, PEOPLE, SENT, STEPS, STUDY, TABLES, TALKS

__all__ = ["Row", "StudyStore", "shown"]

RELEASE = timedelta(hours=24)
"""After so long without a word from them, the place of a person in their cell is another's."""

Row = Mapping[str, Any]


def now() -> str:
    """Return the time: UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class StudyStore:
    """A study that has begun: the file it began with, and everybody's data.

    Args:
        place: a folder, or a URL of SQLAlchemy's.

    """

    def __init__(self, place: str) -> None:
        self.place = place
        url = url_of(place)
        if "://" not in place and not (Path(place).expanduser() / DATABASE).exists():
            raise UserError(f"no study at {place!r}: it has no {DATABASE}; begin one with negosim study run")
        self.engine = opened(url)
        try:
            with self.engine.connect() as connection:
                found = connection.execute(select(STUDY)).mappings().first()
        except (SQLAlchemyError, TypeError) as error:
            raise UserError(
                f"no study can be read at {shown(place)!r}: {str(error).splitlines()[0]}"
            ) from None
        if found is None:
            raise UserError(f"no study has begun at {shown(place)!r}; begin one with negosim study run")
        self.about: Row = dict(found)

    @classmethod
    def begin(cls, place: str, text: str, folder: str = ".") -> "StudyStore":
        """Begin a study, or go on with it.

        Args:
            place: a folder, which is made; or a URL of SQLAlchemy's.
            text: the study's file.
            folder: what its paths start from.

        Raises:
            UserError: another study, or another version of it, has begun there.

        """
        if "://" not in place:
            kept = Path(place).expanduser()
            try:
                kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise UserError(f"{place!r} cannot be made: {error.strerror or error}") from None
        engine = opened(url_of(place))
        try:
            TABLES.create_all(engine)
            with engine.begin() as connection:
                if connection.execute(select(STUDY.c.id)).first() is None:
                    keys = {"secret": secrets.token_urlsafe(32), "admin": secrets.token_urlsafe(24)}
                    start = str(Path(folder).absolute())
                    row = {"id": 1, "text": text, "folder": start, "created": now(), "paused": "", **keys}
                    connection.execute(insert(STUDY).values(row))
        except (SQLAlchemyError, ImportError, TypeError) as error:  # TypeError: options it does not know
            raise UserError(f"{shown(place)!r} cannot be written: {str(error).splitlines()[0]}") from None
        finally:
            engine.dispose()
        if "://" not in place:
            (Path(place).expanduser() / DATABASE).chmod(0o600)
        store = cls(place)
        if store.about["text"] != text:
            raise UserError(
                f"the study at {shown(place)!r} has begun with another file; people's answers belong to "
                "that one: give this one an --out of its own"
            )
        return store

    @cached_property
    def study(self) -> Study:
        """The study as it began."""
        return parse_study(self.about["text"], f"study at {shown(self.place)}", self.about["folder"])

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()

    # People

    def invite(self, count: int) -> None:
        """Make links until there are so many."""
        with self.engine.begin() as connection:
            known = connection.execute(select(func.count()).select_from(PEOPLE)).scalar_one()
            rows = [
                {"number": number, "token": secrets.token_urlsafe(24), "status": "invited", "position": 0}
                for number in range(known + 1, count + 1)
            ]
            if rows:
                connection.execute(insert(PEOPLE), rows)

    def people(self) -> list[Row]:
        """Return everybody who has a link."""
        return self._rows(select(PEOPLE).order_by(PEOPLE.c.number))

    def person(self, token: str) -> Row | None:
        """Return whose link it is; None where it is nobody's."""
        return next(iter(self._rows(select(PEOPLE).where(PEOPLE.c.token == token))), None)

    def stages(self, person: Row) -> tuple[StudyStage, ...]:
        """Return a person's way through the study."""
        return stages_of(self.study, orjson.loads(person["orders"] or "{}"))

    def consent(self, person: Row) -> bool:
        """Take a person in, in a cell with room; return whether there is one."""
        with self.engine.begin() as connection:
            lately = (datetime.now(UTC) - RELEASE).isoformat(timespec="milliseconds")
            there = (PEOPLE.c.status == "active") & (PEOPLE.c.seen >= lately)
            counted = select(PEOPLE.c.cell).where((PEOPLE.c.status == "completed") | there)
            counts = Counter(cell for (cell,) in connection.execute(counted))
            cell = next_cell(self.study, counts)
            if cell is None:
                return False
            orders = order_of_person(self.study, cell, person["number"])
            at = now()
            connection.execute(
                update(PEOPLE)
                .where(PEOPLE.c.number == person["number"], PEOPLE.c.status == "invited")
                .values(
                    status="active",
                    cell=cell,
                    orders=orjson.dumps(orders).decode(),
                    position=1,
                    consented=at,
                    seen=at,
                )
            )
            self._note(connection, person, "consented", at)
        return True

    def decline(self, person: Row) -> None:
        """Keep that a person does not want to take part, and nothing else."""
        with self.engine.begin() as connection:
            connection.execute(
                update(PEOPLE).where(PEOPLE.c.number == person["number"]).values(status="declined")
            )

    def advance(self, person: Row, position: int, answers: Sequence[Row] = ()) -> bool:
        """Go on to the next stage, with what was answered; once, however often it is sent.

        Returns:
            Whether the person stood at that stage.

        """
        stages, at = self.stages(person), now()
        last = position + 1 == len(stages) - 1
        with self.engine.begin() as connection:
            moved = connection.execute(
                update(PEOPLE)
                .where(
                    PEOPLE.c.number == person["number"],
                    PEOPLE.c.position == position,
                    PEOPLE.c.status == "active",
                )
                .values(
                    position=position + 1,
                    seen=at,
                    **({"status": "completed", "finished": at} if last else {}),
                )
            )
            if moved.rowcount != 1:
                return False
            stage = stages[position]
            rows = [
                {
                    "person": person["number"],
                    "position": position,
                    "form": stage.kind,
                    "block": stage.block,
                    "agent": stage.agent,
                    "number": stage.number,
                    "at": at,
                    **answer,
                }
                for answer in answers
            ]
            if rows:
                connection.execute(insert(ANSWERS), rows)
            self._note(connection, person, f"finished {stage.kind} {position}", at)
        return True

    def withdraw(self, person: Row) -> None:
        """Delete everything a person wrote and answered; that somebody withdrew is all that is kept."""
        number = person["number"]
        talks = select(TALKS.c.id).where(TALKS.c.person == number)
        with self.engine.begin() as connection:
            for table in (SENT, STEPS):
                connection.execute(delete(table).where(table.c.talk.in_(talks)))
            connection.execute(delete(TALKS).where(TALKS.c.person == number))
            for table in OF_PERSON:
                connection.execute(delete(table).where(table.c.person == number))
            nothing = dict.fromkeys(("cell", "orders", "consented", "seen", "finished"))
            connection.execute(
                update(PEOPLE)
                .where(PEOPLE.c.number == number)
                .values(status="withdrawn", position=0, **nothing)
            )
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    # Conversations

    def talk(self, person: Row, position: int, *, make: bool = True) -> Row | None:
        """Return the conversation of a stage; it is begun if there is none and `make` says so."""
        wanted = select(TALKS).where(TALKS.c.person == person["number"], TALKS.c.position == position)
        found = self._rows(wanted)
        if found or not make:
            return found[0] if found else None
        stage = self.stages(person)[position]
        row = {
            "person": person["number"],
            "position": position,
            "block": stage.block,
            "agent": stage.agent,
            "number": stage.number,
            "practice": stage.kind == "practice",
            "status": "open",
            "started": now(),
        }
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(TALKS).values(row))
        except IntegrityError:
            pass  # begun meanwhile
        return self._rows(wanted)[0]

    def talks(self, person: Row | None = None) -> list[Row]:
        """Return all conversations, or a person's."""
        wanted = select(TALKS).order_by(TALKS.c.person, TALKS.c.position)
        return self._rows(wanted if person is None else wanted.where(TALKS.c.person == person["number"]))

    def steps(self, talk: int) -> list[str]:
        """Return what was kept of a conversation, step by step."""
        rows = self._rows(select(STEPS.c.content).where(STEPS.c.talk == talk).order_by(STEPS.c.number))
        return [row["content"] for row in rows]

    def add_step(self, talk: int, number: int, content: str, usd: float | None, tokens: int) -> None:
        """Keep a step of a conversation."""
        row = {"talk": talk, "number": number, "content": content, "usd": usd, "tokens": tokens}
        with self.engine.begin() as connection:
            connection.execute(insert(STEPS).values(row))

    def sent(self, talk: int) -> dict[str, str]:
        """Return what the person has sent in a conversation, by what it answers."""
        return {row["key"]: row["content"] for row in self._rows(select(SENT).where(SENT.c.talk == talk))}

    def send(self, talk: int, key: str, content: str) -> bool:
        """Keep what a person sends; return whether it is the first for what it answers."""
        try:
            with self.engine.begin() as connection:
                row = {"talk": talk, "key": key, "content": content, "at": now()}
                connection.execute(insert(SENT).values(row))
        except IntegrityError:
            return False
        return True

    def finish_talk(self, talk: int, status: str, *, dialogue: str | None = None, failure: str = "") -> None:
        """Keep how a conversation ended; what has ended stays so."""
        values = {"status": status, "finished": now(), "dialogue": dialogue, "failure": failure or None}
        with self.engine.begin() as connection:
            connection.execute(
                update(TALKS).where(TALKS.c.id == talk, TALKS.c.status == "open").values(values)
            )

    # All of it

    def answers(self) -> list[Row]:
        """Return every answer."""
        return self._rows(select(ANSWERS).order_by(ANSWERS.c.person, ANSWERS.c.position, ANSWERS.c.id))

    def events(self) -> list[Row]:
        """Return what happened when."""
        return self._rows(select(EVENTS).order_by(EVENTS.c.id))

    def spent(self) -> tuple[float, int, bool]:
        """Return dollars and tokens so far, and whether every price is known."""
        wanted = select(
            func.sum(STEPS.c.usd), func.sum(STEPS.c.tokens), func.count() - func.count(STEPS.c.usd)
        )
        with self.engine.connect() as connection:
            usd, tokens, unknown = connection.execute(wanted).one()
        return float(usd or 0), int(tokens or 0), not unknown

    @property
    def paused(self) -> str:
        """Why nobody goes on for now; "" where they do."""
        return str(self._rows(select(STUDY.c.paused))[0]["paused"])

    def pause(self, why: str) -> None:
        """Stop, or with "" let go on."""
        with self.engine.begin() as connection:
            connection.execute(update(STUDY).values(paused=why))

    def _rows(self, wanted: Any) -> list[Row]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def _note(self, connection: Any, person: Row, what: str, at: str) -> None:
        connection.execute(insert(EVENTS).values(person=person["number"], what=what, at=at))
