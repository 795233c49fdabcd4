"""`negosim plugins`: what is found, who brought it, and what cannot be loaded."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, get_args

import orjson
import typer

from negosim import plugins as data_plugins
from negosim import registry
from negosim.agents import agent_factory
from negosim.engine import planner_of
from negosim.errors import UserError
from negosim.importing import load_importer
from negosim.judging import claim_check_of, judges_of
from negosim.models import provider_of
from negosim.rewards import reward_function
from negosim.terminal import console_for, print_rows

_USES: Mapping[registry.Kind, Callable[[str], object]] = {
    "agents": agent_factory,
    "planners": planner_of,
    "judges": judges_of,
    "providers": provider_of,
    "claim_checks": claim_check_of,
    "rewards": reward_function,
    "importers": load_importer,
}
"""What takes a plugin into use, as a run would."""


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
        all_ = sorted(registry.everything(kind), key=lambda plugin: plugin.name)
        for plugin in all_:
            clashes = (registry.clash_of(plugin, other) for other in all_)
            problem = next(filter(None, clashes), None) or _problem(plugin)
            yield kind, plugin.name, plugin.origin, problem
    for data in get_args(data_plugins.Kind):
        broken: list[tuple[str, UserError]] = []
        for folder, origin, _ in data_plugins.folders(data, broken=broken):
            yield data, str(folder), origin, None
        for origin, error in broken:
            yield data, "", origin, str(error)


def _problem(plugin: registry.Plugin) -> str | None:
    """Return why a plugin cannot be used."""
    try:
        _USES[plugin.kind](plugin.name)
    except UserError as error:
        return str(error)
    return None
