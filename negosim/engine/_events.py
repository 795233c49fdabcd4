"""Events of a running engine, for whoever watches."""

from collections.abc import Callable
from dataclasses import dataclass

from negosim.records import Condition, Dialogue, Turn
from negosim.scenarios import Scenario
from negosim.store import Run
from negosim.table import Table


@dataclass(frozen=True)
class RunStarted:
    """The run folder was made; dialogues follow."""

    run: Run
    again: frozenset[str] = frozenset()
    """Ids of stored dialogues that failed and are played again."""


@dataclass(frozen=True)
class DialogueStarted:
    """A dialogue is about to begin."""

    dialogue: str
    """The dialogue's id."""
    scenario: Scenario
    condition: Condition
    opener: int
    models: tuple[str, ...]
    traits: tuple[tuple[str, ...], ...] = ()
    """By role, by id."""


@dataclass(frozen=True)
class TurnFinished:
    """An utterance was made."""

    dialogue: str
    scenario: Scenario
    turn: Turn
    table: Table
    """The table after the utterance."""
    next_speaker: int | None = None
    """Position of the role whose turn it is if the dialogue goes on."""


@dataclass(frozen=True)
class ServerSaid:
    """A dialogue is about to fail through its model's server, which said why.

    The server's words, redacted, are for who watches; records never have them.
    """

    dialogue: str
    """The dialogue's id."""
    said: str


@dataclass(frozen=True)
class DialogueFinished:
    """A dialogue ended and was stored."""

    dialogue: Dialogue
    scenario: Scenario


Event = RunStarted | DialogueStarted | TurnFinished | ServerSaid | DialogueFinished
Watcher = Callable[[Event], None]
