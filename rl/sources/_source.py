"""What every source gives: dialogues with every reward it knows, before one is chosen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negosim.rl._card import Drops
from negosim.rl._trajectory import MetaValue, Split, TrajectoryTurn


@dataclass(frozen=True)
class Found:
    """One dialogue as a source found it; consecutive turns of one speaker are not merged yet."""

    id: str
    """Unique within the source."""
    where: str
    """File and row, for messages."""
    turns: Sequence[TrajectoryTurn]
    rewards: Mapping[str, float | None]
    """By name; None where this dialogue has none."""
    record: Any
    """What was read, for reward functions of the user's own: a `Dialogue`, or the row as a dict."""
    terminal: bool = True
    system: str | None = None
    split: Split | None = None
    """The published one, if the source is split."""
    group: str | None = None
    """What must not be torn apart by a split, if not the dialogue alone."""
    meta: Mapping[str, MetaValue] = field(default_factory=dict)


Reader = Callable[[Sequence[Path], int, Drops], Iterator[Found]]
"""Files, position of the learner (0 is agent 1), and where to count what is left out."""


@dataclass(frozen=True)
class Source:
    """A kind of source."""

    id: str
    task: str | None
    licence: str
    citation: str | None
    rewards: Mapping[str, str]
    """What can be learnt for, by name, the default first, with its unit."""
    learners: tuple[str, ...]
    """Who can be the learner, agent 1 first."""
    read: Reader
    note: str
    """How the published form is read."""
