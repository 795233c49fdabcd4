"""Plugins in files (scenarios, taxonomies, prompts, questions, traits): where they are found, what is wrong.

A plugin is looked up, in this order: as a path; in the folders of `NEGOSIM_PATH` (each with
subfolders `scenarios`, `taxonomies`, `prompts`, `questions`, `traits`); in the packages named by the
entry-point groups `negosim.scenarios`, `negosim.taxonomies`, `negosim.prompts`, `negosim.questions` and
`negosim.traits`. The built-ins are such packages.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Literal, NamedTuple

from rapidfuzz import process

from negosim._reading import (
    Location,
    PluginError,
    Problem,
    describe_errors,
    read_json,
    read_yaml,
    shown,
    with_lines,
)
from negosim.errors import UserError

__all__ = [
    "Folder",
    "Kind",
    "Location",
    "PluginError",
    "PluginFile",
    "Problem",
    "anchored",
    "check_inside",
    "describe_errors",
    "find",
    "folders",
    "read_json",
    "read_yaml",
    "shown",
    "sources",
    "suggest",
    "with_lines",
]

Kind = Literal["scenarios", "taxonomies", "prompts", "questions", "traits"]

SEARCH_PATH = "NEGOSIM_PATH"

_SUFFIXES = (".yaml", ".yml", ".json", ".jsonl")

_NOUNS: dict[Kind, str] = {
    "scenarios": "scenario",
    "taxonomies": "taxonomy",
    "prompts": "prompt",
    "questions": "question set",
    "traits": "list of traits",
}


@dataclass(frozen=True)
class PluginFile:
    """One plugin file: the id it is found under, where it lies, and who brought it."""

    id: str
    file: Traversable
    origin: str
    pack: Path | None = None
    """The folder that the file must lie in, if it is a link."""

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return str(self.file)

    def read_text(self) -> str:
        """Read the file as UTF-8.

        Raises:
            UserError: it cannot be read, is not UTF-8 or a link out of its folder.

        """
        check_inside(self.file, self.pack)
        try:
            return self.file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"{self.name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
        except OSError as error:
            raise UserError(f"{self.name}: cannot be read: {error.strerror or error}") from None


class Folder(NamedTuple):
    """A folder that may hold plugins of one kind."""

    place: Traversable
    origin: str
    """Who brought it."""
    pack: Path | None
    """The folder that links in it must not leave. None for an installed package: it runs code anyway, and
    some installers put links into place of every file."""


def check_inside(file: Traversable, pack: Path | None) -> None:
    """Refuse a file that is a link to somewhere outside of the folder it was brought with.

    Raises:
        UserError: names the file and what it links to.

    """
    if pack is None or not isinstance(file, Path):
        return
    real = file.resolve()
    if not real.is_relative_to(pack.resolve()):
        raise UserError(f"{file}: is a link to {real}, outside of {pack}; put the file itself there")


def folders(kind: Kind, *, broken: list[tuple[str, UserError]] | None = None) -> Iterator[Folder]:
    """Yield the folders that may hold plugins of a kind, nearest first.

    Args:
        kind: what they hold.
        broken: takes up who brings a folder that cannot be used, and why; None: the error is raised.

    Raises:
        UserError: a folder named in `NEGOSIM_PATH` is not there, or a package cannot be used.

    """
    for entry in filter(None, os.environ.get(SEARCH_PATH, "").split(os.pathsep)):
        base = os.path.expanduser(entry)
        if not os.path.isdir(base):
            raise UserError(
                f"{SEARCH_PATH}: no folder {entry!r}; name existing folders, separated by {os.pathsep!r}"
            )
        if os.path.isdir(os.path.join(base, kind)):
            yield Folder(Path(base, kind), f"{SEARCH_PATH} {entry}", Path(base))
    for point in _installed(kind, tuple(sys.path)):
        owner = point.dist.name if point.dist else point.value
        try:
            folder = files(_package(point.load()))
        except Exception as error:
            wrong = UserError(
                f"plugin {point.name!r} of {owner} cannot be used: {error}; its entry point must name an "
                f"importable package that holds the files, not {point.value!r}; repair or uninstall {owner}"
            )
            if broken is None:
                raise wrong from error
            broken.append((f"package {owner}", wrong))
            continue
        yield Folder(folder, f"package {owner}", None)


@cache
def _installed(kind: Kind, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of a kind in the folders of `sys.path`, the built-ins last.

    They are looked for once: reading those of every installed package takes some 30 ms.
    """
    points = entry_points(group=f"negosim.{kind}")
    return tuple(sorted(points, key=lambda point: (point.value.startswith("negosim."), point.name)))


