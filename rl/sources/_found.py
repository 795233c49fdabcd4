"""A dialogue as trajectories are made of it: seen by the learner, with every reward that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from negosim.records import Dialogue
from negosim.rl._trajectory import MetaValue, Split, TrajectoryTurn


@dataclass(frozen=True)
class Found:
    """One dialogue; consecutive turns of one speaker are not merged yet."""

    id: str
    """Unique within the source."""
    where: str
    """File and row, for messages."""
    turns: Sequence[TrajectoryTurn]
    rewards: Mapping[str, float | None]
    """By name; None where this dialogue has none."""
    record: Dialogue
    """What reward functions of the user's own are given."""
    terminal: bool = True
    system: str | None = None
    split: Split | None = None
    """The published one, if the source is split."""
    group: str | None = None
    """What must not be torn apart by a split, if not the dialogue alone."""
    meta: Mapping[str, MetaValue] = field(default_factory=dict)
    no_reward: tuple[str, str] | None = None
    """Why the usual reward is missing, where more is known: the reason, and where it stands."""
