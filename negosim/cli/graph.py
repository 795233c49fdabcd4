"""`negosim graph` and `negosim schema`: what runs, and what it leaves behind."""

from typing import Annotated, Literal

import orjson
import typer

from negosim.engine import mermaid
from negosim.importing.dialogues import import_schema
from negosim.records import dialogue_schema, scenario_schema


def graph(
    planner: Annotated[
        str, typer.Option(metavar="NAME", help="How a turn is thought through; see negosim planners list.")
    ] = "rollout",
) -> None:
    """Print the graph of a dialogue, as it runs, as a Mermaid diagram."""
    typer.echo(mermaid(planner))


def schema(
    what: Annotated[
        Literal["dialogue", "scenario"],
        typer.Argument(help="A line of dialogues.jsonl, or a scenario's file."),
    ] = "dialogue",
    imports: Annotated[
        bool,
        typer.Option("--imports", help="Of a line that negosim import reads, in place of a stored one."),
    ] = False,
) -> None:
    """Print the JSON Schema of a line of dialogues.jsonl, or of a scenario's file."""
    content = scenario_schema() if what == "scenario" else dialogue_schema()
    typer.echo(orjson.dumps(import_schema() if imports else content, option=orjson.OPT_INDENT_2).decode())
