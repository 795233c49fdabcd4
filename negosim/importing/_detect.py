"""Detection of a source by what is in it, not by what it is called."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from negosim import registry
from negosim.errors import UserError
from negosim.importing._decoding import UnreadableError
from negosim.importing._published import Split, split_of_name, splits_in
from negosim.importing._rows import can_be_read, rows_of
from negosim.importing._source import Importer, SourceFile

_LEVELS = 4
"""How deep a folder is searched: published archives have a folder or two around the files."""

_LOOKED_AT = 50
"""Rows of a file among which one of its kind has to be."""


class Detected(NamedTuple):
    """What a file or folder holds."""

    name: str
    """Of the importer."""
    importer: Importer
    files: tuple[SourceFile, ...]
    passed_over: Mapping[str, str]
    """Files that are no part of it, by name, and why."""


def importers() -> dict[str, Importer]:
    """Return every importer by name: the built-in ones, then those of plugins."""
    return {name: load_importer(name) for name in registry.plugins("importers")}


def load_importer(name: str) -> Importer:
    """Return an importer by name.

    Raises:
        UserError: there is none, or it is something else.

    """
    found = registry.load("importers", name)
    if not isinstance(found, Importer):
        raise registry.misfit("importers", name, found, "a negosim.importing.Importer")
    return found


def detect(path: str | Path, *, format: str | None = None, published: bool = True) -> Detected:
    """Return what kind of source a file or folder is, the files to read, and those passed over.

    Args:
        path: the file or folder.
        format: the importer's name, where the content need not tell.
        published: whether published splits are asked for, so that they must not contradict each other.

    Raises:
        UserError: nothing there is of a known kind, things of several kinds are, a file of a known kind
            is broken, or names of files and folders name several splits.

    """
    place = Path(path).expanduser()
    if not place.exists():
        raise UserError(f"no source at {str(path)!r}: there is no such file or folder")
    if (place / "run.json").is_file():
        raise UserError(f"{str(path)!r} is a run folder of negosim already; there is nothing to import")
    root = place if place.is_dir() else place.parent
    known = importers() if format is None else {format: load_importer(format)}
    looking = _Looking(root, known, alone=place.is_file())
    for file in looking.files(place) if place.is_dir() else [place]:
        looking.look_at(file)
    name, files = looking.only(path)
    importer = known[name]
    if place.is_file() and importer.gather is not None:
        beside = [file for file in sorted(root.iterdir()) if file.is_file() and looking.is_of(file, name)]
        files = list(importer.gather(place, beside))
    return Detected(
        name,
        importer,
        tuple(_named(files, root, published)),
        looking.passed_over if place.is_dir() else {},
    )


class _Looking:
    """A search for files of a known kind."""

    def __init__(self, root: Path, known: Mapping[str, Importer], *, alone: bool) -> None:
        self._root = root
        self._known = known
        self._alone = alone
        self.passed_over: dict[str, str] = {}
        """Files that are none of it, by name, and why."""
        self._found: dict[str, list[Path]] = {}

    def files(self, folder: Path) -> Iterator[Path]:
        """Yield the files that may have dialogues; name the others."""
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            self.passed_over[self._name(folder)] = f"cannot be read: {error.strerror or error}"
            return
        for entry in entries:
            if entry.name.startswith((".", "~$", "__MACOSX")):
                self.passed_over[self._name(entry)] = "hidden, or a program's own file"
            elif entry.is_dir():
                if len(entry.relative_to(self._root).parts) < _LEVELS:
                    yield from self.files(entry)
                else:
                    self.passed_over[self._name(entry)] = "too deep in the folder"
            elif entry.is_file():
                yield entry

    def look_at(self, file: Path) -> None:
        """Find out what a file is.

        Raises:
            UserError: it is broken, and the only one or one with the fields of a known kind.

        """
        try:
            if (name := self._kind(file)) is not None:
                self._found.setdefault(name, []).append(file)
            elif not any(importer.beside(file) for importer in self._known.values()):
                readable = can_be_read(file)
                self.passed_over[self._name(file)] = (
                    "has no rows of a known source"
                    if readable
                    else "not a kind of file that dialogues come in"
                )
        except UnreadableError as error:
            if self._alone or len(self._known) == 1 or _has_known_fields(file):
                raise
            self.passed_over[self._name(file)] = str(error).removeprefix(f"{file}").lstrip(":, ")

    def is_of(self, file: Path, name: str) -> bool:
        """Tell whether a file is of a kind."""
        try:
            return self._kind(file) == name
        except UserError:
            return False

    def only(self, path: str | Path) -> tuple[str, list[Path]]:
        """Return the one kind that was found, with its files.

        Raises:
            UserError: there is none, or there are several.

        """
        if not self._found:
            listed = "".join(f"\n  {name}: {why}" for name, why in islice(self.passed_over.items(), 5))
            if len(self._known) == 1:
                listed = f" as {next(iter(self._known))} is{listed}"
            raise UserError(
                f"{str(path)!r} holds nothing that can be read{listed}\nneither a run folder of negosim nor "
                f"anything that an importer knows: {', '.join(self._known)}; name one with --format, and "
                "the columns of a table with --columns"
            )
        if len(self._found) > 1:
            names = ", ".join(sorted(self._found))
            raise UserError(f"{str(path)!r} holds several sources ({names}); give one of them, or --format")
        ((name, files),) = self._found.items()
        return name, files

    def _kind(self, file: Path) -> str | None:
        rows: Sequence[Mapping[str, Any]] = ()
        broken: UnreadableError | None = None
        try:
            rows = _first_rows(file) if can_be_read(file) else ()
        except UnreadableError as error:  # a text file may begin like JSON and be none
            if file.suffix.casefold() != ".txt":
                raise
            broken = error
        for name, importer in self._known.items():
            if importer.recognises(file, rows):
                return name
        if broken is not None:
            raise broken
        if len(self._known) == 1 and self._alone:
            return next(iter(self._known))  # the user says so, and the importer says what is wrong
        return None

    def _name(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()


def _first_rows(file: Path) -> list[Mapping[str, Any]]:
    rows = islice(rows_of(file), _LOOKED_AT)
    return [row.content for row in rows if row.problem is None and isinstance(row.content, Mapping)]


_KNOWN = (
    {"chat_logs", "participant_info"},
    {"dialog", "emotion_type", "problem_type"},
    {"B2", "B4", "Turn", "Unit"},
    {"B2", "B4", "B6"},
    {"uuid", "scenario", "events", "outcome"},
)
"""Fields of published sets: a broken file that has their names is refused, not passed over."""


def _has_known_fields(file: Path) -> bool:
    content = file.read_bytes().replace(b"\0", b"")
    return any(all(name.encode() in content for name in fields) for fields in _KNOWN)


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
