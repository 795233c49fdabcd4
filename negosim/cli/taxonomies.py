"""`negosim taxonomies`: list, show, validate."""

from typing import Annotated

import orjson
import typer

from negosim._text import clean, plural
from negosim.agents.sim import check_taxonomy, wordless
from negosim.errors import UserError
from negosim.plugins import PluginError
from negosim.taxonomies import list_taxonomies, load_taxonomy
from negosim.terminal import console_for, print_rows, print_view, taxonomy_view


def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a taxonomy.")] = False,
) -> None:
    """List the taxonomies that can be used by id; one that is wrong is listed as such."""
    rows = []
    for name, source in list_taxonomies().items():
        entry: dict[str, object] = {"id": name, "origin": source.origin, "file": source.name}
        try:
            taxonomy = load_taxonomy(name)
        except PluginError as error:
            count = plural(len(error.problems), "problem")
            entry["problem"] = f"{count}; see: negosim taxonomies validate {name}"
            rows.append([name, "-", "-", f"WRONG: {entry['problem']}", source.origin])
        else:
            tactics = taxonomy.tactics
            deceptive = sum(tactic.deceptive for tactic in tactics)
            families = list(dict.fromkeys(tactic.family for tactic in tactics))
            entry |= {"tactics": len(tactics), "deceptive": deceptive, "families": families}
            rows.append([name, str(len(tactics)), str(deceptive), ", ".join(families), source.origin])
        if json:
            typer.echo(orjson.dumps(entry).decode())
    if not json:
        headings = ("id", "tactics", "deceptive", "families", "from")
        print_rows(console_for(), headings, rows, whole=("id",), numbers=("tactics", "deceptive"))


def show(
    taxonomy: Annotated[str, typer.Argument(metavar="ID|PATH")],
    json: Annotated[bool, typer.Option("--json", help="Print the taxonomy as JSON.")] = False,
) -> None:
    """Show a taxonomy: every tactic with its definition and an example, by family."""
    loaded = load_taxonomy(taxonomy)
    if json:
        typer.echo(loaded.model_dump_json(indent=2))
    else:
        print_view(console_for(), taxonomy_view(loaded))


def validate(
    taxonomies: Annotated[list[str], typer.Argument(metavar="PATH...", help="Taxonomy files, or ids.")],
) -> None:
    """Check taxonomy files: every problem with its line or field. Exit code 2 if one is wrong."""
    wrong = False
    for reference in taxonomies:
        try:
            taxonomy = load_taxonomy(reference)
            check_taxonomy(taxonomy)
        except UserError as error:
            typer.echo(clean(str(error)), err=True)
            wrong = True
            continue
        tactics = taxonomy.tactics
        deceptive = sum(tactic.deceptive for tactic in tactics)
        spoken = len(tactics) - len(wordless(taxonomy))
        typer.echo(
            f"{reference}: ok: {plural(len(tactics), 'tactic')}, {deceptive} of them deceptive; "
            f"the simulated negotiator has words for {spoken}"
        )
    if wrong:
        raise typer.Exit(2)
