"""Preparation of a folder of trajectories from a source."""

import hashlib
import importlib
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negosim.errors import UserError
from negosim.importing import BadRows, Drops
from negosim.rl._card import Card, Origin
from negosim.rl._io import Format, write_trajectories
from negosim.rl._split import SplitRule
from negosim.rl._trajectory import Trajectory, merge_turns
from negosim.rl.sources._copies import MergedDialogue, settle
from negosim.rl.sources._found import Found
from negosim.rl.sources.runs import (
    CAPPED,
    JUDGED,
    REWARDS,
    TrajectorySource,
    judged_rewards,
    open_source,
    read,
    what_is_learnt,
)

Value = Callable[[Found, Trajectory], float | None]
"""Gives a dialogue its reward; the trajectory has 0 in its place."""


def prepare(
    source: str | Path,
    out: str | Path,
    *,
    learner: int = 1,
    reward: str | None = None,
    split: str = "own",
    format: Format = "jsonl",
    bad_rows: BadRows = "skip",
) -> Card:
    """Write a source's dialogues as trajectories, with a data card.

    Consecutive turns of one speaker are merged, dialogues of the same words are kept once. Of a published
    set, a copy with a published split wins over one without, and near copies are never on both sides of a
    split.

    Args:
        source: a run folder, or anything that `negosim import` reads.
        out: the folder to make.
        learner: which agent learns, from 1.
        reward: "own", "joint", "agreement", "capped" (of donations that are stated too high),
            "judged:[SET/]QUESTION[@JUDGE]", or "module:function", called with the trajectory (its reward
            still 0) and the `Dialogue`; None is "own".
        split: "own" (the published split, else 80/10/10), shares as "80/10/10", or one split for all.
        format: of the file.
        bad_rows: leave them out and count them, or refuse the source.

    Returns:
        The data card.

    Raises:
        UserError: the source, a row or an argument is wrong. Nothing is written then.

    Examples:
        >>> from negosim.rl import prepare
        >>> prepare("my-run", "learner", learner=2).trajectories
        1

    """
    rule = SplitRule.parse(split)
    if learner < 1:
        raise UserError(f"--learner {learner}: agents are counted from 1")
    opened = open_source(source, bad_rows=bad_rows, published=rule.published)
    name = reward or "own"
    value = _reward(opened, name, learner - 1)
    task, own = what_is_learnt(opened, learner - 1)
    imported = opened.imported
    origin = Origin(
        source=opened.id,
        task=task,
        licence=opened.licence,
        citation=imported.citation if imported is not None else None,
        reward=own if name == "own" and own else _meaning(name),
        settings={
            "reward": name,
            "learner": learner,
            "split": split,
            "bad_rows": bad_rows,
            "reading": imported.note if imported is not None else RUN_NOTE,
            "files": dict(opened.files),
        },
    )
    making = _Making(opened, rule, value)
    return write_trajectories(
        out, making.trajectories(read(opened, learner - 1)), origin, drops=opened.drops, format=format
    )


RUN_NOTE = "Moves stand in brackets behind the words; the other side's tactics are left out."


@dataclass(frozen=True)
class _Making:
    opened: TrajectorySource
    rule: SplitRule
    value: Value

    @property
    def drops(self) -> Drops:
        """Where to count what is left out."""
        return self.opened.drops

    def trajectories(self, found: Iterator[Found]) -> Iterator[Trajectory]:
        """Yield a trajectory for every dialogue that has a reward and was not there before."""
        dialogues = self._merged(found)
        settled = self._new(dialogues) if self.opened.imported is None else self._settled(dialogues)
        seen: set[str] = set()
        for one in settled:
            trajectory = self._trajectory(one, seen)
            reward = self.value(one.found, trajectory)
            if reward is None:
                self.drops.add(*(one.found.no_reward or ("no reward", one.found.where)))
            else:
                yield trajectory.model_copy(update={"reward": reward})

    def _merged(self, found: Iterator[Found]) -> Iterator[MergedDialogue]:
        for one in found:
            turns = merge_turns(list(one.turns))
            if all(turn.role == "user" for turn in turns):
                self.drops.add("the agent never speaks", one.where)
                continue
            if len(turns) < len(one.turns):
                self.drops.altered["consecutive turns of one speaker merged (dialogues)"] += 1
            yield MergedDialogue(one, turns)

    def _new(self, dialogues: Iterator[MergedDialogue]) -> Iterator[MergedDialogue]:
        """Yield the dialogues of runs, which may be many: one after the other, each kept once."""
        seen: set[tuple[str | None, bytes]] = set()
        for one in dialogues:
            words = "\n".join("".join(f"{turn.role}{turn.text}".split()).casefold() for turn in one.turns)
            key = (one.found.system, hashlib.sha256(words.encode()).digest())
            if key in seen:
                self.drops.leave_out("the same dialogue as an earlier one", one.found.where)
                continue
            seen.add(key)
            yield one

    def _settled(self, dialogues: Iterator[MergedDialogue]) -> Iterator[MergedDialogue]:
        kept = list(settle(list(dialogues), self.drops))
        published = sum(one.found.split is not None for one in kept)
        if 0 < published < len(kept):
            self.drops.notes.append(
                f"{published:,} dialogues have a published split; {len(kept) - published:,} have none, are "
                "no copies of those, and were divided by their names, 80/10/10"
            )
        yield from kept

    def _trajectory(self, one: MergedDialogue, seen: set[str]) -> Trajectory:
        id = one.found.id
        if id in seen:  # another file or list of the source counts from the same number
            place = re.sub(r"\W+", "-", one.found.where)
            id = f"{id}-{place}"
        seen.add(id)
        return Trajectory(
            id=f"{self.opened.id}-{id}",
            source=f"{self.opened.id}/{id}",
            split=self.rule.split_of(self.opened.id, one.kin or one.found.group or id, one.found.split),
            system=one.found.system,
            turns=one.turns,
            reward=0.0,
            terminal=one.found.terminal,
            meta=dict(one.found.meta),
        )


def _reward(opened: TrajectorySource, name: str, learner: int) -> Value:
    if name in REWARDS or (name == CAPPED and opened.imported is not None):
        return lambda found, _: found.rewards[name]
    if name.startswith(JUDGED) and opened.run is not None:
        scores = judged_rewards(opened.run, name, learner)
        return lambda found, _: scores.get(found.record.id)
    if ":" in name and not name.startswith(JUDGED):
        return _own_function(name)
    known = [
        *REWARDS,
        *([CAPPED] if opened.imported is not None else []),
        *([f"{JUDGED}QUESTION"] if opened.run is not None else []),
        "MODULE:FUNCTION",
    ]
    raise UserError(f"--reward {name!r}: for {opened.id}, give one of {', '.join(known)}")


def _meaning(name: str) -> str:
    if name == CAPPED:
        return "what was given, as stated, but at most what could be"
    if name.startswith(JUDGED):
        return f"score of {name.removeprefix(JUDGED)}"
    return REWARDS.get(name, f"computed by {name}")


def _own_function(name: str) -> Value:
    module, _, function = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        call: Any = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"--reward {name}: {error}; name an importable module and a function in it, as in rewards:mine"
        ) from None

    def value(found: Found, trajectory: Trajectory) -> float | None:
        try:
            given = call(trajectory, found.record)
            if given is None:
                return None
            number = float(given)
        except Exception as error:
            raise UserError(f"--reward {name}: {found.where}: {type(error).__name__}: {error}") from error
        if not math.isfinite(number):
            raise UserError(f"--reward {name}: {found.where}: gave {number}, no finite number")
        return number

    return value
