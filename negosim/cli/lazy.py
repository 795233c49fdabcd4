"""Commands by name: the module of a command is imported when that command is asked for."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class LazyCommand:
    """A command and where it is."""

    target: str
    """Module and function, as "negosim.cli.judge:judge"."""
    summary: str = ""
    """What a list of commands says of it: the beginning of the function's docstring."""
    kind: str | None = None
    """Module and class of the command, where it has one of its own."""

    def load(self, name: str, markup: Any) -> Any:
        """Import the module and return the command."""
        single = typer.Typer(
            rich_markup_mode=markup,
            pretty_exceptions_enable=False,
            add_completion=False,
            context_settings={"help_option_names": ["--help", "-h"]},
        )
        kind = TyperCommand if self.kind is None else _imported(self.kind)
        single.command(name, cls=kind)(_imported(self.target))
        return typer.main.get_command(single)


def _imported(place: str) -> Any:
    """Return what stands at "module:name"."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


class LazyGroup(TyperGroup):
    """A group whose commands are imported one by one; to list them, none is."""

    lazy: ClassVar[Mapping[str, LazyCommand]] = {}

    def __init__(self, **settings: Any) -> None:
        """Take the settings of a group; commands that are in it already stay."""
        super().__init__(**settings)
        there = dict(self.commands)
        self._loaded: dict[str, Any] = {}
        self._listing = False
        self.commands = {
            name: there.get(name) or TyperCommand(name, help=command.summary)
            for name, command in self.lazy.items()
        }
        self.commands |= {name: command for name, command in there.items() if name not in self.lazy}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, imported unless it is only listed; None where there is none."""
        lazy = self.lazy.get(cmd_name)
        if lazy is None or (self._listing and lazy.summary):
            return super().get_command(ctx, cmd_name)
        if cmd_name not in self._loaded:
            self._loaded[cmd_name] = lazy.load(cmd_name, self.rich_markup_mode)
        return self._loaded[cmd_name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, which lists the commands."""
        with self._only_listed():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return what the shell may complete a word to, names of commands among it."""
        with self._only_listed():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _only_listed(self) -> "Iterator[None]":
        self._listing = True
        try:
            yield
        finally:
            self._listing = False


def lazy_group(commands: Mapping[str, LazyCommand]) -> type[LazyGroup]:
    """Return the class of a group with these commands."""
    return type("Commands", (LazyGroup,), {"lazy": commands})
