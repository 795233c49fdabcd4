"""The data card of a folder of trajectories: what is in it, where it is from, what was left out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from negosim._frozen import Frozen
from negosim.importing import Drops
from negosim.rl._outlier import outlier_note
from negosim.rl._trajectory import SPLITS, Trajectory

CARD = "card.json"


class Origin(Frozen):
    """Where trajectories come from."""

    source: str
    """The set: "persuasion-for-good", "run", "sim"."""
    task: str | None = None
    """What the agent is to do: "donation", "support", "negotiation", "conversation"; None for several."""
    licence: str
    """Of the texts."""
    citation: str | None = None
    reward: str
    """What the reward is, with its unit."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Everything the trajectories depend on besides the source's files."""


class RewardSummary(Frozen):
    """How rewards are distributed."""

    mean: float
    sd: float | None
    """Of the sample (n - 1); None for a single trajectory."""
    minimum: float
    quartiles: tuple[float, float, float]
    maximum: float
    edges: tuple[float, ...]
    """Of the histogram's bins, one more than `counts`."""
    counts: tuple[int, ...]


class Card(Frozen):
    """The content of `card.json`."""

    format_version: Literal[1] = 1
    origin: Origin
    file: str
    """Name of the file with the trajectories, beside the card."""
    file_crc32: str | None = None
    """Its checksum, in hexadecimal."""
    trajectories: int
    splits: dict[str, int]
    turns: int
    agent_turns: int
    terminal: int
    """Dialogues that came to their end; the others were cut off."""
    regenerated: int
    """Products of hindsight regeneration, with an ancestry."""
    reward: RewardSummary | None
    """Of the dialogues as a whole (terminal reward and rewards of turns); None where there are none."""
    tactics: dict[str, int]
    """Agent turns by tactic, most frequent first; a merged turn counts for each of its tactics."""
    dropped: dict[str, int]
    """Rows or dialogues left out, by reason."""
    problems: tuple[str, ...]
    """Where, for the first of them."""
    altered: dict[str, int] = Field(default_factory=dict)
    """Values kept in another form than they were found in (capped, repaired), by kind."""
    passed_over: dict[str, str] = Field(default_factory=dict)
    """Files of the source that are none of its data, and why."""
    notes: tuple[str, ...] = ()
    """What is odd about the whole, and what to do about it."""


class TrajectoryTally:
    """Counts trajectories as they are written."""

    def __init__(self) -> None:
        self._splits: Counter[str] = Counter()
        self._tactics: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()
        self._rewards: dict[str, float] = {}

    def add(self, trajectory: Trajectory) -> None:
        """Count one."""
        self._splits[trajectory.split] += 1
        agent_turns = trajectory.agent_turns
        for turn in agent_turns:
            self._tactics.update(turn.tactic.split("+") if turn.tactic else ())
        self._sums.update(
            turns=len(trajectory.turns),
            agent_turns=len(agent_turns),
            terminal=trajectory.terminal,
            regenerated=trajectory.ancestry is not None,
        )
        self._rewards[trajectory.id] = trajectory.total_reward

    def card(self, origin: Origin, file: str, drops: Drops, *, checksum: str) -> Card:
        """Return the card of what was counted and written to a file that has this checksum."""
        sums = {name: self._sums[name] for name in ("turns", "agent_turns", "terminal", "regenerated")}
        return Card(
            origin=origin,
            file=file,
            file_crc32=checksum,
            trajectories=len(self._rewards),
            splits={split: self._splits[split] for split in SPLITS},
            **sums,
            reward=summary_of(list(self._rewards.values())),
            tactics=dict(sorted(self._tactics.items(), key=lambda item: (-item[1], item[0]))),
            dropped=dict(sorted(drops.counts.items())),
            problems=tuple(drops.problems),
            altered=dict(sorted(drops.altered.items())),
            passed_over=drops.passed_over,
            notes=(*drops.notes, *filter(None, [outlier_note(self._rewards)])),
        )


def summary_of(rewards: Sequence[float]) -> RewardSummary | None:
    """Describe rewards; None where there are none."""
    if not rewards:
        return None
    values = np.asarray(rewards)
    counts, edges = np.histogram(values, bins=10)
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    return RewardSummary(
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if len(values) > 1 else None,
        minimum=float(values.min()),
        quartiles=(lower, median, upper),
        maximum=float(values.max()),
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
    )
