"""`negosim plugins`: what is found, who brought it, and what cannot be loaded."""

from collections.abc import Iterator
from typing import Annotated, get_args

import orjson
import typer

from negosim import plugins as data_plugins
from negosim import registry
from negosim.errors import UserError
from negosim.terminal import console_for, print_rows


def plugins(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a plugin.")] = False,
) -> None:
    """List the plugins that are found: kind, name, who brought each. Exit code 1 if one cannot be used."""
    rows = list(_rows())
    if json:
        keys = ("kind", "name", "origin", "problem")
        for row in rows:
            typer.echo(orjson.dumps(dict(zip(keys, row, strict=True))).decode())
    else:
        shown = [[kind, name, origin, problem or "ok"] for kind, name, origin, problem in rows]
        print_rows(console_for(), ("kind", "name", "from", "state"), shown, whole=("kind", "name"))
    if any(problem for *_, problem in rows):
        raise typer.Exit(1)


def _rows() -> Iterator[tuple[str, str, str, str | None]]:
    for kind in registry.KINDS:
        for name, plugin in sorted(registry.plugins(kind).items()):
            problem = None
            try:
                registry.load(kind, name)
            except UserError as error:
                problem = str(error)
            yield kind, name, plugin.origin, problem
    for data in get_args(data_plugins.Kind):
        yield from ((data, str(folder), origin, None) for folder, origin, _ in data_plugins.folders(data))