def _package(thing: object) -> ModuleType | str:
    """Return what an entry point names, where it is a package; `files` would take None for its caller's."""
    if not isinstance(thing, ModuleType | str):
        raise TypeError(f"it is {type(thing).__name__}, no package")
    return thing


def sources(kind: Kind, suffixes: tuple[str, ...]) -> dict[str, PluginFile]:
    """Return every plugin file of a kind by id (the file's stem).

    Raises:
        UserError: two installed packages bring the same id. A folder of `NEGOSIM_PATH` may
            shadow an installed plugin on purpose.

    """
    found: dict[str, PluginFile] = {}
    for folder, origin, pack in folders(kind):
        for stem, file in _files(folder, suffixes):
            if stem not in found:
                found[stem] = PluginFile(stem, file, origin, pack)
            elif origin.startswith("package") and found[stem].origin.startswith("package"):
                both = f"{found[stem].origin} and {origin}"
                raise UserError(f"{_NOUNS[kind]} {stem!r} is brought by both {both}; uninstall one")
    return dict(sorted(found.items()))


def _files(folder: Traversable, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Traversable]]:
    try:
        entries = sorted(folder.iterdir(), key=lambda file: file.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot be listed: {error.strerror or error}") from None
    seen: dict[str, str] = {}
    for file in entries:
        stem, suffix = os.path.splitext(file.name)
        if suffix in suffixes and file.is_file():
            if stem in seen:
                raise UserError(
                    f"{folder}: {seen[stem]} and {file.name} have the same id {stem!r}; rename one"
                )
            seen[stem] = file.name
            yield stem, file


def find(kind: Kind, reference: str, suffixes: tuple[str, ...]) -> PluginFile:
    """Find one plugin file by path or id.

    The path may be that of a folder with a single file of the kind in it.

    Raises:
        UserError: nothing is there; the nearest ids are suggested.

    """
    path = Path(os.path.expanduser(reference))
    if path.suffix in suffixes or "/" in reference or os.sep in reference:
        if os.path.isdir(path):
            return PluginFile(*_only_file(path, suffixes), "path", path)
        if not os.path.isfile(path) or path.suffix not in suffixes:
            raise UserError(f"no file {reference!r}; give the path of a {' or '.join(suffixes)} file")
        return PluginFile(path.stem, path, "path")
    known = sources(kind, suffixes)
    if reference in known:
        return known[reference]
    raise UserError(f"no {_NOUNS[kind]} {reference!r}; {suggest(reference, known)}")


def _only_file(folder: Path, suffixes: tuple[str, ...]) -> tuple[str, Traversable]:
    found = list(_files(folder, suffixes))
    if len(found) != 1:
        names = [file.name for _, file in found]
        what = (
            f"has {', '.join(names)}; name one of them" if names else f"has no {' or '.join(suffixes)} file"
        )
        raise UserError(f"folder {str(folder)!r} {what}")
    return found[0]


def anchored(reference: str) -> str:
    """Return a reference that means the same in every working directory: an id, or an absolute path."""
    is_path = "/" in reference or os.sep in reference or Path(reference).suffix in _SUFFIXES
    return os.path.abspath(os.path.expanduser(reference)) if is_path else reference


def suggest(given: str, known: Iterable[str]) -> str:
    """Name the nearest known names, or all of them where none is near."""
    names = sorted(known)
    near = [name for name, score, _ in process.extract(given, names, limit=3) if score >= 60]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known are {', '.join(names)}" if names else "none are known"
