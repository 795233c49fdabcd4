"""Preparation of a folder of trajectories from a source."""

import hashlib
import importlib
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from negosim.errors import UserError
from negosim.rl._card import Card, Drops, Origin
from negosim.rl._io import Format, write_trajectories
from negosim.rl._split import SplitRule
from negosim.rl._trajectory import Trajectory, merge_turns
from negosim.rl.sources import runs
from negosim.rl.sources._copies import MergedDialogue, settle
from negosim.rl.sources._detect import detect
from negosim.rl.sources._source import Found, Source
from negosim.rl.sources.runs import JUDGED, judged_rewards

BadRows = Literal["skip", "stop"]

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
        source: a run folder of negosim, or files of a published data set.
        out: the folder to make.
        learner: which agent learns, from 1.
        reward: "own", "joint", "agreement", "judged:[SET/]QUESTION[@JUDGE]", or "module:function", called
            with the trajectory (its reward still 0) and what was read; None is the source's usual one.
        split: "own" (the published split, else 80/10/10), shares as "80/10/10", or one split for all.
        format: of the file.
        bad_rows: leave them out and count them, or refuse the source.

    Raises:
        UserError: the source, a row or an argument is wrong. Nothing is written then.

    """
    rule = SplitRule.parse(split)
    kind, files, passed_over = detect(source, published=rule.published)
    if learner < 1 or (kind.id != "run" and learner > len(kind.learners)):
        raise UserError(f"--learner {learner}: {kind.id} has {' and '.join(kind.learners)}, counted from 1")
    name = reward or next(iter(kind.rewards))
    value, meaning = _reward(kind, [file.path for file in files], name, learner - 1)
    task = kind.task
    if kind is runs.SOURCE:
        task, own = runs.what_is_learnt([file.path for file in files], learner - 1)
        meaning = own if name == "own" and own is not None else meaning
    drops = Drops(strict=bad_rows == "stop", passed_over=dict(passed_over))
    origin = Origin(
        source=kind.id,
        task=task,
        licence=kind.licence,
        citation=kind.citation,
        reward=meaning,
        settings={
            "reward": name,
            "learner": kind.learners[learner - 1] if kind.id != "run" else learner,
            "split": split,
            "bad_rows": bad_rows,
            "reading": kind.note,
            "files": {file.name: _digest(file.path) for file in files},
        },
    )
    making = _Making(kind, rule, name, value, drops)
    return write_trajectories(
        out, making.trajectories(kind.read(files, learner - 1, drops)), origin, drops=drops, format=format
    )


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file, or of a run folder's dialogues, shard by shard."""
    digest = hashlib.sha256()
    for part in sorted(file.glob("dialogues*")) if file.is_dir() else [file]:
        digest.update(part.read_bytes())
    return f"sha256:{digest.hexdigest()}"


@dataclass(frozen=True)
class _Making:
    kind: Source
    rule: SplitRule
    name: str
    value: Value
    drops: Drops

    def trajectories(self, found: Iterator[Found]) -> Iterator[Trajectory]:
        """Yield a trajectory for every dialogue that has a reward and was not there before."""
        dialogues = self._merged(found)
        settled = self._new(dialogues) if self.kind.id == "run" else self._settled(dialogues)
        seen: set[str] = set()
        for one in settled:
            trajectory = self._trajectory(one, seen)
            reward = self.value(one.found, trajectory)
            if reward is None:
                self.drops.add(*one.found.no_reward.get(self.name, ("no reward", one.found.where)))
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
            id=f"{self.kind.id}-{id}",
            source=f"{self.kind.id}/{id}",
            split=self.rule.split_of(self.kind.id, one.kin or one.found.group or id, one.found.split),
            system=one.found.system,
            turns=one.turns,
            reward=0.0,
            terminal=one.found.terminal,
            meta=dict(one.found.meta),
        )


def _reward(kind: Source, files: Sequence[Path], name: str, learner: int) -> tuple[Value, str]:
    if name in kind.rewards:
        return (lambda found, _: found.rewards[name]), kind.rewards[name]
    if name.startswith(JUDGED) and kind.id == "run":
        scores = judged_rewards(files, name, learner)
        return (lambda found, _: scores.get(found.record.id)), f"score of {name.removeprefix(JUDGED)}"
    if ":" in name and not name.startswith(JUDGED):
        return _own_function(name), f"computed by {name}"
    known = [*kind.rewards, *([f"{JUDGED}QUESTION"] if kind.id == "run" else []), "MODULE:FUNCTION"]
    raise UserError(f"--reward {name!r}: for {kind.id}, give one of {', '.join(known)}")


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
