"""Templates: where they are found, what they may be called, what is said when one cannot be rendered.

A template is known by its name, never by a path. Its file lies in one of a few folders, in each first
in the subfolder named like the scenario, and the nearest counts.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import FunctionLoader, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.meta import find_referenced_templates

from negosim.errors import UserError
from negosim.plugins import check_inside
from negosim.prompts._language import NAME
from negosim.prompts._meter import metered_rendering
from negosim.prompts._sandbox import Sandbox

LONGEST = 50_000
"""Bytes of the longest template."""


@dataclass(frozen=True)
class TemplateFolder:
    """One folder that has templates in it."""

    folder: Traversable
    pack: Path | None = None
    """The folder that links in it must not leave; None for what is installed."""

    def file(self, name: str) -> Traversable | None:
        """Return the file of a template, None where it has none.

        Raises:
            UserError: it is a link out of the pack, or no file.

        """
        file = self.folder.joinpath(name)
        if not file.is_file():
            if isinstance(file, Path) and os.path.lexists(file):
                raise UserError(f"{file}: is no file; make it one, or remove it")
            return None
        check_inside(file, self.pack)
        return file

    def within(self, scenario: str) -> "TemplateFolder":
        """Return the folder of the templates that hold for one scenario alone."""
        return TemplateFolder(self.folder.joinpath(scenario), self.pack)


class Templates:
    """Jinja2 templates in a sandbox; where several places have one, the first counts."""

    def __init__(self, places: Sequence[TemplateFolder], names: Iterable[str]) -> None:
        """Take the folders, nearest first, and the names there are besides those of partials, `_name`.

        Raises:
            UserError: a name is none.

        """
        self._places = tuple(places)
        self._known = frozenset(f"{name}.j2" for name in names)
        for name in self._known:
            if not NAME.fullmatch(name):
                raise UserError(f"{name!r} is no template's name; names are lower-case words joined by -")
        self._environment = Sandbox(loader=FunctionLoader(self._load))
        self._sent: Mapping[str, tuple[str, str]] = {}
        """What came along from another machine: source and file of each template in force, by name."""

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process or machine, which need not have the files."""
        files = {name: self.source(name) for name in self._closure(self._known)}
        sent = {name: (_read(file), str(file)) for name, file in files.items() if file is not None}
        kept = {name: value for name, value in vars(self).items() if name != "_environment"}
        return {**kept, "_sent": sent}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what came from there."""
        vars(self).update(state)
        self._environment = Sandbox(loader=FunctionLoader(self._load))

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        if name in self._sent:
            return (*self._sent[name], lambda: True)
        file = self.source(name)
        return None if file is None else (_read(file), str(file), lambda: True)

    def source(self, name: str) -> Traversable | None:
        """Return the file a template comes from, None where there is no such template.

        Raises:
            UserError: the file is a link out of its pack.

        """
        if not is_name(name, self._known):
            return None
        return next((file for place in self._places if (file := place.file(name))), None)

    def render(self, name: str, values: dict[str, Any]) -> str:
        """Render one template.

        Raises:
            UserError: the template is broken, uses something it is not given or may not use, or takes too
                many steps; names file and line.

        """
        try:
            with metered_rendering():
                return self._environment.get_template(f"{name}.j2").render(values)
        except UserError:
            raise
        except TemplateSyntaxError as error:
            file = error.filename or error.name or name
            raise UserError(f"{file}, line {error.lineno}: {error.message}") from None
        except Exception as error:
            # Whatever was provoked, in Jinja, in Python or in what was called: the template can be mended.
            raise UserError(f"{self._where(name, error)}: cannot be rendered: {self._what(error)}") from error

    def _where(self, name: str, error: Exception) -> str:
        """Return the file and the line of the innermost template; Jinja gives their frames both."""
        for frame, line in reversed(list(walk_tb(error.__traceback__))):
            if frame.f_code.co_filename.endswith(".j2"):
                return f"{frame.f_code.co_filename}, line {line}"
        return str(self.source(f"{name}.j2") or f"{name}.j2")

    def _what(self, error: Exception) -> str:
        if isinstance(error, TemplateNotFound):
            return f"there is no template {error.name!r}; known are {', '.join(self._names())}"
        if isinstance(error, RecursionError | SyntaxError):
            return "it is nested too deeply; does a template include itself, or a macro call itself?"
        what = " ".join(str(error).split())
        if not isinstance(error, TemplateError):
            what = f"{type(error).__name__}: {what}"
        return what if len(what) <= 300 else f"{what[:300]}..."

    def _names(self) -> Iterator[str]:
        files = {
            file.name for place in self._places if place.folder.is_dir() for file in place.folder.iterdir()
        }
        return (name for name in sorted(files) if is_name(name, self._known))

    def hash(self, names: Iterable[str]) -> str:
        """Return a SHA-256 over templates in force, with what they include."""
        digest = hashlib.sha256()
        for name in self._closure(f"{name}.j2" for name in names):
            file = self.source(name)
            if file is not None:
                digest.update(f"{name.removesuffix('.j2')}\0{_read(file)}\0".encode())
        return digest.hexdigest()

    def text(self, names: Iterable[str]) -> str:
        """Return the source of templates in force, with what they include."""
        files = (self.source(name) for name in self._closure(f"{name}.j2" for name in names))
        return "\n".join(_read(file) for file in files if file is not None)

    def _is_built_in(self, name: str) -> bool:
        built_in = self._places[-1].folder.joinpath(f"{name}.j2")
        return str(self.source(f"{name}.j2")) == str(built_in)

    def _closure(self, names: Iterable[str]) -> list[str]:
        """Return templates and all they name, each once."""
        found = dict.fromkeys(names)
        rest = list(found)
        while rest:
            file = self.source(rest.pop(0))
            for name in self._named_in(file) if file is not None else ():
                if name not in found:
                    found[name] = None
                    rest.append(name)
        return list(found)

    def _named_in(self, file: Traversable) -> list[str]:
        try:
            parsed = self._environment.parse(_read(file))
        except Exception:
            return []  # Rendering it says what is wrong.
        return [name for name in find_referenced_templates(parsed) if name is not None]


def is_name(name: str, known: Collection[str]) -> bool:
    """Tell whether a template can be called so: one that is known, or a partial of a pack."""
    return name in known or (name.startswith("_") and NAME.fullmatch(name) is not None)


def _read(file: Traversable) -> str:
    """Read a template.

    Raises:
        UserError: it cannot be read, is too long or no UTF-8.

    """
    try:
        with file.open("rb") as content:
            given = content.read(LONGEST + 1)
        if len(given) > LONGEST:
            raise UserError(f"{file}: is longer than {LONGEST:,} bytes, too long for a template")
        return given.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror or error}") from None
