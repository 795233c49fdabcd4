"""Protocol of sources: dialogues with every reward they know, before one is chosen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negosim.rl._card import Drops
from negosim.rl._trajectory import MetaValue, Split, TrajectoryTurn
from negosim.rl.sources._published import agreed, split_in_row, split_of_name
from negosim.rl.sources._row import Row


@dataclass(frozen=True)
class SourceFile:
    """A file of a source, or the folder of a run."""

    path: Path
    name: str
    """Where it lies within the source, for messages."""
    label: str
    """What ids of its rows begin with: unlike that of every other file of the source."""
    split: Split | None = None
    """The published one, as the names of file and folders say it."""
    published: bool = True
    """Whether the published split is asked for."""

    def split_of(self, row: Row) -> Split | None:
        """Return the published split of a row.

        Raises:
            BadRowError: a field for splits holds something else.
            UserError: the row and the name of the file contradict each other.

        """
        if not self.published:
            return None
        of_row = split_in_row(row.content)
        if of_row is None and row.split is not None and (split := split_of_name(row.split)) is not None:
            of_row = "its list", split
        return agreed(row.where, self.split, of_row)


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
    no_reward: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Why a reward is missing, where more is known: by its name, the reason and where it stands."""


Reader = Callable[[Sequence[SourceFile], int, Drops], Iterator[Found]]
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
