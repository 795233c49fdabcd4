"""Where unfinished dialogues stand: LangGraph's SQLite checkpointer, one file in the run folder.

A checkpoint is written after every turn and every round's votes. The transcript is kept as what
each turn added to it (a delta channel), so storage grows with the turns and not with their square.
A dialogue's checkpoints are deleted when it is stored, and the file when the run is finished.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

CHECKPOINTS = "checkpoints.sqlite"

STORED_TYPES = tuple(
    [("negosim.records._turn", name) for name in ("Turn", "Utterance", "Rollout", "Claim", "Vote")]
    + [("negosim.records._dialogue", name) for name in ("Failure", "StageAccount")]
    + [("negosim.table", "Table")]
)
"""The only classes a checkpoint may bring to life again."""


@asynccontextmanager
async def checkpoints(run: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """Open the checkpoints of a run folder, making the file if need be."""
    async with aiosqlite.connect(run / CHECKPOINTS) as connection:
        # What a killed process has written is in the operating system's hands: no need to wait for the disk.
        await connection.execute("PRAGMA synchronous=NORMAL")
        saver = AsyncSqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=STORED_TYPES))
        await saver.setup()
        yield saver


def remove_checkpoints(run: Path) -> None:
    """Delete the checkpoints of a finished run."""
    for suffix in ("", "-wal", "-shm"):
        (run / f"{CHECKPOINTS}{suffix}").unlink(missing_ok=True)
