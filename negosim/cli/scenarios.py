"""`negosim scenarios`: list, show, validate."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from negosim._text import clean, plural, points
from negosim.agents.sim import check_lines
from negosim.errors import UserError
from negosim.measures import kind_of, kind_warnings
from negosim.plugins import PluginError
from negosim.scenarios import disagreements, list_scenarios, load_scenario, space_summary
from negosim.terminal import console_for, print_rows, print_view, scenario_view


def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a scenario.")] = False,
) -> None:
    """List the scenarios that can be played by id; one that is wrong is listed as such."""
    rows = []
    for name, source in list_scenarios().items():
        entry = {"id": name, "origin": source.origin, "file": source.name}
        try:
            scenario = load_scenario(name)
        except PluginError as error:
            entry["problem"] = (
                f"{plural(len(error.problems), 'problem')}; see: negosim scenarios validate {name}"
            )
        else:
            entry |= {"title": scenario.title, "summary": scenario.summary}
        if json:
            typer.echo(orjson.dumps(entry).decode())
        rows.append([name, entry.get("summary") or f"WRONG: {entry['problem']}", source.origin])
    if not json:
        print_rows(console_for(), ("id", "about", "from"), rows, whole=("id",))


def show(
    scenario: Annotated[str, typer.Argument(metavar="ID|PATH")],
    json: Annotated[bool, typer.Option("--json", help="Print the scenario and its numbers as JSON.")] = False,
) -> None:
    """Show a scenario: context, roles, issues with points, and the numbers of its space of deals.

    This is a researcher's view: it includes what is confidential, and says so.
    """
    loaded = load_scenario(scenario)
    if json:
        numbers = dict(space_summary(loaded.space)) if loaded.has_deals else {}
        if loaded.has_deals:
            numbers["kind"] = asdict(kind_of(loaded.space))
        data = {"scenario": loaded.model_dump(mode="json"), "numbers": numbers}
        typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    else:
        print_view(console_for(), scenario_view(loaded))


def validate(
    scenarios: Annotated[list[str], typer.Argument(metavar="PATH...", help="Scenario files, or ids.")],
) -> None:
    """Check scenario files: every problem with its line and field. Exit code 2 if one is wrong."""
    wrong = False
    for reference in scenarios:
        try:
            scenario = load_scenario(reference)
            check_lines(scenario)
        except UserError as error:
            typer.echo(clean(str(error)), err=True)
            wrong = True
            continue
        parts = [f"{len(scenario.roles)} roles"]
        if scenario.has_deals:
            numbers = space_summary(scenario.space)
            parts += [
                f"{len(scenario.issues)} issues",
                f"{numbers['deals']:,} deals",
                f"{numbers['rational_share']:.1%} individually rational",
                f"{numbers['pareto_deals']:,} Pareto-efficient",
                f"best joint value {points(numbers['best_joint'])}",
            ]
        if scenario.measures:
            parts.append(f"measures: {', '.join(measure.id for measure in scenario.measures)}")
        typer.echo(f"{reference}: ok: {', '.join(parts)}")
        for what in kind_warnings(scenario) if scenario.has_deals else ():
            typer.echo(clean(f"{reference}: warning: {what}"), err=True)
        for what in disagreements(scenario):
            typer.echo(clean(f"{reference}: warning: brief and payoff may disagree: {what}"), err=True)
    if wrong:
        raise typer.Exit(2)
