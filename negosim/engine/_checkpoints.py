"""Where unfinished dialogues stand: LangGraph's SQLite checkpointer, one file in the run folder.

After every turn a checkpoint is written, of what was added since the last: so a dialogue can be taken up
after its last finished turn, and storage grows with the turns and not with their square.
Left to itself the graph would keep a place after each stage, the whole transcript in every one
(ten times the time and the storage). A dialogue's checkpoints are deleted when it is stored, and the file
when the run is finished.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from negosim._frozen import Frozen
from negosim.engine._state import Progress
from negosim.records import Call, Turn, Vote

_STEP = "step"
"""The channel of a checkpoint that holds what was added, as JSON."""


class _Step(Frozen):
    """What a turn, and the votes before it, have added to a dialogue; all else follows from them."""

    turns: tuple[Turn, ...] = ()
    votes: tuple[Vote, ...] = ()
    calls: tuple[Call, ...] = ()


class Checkpoints:
    """The checkpoints of one dialogue."""

    def __init__(self, saver: SqliteSaver, dialogue: str) -> None:
        self._saver = saver
        self._dialogue = dialogue
        self._latest = RunnableConfig(configurable={"thread_id": dialogue, "checkpoint_ns": ""})
        self._waiting = _Step()

    def progress(self) -> list[Progress]:
        """Return what every checkpoint has added, the first one first."""
        kept = list(self._saver.list(self._latest))
        if kept:
            self._latest = kept[0].config
        return [_progress(one.checkpoint["channel_values"][_STEP]) for one in reversed(kept)]

    def add(self, added: Progress) -> None:
        """Keep what a step has added: a turn at once, votes with the turn that follows them."""
        values: dict[str, Any] = {name: value for name, value in added.items() if name in _Step.model_fields}
        step = _Step(**values)
        if not step.turns:
            self._waiting = step
            return
        if self._waiting.votes:
            before, self._waiting = self._waiting, _Step()
            step = step.model_copy(update={"votes": before.votes, "calls": (*before.calls, *step.calls)})
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {_STEP: step.model_dump_json(exclude_defaults=True)}
        self._latest = self._saver.put(self._latest, checkpoint, {"source": "loop"}, {})

    def delete(self) -> None:
        """Forget the dialogue."""
        self._saver.delete_thread(self._dialogue)


def _progress(step: str) -> Progress:
    kept = _Step.model_validate_json(step)
    added = {name: getattr(kept, name) for name in kept.model_fields_set}
    return cast(Progress, added)


@contextmanager
def checkpoints(file: Path) -> Iterator[SqliteSaver]:
    """Open a file of checkpoints, making it if need be."""
    with closing(sqlite3.connect(file, check_same_thread=False)) as connection:
        # What a killed process has written is in the operating system's hands: no need to wait for the disk.
        connection.execute("PRAGMA synchronous=NORMAL")
        saver = SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=()))
        saver.setup()
        yield saver
