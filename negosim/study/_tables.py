"""Tables of a study's database, in any database that SQLAlchemy knows."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGTEXT

TABLES = MetaData()
LONG = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
"""Texts of any length, where the usual kind ends at 64 KiB."""

STUDY = Table(
    "study",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("text", LONG, nullable=False),  # the file as it was when the study began
    Column("folder", Text, nullable=False),  # what its paths start from
    Column("created", String(32), nullable=False),
    Column("secret", String(64), nullable=False),  # what pages sign their forms with
    Column("admin", String(64), nullable=False),  # the key of the administrator's page
    Column("paused", Text, nullable=False, default=""),  # why nobody goes on for now; "" where they do
)
PEOPLE = Table(
    "people",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),  # invited, active, declined, completed, withdrawn
    Column("cell", String(80)),
    Column("orders", Text),  # JSON: block -> positions of its agents
    Column("position", Integer, nullable=False, default=0),
    Column("consented", String(32)),
    Column("seen", String(32)),  # the last thing they sent
    Column("finished", String(32)),
)
TALKS = Table(
    "talks",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, ForeignKey("people.number"), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # of its stage
    Column("block", String(80), nullable=False),
    Column("agent", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("practice", Boolean, nullable=False),
    Column("status", String(16), nullable=False),  # open, complete, failed, ended (a practice)
    Column("started", String(32), nullable=False),
    Column("finished", String(32)),
    Column("failure", LONG),
    Column("dialogue", LONG),  # JSON of the record, once there is one
    UniqueConstraint("person", "position"),
)
STEPS = Table(
    "steps",
    TABLES,
    Column("talk", Integer, ForeignKey("talks.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LONG, nullable=False),
    Column("usd", Float),  # what its calls cost; null where that is not known
    Column("tokens", Integer, nullable=False, default=0),
)
SENT = Table(
    "sent",
    TABLES,
    Column("talk", Integer, ForeignKey("talks.id"), primary_key=True),
    Column("key", String(120), primary_key=True),  # what it answers
    Column("content", LONG, nullable=False),
    Column("at", String(32), nullable=False),
)
ANSWERS = Table(
    "answers",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, ForeignKey("people.number"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("form", String(16), nullable=False),  # questions or survey
    Column("block", String(80), nullable=False),
    Column("agent", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("question", String(80), nullable=False),
    Column("value", LONG),  # JSON; null where it was left out
    Column("at", String(32), nullable=False),
    UniqueConstraint("person", "position", "question"),
)
EVENTS = Table(
    "events",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, ForeignKey("people.number"), nullable=False, index=True),
    Column("what", String(80), nullable=False),
    Column("at", String(32), nullable=False),
)
OF_PERSON = (ANSWERS, EVENTS)
"""Tables whose rows are one person's, talks apart."""
