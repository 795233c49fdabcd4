"""Where unfinished dialogues stand: LangGraph's SQLite checkpointer, one file in the run folder.

A checkpoint is written after every turn and every round's votes. The transcript is kept as what
each turn added to it (a delta channel), so storage grows with the turns and not with their square.
A dialogue's checkpoints are deleted when it is stored, and the file when the run is finished.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointMetadata, CheckpointTuple, DeltaChannelHistory
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

CHECKPOINTS = "checkpoints.sqlite"

STORED_TYPES = tuple(
    [("negosim.records._turn", name) for name in ("Turn", "Utterance", "Rollout", "Claim", "Vote")]
    + [("negosim.records._dialogue", name) for name in ("Failure", "Call")]
    + [("negosim.table", "Table")]
)
"""The only classes a checkpoint may bring to life again."""


class InlineSqliteSaver(SqliteSaver):
    """LangGraph's SQLite checkpointer, called from the event loop's own thread.

    A write takes a fraction of a millisecond; handing it to a thread, as the asynchronous saver does,
    costs more than that.
    """

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a dialogue's latest checkpoint."""
        return self.get_tuple(config)

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: Any
    ) -> RunnableConfig:
        """Write a checkpoint."""
        return self.put(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what a finished step adds to the state."""
        self.put_writes(config, writes, task_id, task_path)

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Read what every step has added to a channel."""
        return self.get_delta_channel_history(config=config, channels=channels)


@contextmanager
def checkpoints(run: Path) -> Iterator[InlineSqliteSaver]:
    """Open the checkpoints of a run folder, making the file if need be."""
    with closing(sqlite3.connect(run / CHECKPOINTS, check_same_thread=False)) as connection:
        # What a killed process has written is in the operating system's hands: no need to wait for the disk.
        connection.execute("PRAGMA synchronous=NORMAL")
        saver = InlineSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=STORED_TYPES))
        saver.setup()
        yield saver


def remove_checkpoints(run: Path) -> None:
    """Delete the checkpoints of a finished run."""
    for suffix in ("", "-wal", "-shm"):
        (run / f"{CHECKPOINTS}{suffix}").unlink(missing_ok=True)
