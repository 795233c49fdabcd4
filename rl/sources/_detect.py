"""Detection of a source by what is in it, not by what it is called."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from negosim.errors import UserError
from negosim.rl._trajectory import Split
from negosim.rl.sources import casino, esconv, persuasion_for_good, runs
from negosim.rl.sources._decoding import UnreadableError
from negosim.rl.sources._published import split_of_name, splits_in
from negosim.rl.sources._rows import can_be_read, rows_of
from negosim.rl.sources._source import Source, SourceFile

_LEVELS = 4
"""How deep a folder is searched: published archives have a folder or two around the files."""

_LOOKED_AT = 50
"""Rows of a file among which one of its kind has to be."""

_FIELDS: tuple[tuple[frozenset[str], Source], ...] = (
    (frozenset({"chat_logs", "participant_info"}), casino.SOURCE),
    (frozenset({"dialog", "emotion_type", "problem_type"}), esconv.SOURCE),
    (persuasion_for_good.TEXT, persuasion_for_good.SOURCE),
    (persuasion_for_good.INFO, persuasion_for_good.SOURCE),
)
"""Fields by which rows of a source are known."""


class Detected(NamedTuple):
    """What a file or folder holds."""

    source: Source
    files: tuple[SourceFile, ...]
    passed_over: Mapping[str, str]
    """Files that are no part of it, by name, and why."""


def detect(path: str | Path, *, published: bool = True) -> Detected:
    """Return what kind of source a file or folder is, the files to read, and those passed over.

    Of a file of Persuasion for Good, the folder's other files of the set belong to it.

    Args:
        path: the file or folder.
        published: whether published splits are asked for, so that they must not contradict each other.

    Raises:
        UserError: nothing there is of a known kind, things of several kinds are, a file of a known kind
            is broken, or names of files and folders name several splits.

    """
    place = Path(path).expanduser()
    if not place.exists():
        raise UserError(f"no source at {str(path)!r}: there is no such file or folder")
    if place.is_dir() and (place / "run.json").is_file():
        return Detected(runs.SOURCE, (SourceFile(place, place.name, place.name),), {})
    root = place if place.is_dir() else place.parent
    passed_over: dict[str, str] = {}
    kinds: dict[str, tuple[Source, list[Path]]] = {}
    for file in _files(place, root, passed_over) if place.is_dir() else [place]:
        if (source := _kind(file, root, passed_over, alone=place.is_file())) is not None:
            kinds.setdefault(source.id, (source, []))[1].append(file)
    if not kinds:
        raise UserError(
            f"{str(path)!r} holds nothing that can be read: neither a run folder of negosim nor files of "
            "Persuasion for Good (full_dialog.csv and full_info.csv), ESConv or CaSiNo as published"
            + "".join(f"\n  {name}: {why}" for name, why in islice(passed_over.items(), 5))
        )
    if len(kinds) > 1:
        raise UserError(f"{str(path)!r} holds several sources ({', '.join(sorted(kinds))}); give one of them")
    ((source, files),) = kinds.values()
    if source is persuasion_for_good.SOURCE and place.is_file():
        files = persuasion_for_good.with_siblings(
            place, [file for file in sorted(root.iterdir()) if file.is_file() and _belongs(file, root)]
        )
    return Detected(source, tuple(_named(files, root, published)), passed_over if place.is_dir() else {})


def _files(folder: Path, root: Path, passed_over: dict[str, str]) -> Iterator[Path]:
    """Yield the files that may have rows; name the others."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        passed_over[_relative(folder, root)] = f"cannot be read: {error.strerror or error}"
        return
    for entry in entries:
        name = _relative(entry, root)
        if entry.name.startswith((".", "~$", "__MACOSX")):
            passed_over[name] = "hidden, or a program's own file"
        elif entry.is_dir():
            if len(entry.relative_to(root).parts) < _LEVELS:
                yield from _files(entry, root, passed_over)
            else:
                passed_over[name] = "too deep in the folder"
        elif entry.is_file():
            yield entry


def _relative(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


def _kind(file: Path, root: Path, passed_over: dict[str, str], *, alone: bool) -> Source | None:
    """Return the source a file is of; name a file that is of none.

    Raises:
        UserError: the file is broken, and it is the only one or has the fields of a known source.

    """
    try:
        if not can_be_read(file):
            passed_over[_relative(file, root)] = "not a kind of file that dialogues come in"
            return None
        for row in islice(rows_of(file), _LOOKED_AT):
            if isinstance(row.content, Mapping) and (source := _kind_of(row.content)) is not None:
                return source
    except UnreadableError as error:
        if alone or _has_known_fields(file):
            raise
        passed_over[_relative(file, root)] = str(error).removeprefix(f"{file}").lstrip(":, ")
        return None
    passed_over[_relative(file, root)] = "has no rows of a known source"
    return None


def _belongs(file: Path, root: Path) -> bool:
    return _kind(file, root, {}, alone=False) is persuasion_for_good.SOURCE


def _kind_of(row: Mapping[str, object]) -> Source | None:
    given = {str(key).strip() for key in row}
    given |= {persuasion_for_good.COLUMNS.get(field.casefold(), field) for field in given}
    return next((source for fields, source in _FIELDS if given >= fields), None)


def _has_known_fields(file: Path) -> bool:
    words = {word.decode() for word in re.findall(rb"[A-Za-z0-9_]+", file.read_bytes().replace(b"\0", b""))}
    return any(words >= fields for fields, _ in _FIELDS)


def _named(files: list[Path], root: Path, published: bool) -> Iterator[SourceFile]:
    """Give files their names, labels and splits.

    The name of the folder itself counts where no name within it says anything.
    """
    stems = Counter(file.stem for file in files)
    splits = [_split_of(file, root) if published else None for file in files]
    of_folder = split_of_name(root.resolve().name) if published and not any(splits) else None
    for file, split in zip(files, splits, strict=True):
        relative = file.relative_to(root)
        label = file.stem if stems[file.stem] == 1 else "-".join(relative.parts)
        yield SourceFile(file, relative.as_posix(), label, split or of_folder, published)


def _split_of(file: Path, root: Path) -> Split | None:
    relative = file.relative_to(root)
    splits = set().union(*(splits_in(part) for part in (*relative.parts[:-1], file.stem)))
    if len(splits) > 1:
        raise UserError(
            f"{file}: its name and folders name several splits ({' and '.join(sorted(splits))}); rename "
            "them so that one is left, or divide the dialogues anew with --split 80/10/10"
        )
    return next(iter(splits), None)
