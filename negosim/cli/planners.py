"""`negosim planners`: how a turn can be thought through, and what each way costs."""

import inspect
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from negosim import registry
from negosim._text import plural
from negosim.agents.sim import SimAgent
from negosim.config import Calls, RunConfig
from negosim.engine import Planner, lacking_for, mermaid, planner_name, planner_of, settings_of
from negosim.errors import UserError
from negosim.scenarios import read_expression
from negosim.terminal import console_for, print_rows

K = RunConfig.model_fields["k"].default


def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a planner.")] = False,
) -> None:
    """List the planners: what each does, its calls of a chat model per turn, whether `sim` can take it."""
    rows = []
    for name, plugin in sorted(registry.plugins("planners").items()):
        try:
            entry = _entry(name)
        except UserError as error:
            entry = {"name": name, "about": f"WRONG: {error}", "calls": "-", "embedded": False}
        entry["origin"] = plugin.origin
        if json:
            typer.echo(orjson.dumps(entry).decode())
        fits = "yes" if entry["embedded"] else "no"
        rows.append([name, entry["about"], str(entry["calls"]), fits, plugin.origin])
    if not json:
        headings = ("name", "does", "calls/turn", "sim", "from")
        print_rows(console_for(), headings, rows, whole=("name", "calls/turn"))


def show(
    planner: Annotated[str, typer.Argument(metavar="NAME[:SETTING=VALUE,...]")],
    calls: Annotated[
        Calls, typer.Option(help="The stages with separate, combined or fused calls.")
    ] = "separate",
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show a planner: its source, settings, stages with what they ask, calls per turn, and its graph."""
    made = planner_of(planner)
    settings = settings_of(planner).model_dump()
    entry = _entry(planner, calls) | {"settings": settings, "graph": mermaid(planner, calls)}
    entry["stages"] = stages = list(_stages(made, calls))
    if json:
        typer.echo(orjson.dumps(entry, option=orjson.OPT_INDENT_2).decode())
        return
    typer.echo(f"{planner}: {made.about}")
    typer.echo(f"source: {made.source or 'none given'}")
    typer.echo(f"calls of a chat model per turn: {entry['formula']} = {entry['calls']}, with K = {K}")
    typer.echo(f"embedded negotiator (sim): {'yes' if entry['embedded'] else 'no'}")
    for name, field in made.settings.model_fields.items():
        typer.echo(f"setting {name} = {settings[name]}: {' '.join((field.description or '').split())}")
    typer.echo("")
    headings = ("stage", "does", "needs", "template", "answer", "calls")
    rows = [[str(stage[heading]) for heading in headings] for stage in stages]
    print_rows(console_for(), headings, rows, whole=("stage", "template", "calls"))
    typer.echo(f"\n{entry['graph']}")


def attitudes(
    sources: Annotated[
        list[str], typer.Argument(metavar="RUN|FILE.jsonl...", help="Run folders and files of examples.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Classifier to make.")],
    statement: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE=TEXT",
            help="What a measure of the runs asks agreement with; several times. The claim of a scenario "
            "that has one needs none.",
            show_default=False,
        ),
    ] = None,
    held_out: Annotated[
        Literal["dialogues", "statements"],
        typer.Option(help="What a fifth of is held out; statements tell how it does with new ones."),
    ] = "dialogues",
    epochs: Annotated[int, typer.Option(min=1, max=1000, metavar="N")] = 15,
    seed: Annotated[int, typer.Option(min=0, metavar="N")] = 0,
) -> None:
    """Train the classifier of attitudes that planner `stance` can take: stance:classifier=FILE."""
    from negosim.planners.attitude_examples import read_examples
    from negosim.planners.attitude_training import train_attitudes, write_attitudes

    statements = dict(_statement(one) for one in statement or ())
    examples, told = read_examples(sources, statements)
    made = train_attitudes(examples, told, by=held_out, epochs=epochs, seed=seed)
    write_attitudes(made, out)
    card = made.card
    typer.echo(f"{len(examples)} examples of {plural(card.statements, 'statement')}")
    typer.echo(f"held out, by {held_out}: {plural(card.held_out, 'example')}")
    typer.echo(f"class told right: {card.accuracy:.1%}; by the commonest class: {card.majority:.1%}")
    typer.echo(f"mean error, 0 to 1: {card.error:.3f}; by the mean: {card.constant_error:.3f}")
    typer.echo(f"{out}: use it with --planner stance:classifier={out}")


def _statement(given: str) -> tuple[str, str]:
    name, equals, text = (part.strip() for part in given.partition("="))
    if not name or not equals or not text:
        raise UserError(f"--statement {given!r}: write MEASURE=TEXT, as stance='Trams are loud'")
    return name, text


def _entry(name: str, calls: Calls = "separate") -> dict[str, Any]:
    made = planner_of(name)
    chain, agent = made.chain(calls), SimAgent()
    formulas = [prompt.calls for stage in chain for prompt in stage.prompts]
    values = {"K": K, **settings_of(name).model_dump()}
    return {
        "name": planner_name(name),
        "about": made.about,
        "source": made.source,
        "formula": " + ".join(formulas) or "unknown",
        "calls": int(sum(read_expression(formula).value(values) for formula in formulas)),
        "embedded": not any(lacking_for(agent, stage) for stage in chain),
    }


def _stages(made: Planner, calls: Calls) -> list[dict[str, str]]:
    return [
        {
            "stage": stage.name,
            "does": (inspect.getdoc(stage.run) or "").partition("\n")[0],
            "needs": _names(stage.needs),
            "template": prompt.template if prompt else "-",
            "answer": prompt.answer if prompt else "-",
            "calls": prompt.calls if prompt else "0",
        }
        for stage in made.chain(calls)
        for prompt in stage.prompts or (None,)
    ]


def _names(needs: type | tuple[type, ...] | None) -> str:
    several = needs if isinstance(needs, tuple) else (needs,) if needs else ()
    return " or ".join(protocol.__name__ for protocol in several) or "-"
