"""New run folders: made whole, and taken away again where nothing came of them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from negosim._checksum import with_checksum
from negosim._files import unwritable, whole_folder, write_whole
from negosim.errors import UserError
from negosim.store._count import DIALOGUES
from negosim.store._shards import first_shard, shards

HEADER, LOCK, INDEX = "run.json", ".lock", ".index.sqlite"
PROGRESS = "progress"
"""Folder of the places where unfinished dialogues stand."""


def create_folder(path: Path, header: bytes, *, planned: int, compress: bool) -> None:
    """Make a run folder with its header and an empty file for its dialogues.

    Args:
        path: the folder; if it is there, it must be empty.
        header: content of `run.json`, without a checksum.
        planned: dialogues it will hold.
        compress: whether they are kept as zstd.

    Raises:
        UserError: the folder is not empty, or cannot be written; nothing of it is left behind.

    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise UserError(f"run folder {str(path)!r} is not empty; choose another --out or remove it")
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    try:
        first_shard(path, planned=planned, compress=compress).touch()
        write_whole(path / HEADER, with_checksum(header))
    except OSError as error:
        discard_unbegun(path)
        raise unwritable(path, error) from None
    except BaseException:
        discard_unbegun(path)
        raise


@contextmanager
def whole_run(path: Path) -> Iterator[Path]:
    """Yield a folder in which to make a run; it takes its name, without locks, when the block ends.

    Raises:
        UserError: the folder is there and not empty, or cannot be written; nothing is left behind then.

    """
    with whole_folder(path) as part:
        yield part
        for lock in part.glob(".*lock"):
            lock.unlink()


def discard_unbegun(path: Path) -> None:
    """Remove a run folder in which no dialogue was finished or has got anywhere."""
    empty = shards(path)
    own = {path / HEADER, path / LOCK, path / DIALOGUES, path / INDEX, *empty}
    with suppress(OSError):
        if (path / PROGRESS).is_dir():
            (path / PROGRESS).rmdir()
        if own.issuperset(path.iterdir()) and not any(file.stat().st_size for file in empty):
            for file in own:
                file.unlink(missing_ok=True)
            path.rmdir()
