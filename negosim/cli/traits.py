"""`negosim traits`: list, show, validate."""

from typing import Annotated

import orjson
import typer

from negosim._text import clean, plural
from negosim.errors import UserError
from negosim.plugins import PluginError
from negosim.terminal import console_for, print_rows
from negosim.traits import Trait, list_trait_lists, load_trait_list


def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a list.")] = False,
) -> None:
    """List the lists of traits that can be used by id; one that is wrong is listed as such."""
    rows = []
    for name, source in list_trait_lists().items():
        entry: dict[str, object] = {"id": name, "origin": source.origin, "file": source.name}
        try:
            loaded = load_trait_list(name)
        except PluginError as error:
            count = plural(len(error.problems), "problem")
            entry["problem"] = f"{count}; see: negosim traits validate {name}"
            rows.append([name, "-", f"WRONG: {entry['problem']}", source.origin])
        else:
            ids = [trait.id for trait in loaded.traits]
            entry |= {"title": loaded.title, "traits": ids}
            rows.append([name, str(len(ids)), ", ".join(ids), source.origin])
        if json:
            typer.echo(orjson.dumps(entry).decode())
    if not json:
        headings = ("id", "number", "traits", "from")
        print_rows(console_for(), headings, rows, whole=("id",), numbers=("number",))


def show(
    traits: Annotated[str, typer.Argument(metavar="ID|PATH")],
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Show a list of traits: each in words, and what it changes of embedded participants."""
    loaded = load_trait_list(traits)
    if json:
        typer.echo(loaded.model_dump_json(indent=2))
        return
    typer.echo(f"{clean(loaded.title)}\nsource: {clean(loaded.source)}")
    for trait in loaded.traits:
        typer.echo(f"\n{trait.name} ({trait.id}), {trait.archetype}")
        typer.echo(f"  {clean(trait.disposition)}")
        for line in _numbers(trait):
            typer.echo(f"  {line}")


def _numbers(trait: Trait) -> list[str]:
    lines = [f"never with: {trait.opposite}"] if trait.opposite else []
    for kind, amounts in trait.simulated.items():
        moved = ", ".join(f"{name} {amount:+g}" for name, amount in amounts.items())
        lines.append(f"{kind}: {moved}")
    if trait.tactics:
        lines.append("tactics: " + ", ".join(f"{name} x{factor:g}" for name, factor in trait.tactics.items()))
    return lines


def validate(
    traits: Annotated[list[str], typer.Argument(metavar="PATH...", help="Lists of traits, or ids.")],
) -> None:
    """Check lists of traits: every problem with its line and field. Exit code 2 if one is wrong."""
    wrong = False
    for reference in traits:
        try:
            loaded = load_trait_list(reference)
        except UserError as error:
            typer.echo(clean(str(error)), err=True)
            wrong = True
            continue
        typer.echo(f"{reference}: ok: {plural(len(loaded.traits), 'trait')}")
    if wrong:
        raise typer.Exit(2)
