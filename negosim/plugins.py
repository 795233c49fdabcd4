"""Finding plugins (scenarios, taxonomies, prompts) and saying exactly what is wrong with a bad one.

A plugin is looked up, in this order: as a path; in the folders of `NEGOSIM_PATH` (each with
subfolders `scenarios`, `taxonomies`, `prompts`); in the packages named by the entry-point groups
`negosim.scenarios`, `negosim.taxonomies` and `negosim.prompts`. The built-ins are such a package.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError
from rapidfuzz import process

from negosim.errors import UserError

Kind = Literal["scenarios", "taxonomies", "prompts"]
Location = tuple[str | int, ...]

SEARCH_PATH = "NEGOSIM_PATH"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where in its data, and what would be right."""

    where: Location
    what: str
    line: int | None = None

    def __str__(self) -> str:
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in self.where)
        line = f"line {self.line}: " if self.line is not None else ""
        return f"{line}{place}: {self.what}" if place else f"{line}{self.what}"


class PluginError(UserError):
    """A plugin file is wrong; `problems` has everything found."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, str(problem.where))))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{name}: {count}", *(f"  {problem}" for problem in self.problems)]))


def describe_errors(error: ValidationError) -> list[Problem]:
    """Turn pydantic's findings into problems that name what was given."""
    problems = []
    for item in error.errors(include_url=False):
        what, given = item["msg"], item.get("input")
        if item["type"] == "extra_forbidden":
            what = "unknown field; check its spelling or remove it"
        elif item["type"] == "missing":
            what = "missing; this field is required"
        elif isinstance(given, str | int | float | bool | None):
            what = f"{what}, not {given!r}"
        problems.append(Problem(tuple(item["loc"]), what))
    return problems


def read_yaml(text: str, name: str) -> tuple[Any, dict[Location, int]]:
    """Parse YAML; return its data and the line of every place in it (first line is 1).

    Raises:
        PluginError: broken syntax or a key given twice, with its line.

    """
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        what = " ".join(part for part in (error.problem, error.context) if part)
        raise PluginError(name, [Problem((), f"not valid YAML: {what}", line)]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise PluginError(name, [Problem((), f"not valid YAML: {error}")]) from None
    lines: dict[Location, int] = {}
    twice: list[Problem] = []
    _walk(root, (), lines, twice)
    if twice:
        raise PluginError(name, twice)
    return data, lines


def _walk(node: yaml.Node | None, where: Location, lines: dict[Location, int], twice: list[Problem]) -> None:
    if node is None:
        return
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*where, index), lines, twice)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            place = (*where, str(key.value))
            if key.value in seen:
                twice.append(Problem(place, "given twice; keep one", key.start_mark.line + 1))
            seen.add(key.value)
            lines[place] = key.start_mark.line + 1
            _walk(value, place, lines, twice)


def with_lines(problems: Iterable[Problem], lines: dict[Location, int]) -> list[Problem]:
    """Give each problem the line of its place, or of the nearest enclosing place."""
    located = []
    for problem in problems:
        where = problem.where
        while where and where not in lines:
            where = where[:-1]
        located.append(Problem(problem.where, problem.what, lines.get(where, 1)))
    return located


@dataclass(frozen=True)
class Source:
    """One plugin file: the id it is found under, where it lies, and who brought it."""

    id: str
    file: Traversable
    origin: str

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return str(self.file)

    def read_text(self) -> str:
        """Read the file as UTF-8.

        Raises:
            UserError: it cannot be read or is not UTF-8.

        """
        try:
            return self.file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{self.name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
        except OSError as error:
            raise UserError(f"{self.name}: cannot be read: {error.strerror or error}") from None


def folders(kind: Kind) -> Iterator[tuple[Traversable, str]]:
    """Yield the folders that may hold plugins of a kind, with who brought each, nearest first."""
    for entry in filter(None, os.environ.get(SEARCH_PATH, "").split(os.pathsep)):
        base = Path(entry).expanduser()
        if not base.is_dir():
            raise UserError(f"{SEARCH_PATH}: no folder {entry!r}; name existing folders, separated by {os.pathsep!r}")
        if (base / kind).is_dir():
            yield base / kind, f"{SEARCH_PATH} {entry}"
    points = sorted(entry_points(group=f"negosim.{kind}"), key=lambda point: (point.value == f"negosim.{kind}", point.name))
    for point in points:
        try:
            module = point.load()
        except Exception as error:
            raise UserError(
                f"plugin {point.name!r} ({point.value}) cannot be imported: {error}; repair or uninstall its package"
            ) from error
        owner = point.dist.name if point.dist else point.value
        yield files(module), f"package {owner}"


def sources(kind: Kind, suffixes: tuple[str, ...]) -> dict[str, Source]:
    """Return every plugin file of a kind by id (the file's stem).

    Raises:
        UserError: two installed packages bring the same id. A folder of `NEGOSIM_PATH` may
            shadow an installed plugin on purpose.

    """
    found: dict[str, Source] = {}
    for folder, origin in folders(kind):
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            stem, dot, suffix = file.name.rpartition(".")
            if not file.is_file() or dot + suffix not in suffixes or not stem:
                continue
            if stem not in found:
                found[stem] = Source(stem, file, origin)
            elif origin.startswith("package") and found[stem].origin.startswith("package"):
                raise UserError(
                    f"{kind[:-1]} {stem!r} is brought by both {found[stem].origin} and {origin}; uninstall one"
                )
    return dict(sorted(found.items()))


def find(kind: Kind, reference: str, suffixes: tuple[str, ...]) -> Source:
    """Find one plugin file by path or id.

    Raises:
        UserError: nothing is there; the nearest ids are suggested.

    """
    path = Path(reference).expanduser()
    if path.suffix in suffixes or "/" in reference or os.sep in reference:
        if not path.is_file():
            raise UserError(f"no file {reference!r}; give the path of a {' or '.join(suffixes)} file")
        return Source(path.stem, path, "path")
    known = sources(kind, suffixes)
    if reference in known:
        return known[reference]
    noun = {"scenarios": "scenario", "taxonomies": "taxonomy", "prompts": "prompt"}[kind]
    raise UserError(f"no {noun} {reference!r}; {suggest(reference, known)}")


def suggest(given: str, known: Iterable[str]) -> str:
    """Name the nearest known names, or all of them where none is near."""
    names = sorted(known)
    near = [name for name, score, _ in process.extract(given, names, limit=3) if score >= 60]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known are {', '.join(names)}" if names else "none are known"
