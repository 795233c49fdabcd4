"""Events of a running engine, for whoever watches."""

from collections.abc import Callable
from dataclasses import dataclass

from negosim.models import ContextChoice
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


@dataclass(frozen=True)
class ModelSized:
    """A model in this process is about to be loaded, with as much context as its dialogues can need."""

    model: str
    choice: ContextChoice

    def __str__(self) -> str:
        chosen = f"{self.model}: context of {self.choice.tokens:,} tokens, {self.choice.reason}"
        if self.choice.enough:
            return chosen
        return (
            f"{chosen}; the longest call can have about {self.choice.needed:,}: a dialogue that outgrows it "
            "fails, so take a lower --max-turns, or a model with more context"
        )


Event = RunStarted | DialogueStarted | TurnFinished | ServerSaid | DialogueFinished | ModelSized
Watcher = Callable[[Event], None]
