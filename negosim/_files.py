"""Files and folders that are written whole or not at all, and what is said where that fails."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from negosim.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = [
    "append_whole",
    "first_error",
    "reason",
    "refuse_device",
    "unreadable",
    "unwritable",
    "whole_file",
    "whole_folder",
    "write_all",
    "write_whole",
]

_MENDS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "make it writable"),
}
"""What has to be done about an error of the system's before anything can go on."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; what was there before stays until the new one is whole.

    Args:
        path: the file; folders above it are made. A device or pipe is written to as it is.
        content: all of it.

    Raises:
        UserError: it cannot be written; nothing of it is left behind.

    """
    write_all({path: content})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write several files, all of them or none; see `write_whole`.

    Raises:
        UserError: one cannot be written; nothing of any is left behind.

    """
    with ExitStack() as parts:
        for path, content in files.items():
            parts.enter_context(whole_file(path)).write_bytes(content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file; it takes its name when the block ends, and is gone where that fails.

    Raises:
        UserError: the file cannot be written.

    """
    with _reported(path):
        path = Path(os.path.realpath(path))  # a link stays, and what it leads to is written
        if path.is_dir():
            raise UserError(f"{str(path)!r} is a folder; name a file")
        if path.is_symlink():
            raise UserError(f"{str(path)!r} is a link that leads back to itself; name a file")
        if path.exists() and not path.is_file():
            yield path
            return
        with _parents(path):
            part = _beside(path)
            try:
                yield part
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it takes its name when the block ends, and is gone where that fails.

    An empty folder of that name is replaced.

    Raises:
        UserError: the folder cannot be written.

    """
    with _reported(path), _parents(path):
        part = _beside(path)
        try:
            part.mkdir()
            yield part
            if path.exists():
                path.rmdir()
            part.rename(path)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def check_free(folder: Path) -> None:
    """Check that a folder can be made anew: nothing of its name is there, or an empty folder.

    Raises:
        UserError: something is.

    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{str(folder)!r} is not an empty folder; choose another --out or remove it")


def check_makeable(path: Path) -> None:
    """Check that a folder can be made, by making one beside it; nothing stays.

    Raises:
        UserError: it cannot.

    """
    missing = [folder for folder in path.parents if not folder.exists()]
    with _reported(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            probe = _beside(path)
            probe.mkdir()
            probe.rmdir()
        finally:
            for folder in missing:
                with suppress(OSError):
                    folder.rmdir()


def append_whole(file: FileIO, content: bytes) -> None:
    """Append bytes to a file opened without a buffer, all or none.

    Raises:
        OSError: the disk is full, or the file cannot be written; it is left as it was.

    """
    start, left = file.seek(0, os.SEEK_END), memoryview(content)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError:
        with suppress(OSError):  # a device has no length
            file.truncate(start)
        raise


def refuse_device(path: Path) -> None:
    """Refuse to read a device such as /dev/zero: it may have no end. Pipes are read to theirs.

    Raises:
        UserError: it is one.
        OSError: the path cannot be looked at.

    """
    if path.is_char_device():
        raise UserError(f"{str(path)!r} is a device and may have no end; name a file")


def unwritable(path: Path | str, error: OSError | ValueError, hint: str = "") -> UserError:
    """Return what is said of a file or folder that cannot be written.

    Args:
        path: the file or folder.
        error: what the system said.
        hint: the way out; "{mend}" in it becomes what has to be done first, such as "make room".

    """
    way_out = hint and f"; {hint.format(mend=_MENDS.get(getattr(error, 'errno', 0), 'mend that'))}"
    return UserError(f"{str(path)!r} cannot be written: {reason(error)}{way_out}")


def unreadable(path: Path | str, error: OSError | ValueError, hint: str = "") -> UserError:
    """Return what is said of a file or folder that cannot be read; `hint` is the way out."""
    return UserError(f"{str(path)!r} cannot be read: {reason(error)}{hint and f'; {hint}'}")


def reason(error: OSError | ValueError) -> str:
    """Return why a file could not be used, in the system's words."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "a name with a NUL character is no file's" if "null" in str(error) else str(error)


def first_error(error: "ValidationError") -> str:
    """Return where the first thing that pydantic found wrong is, and what."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'content'}: {first['msg']}"


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None
    except ValueError as error:
        if "\0" not in str(path):
            raise
        raise unwritable(path, error) from None


@contextmanager
def _parents(path: Path) -> Iterator[None]:
    """Make the folders above a file, and take away those that were made if the block fails."""
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def _beside(path: Path) -> Path:
    """Return a free name beside a file; a short one, as the file's own may be as long as names can be."""
    return path.with_name(f".{secrets.token_hex(6)}.part")
