"""`negosim graph` and `negosim schema`: what runs, and what it leaves behind."""

from typing import Annotated

import orjson
import typer

from negosim.engine import mermaid
from negosim.importing.dialogues import import_schema
from negosim.records import dialogue_schema


def graph(
    planner: Annotated[
        str, typer.Option(metavar="NAME", help="How a turn is thought through; see negosim planners list.")
    ] = "rollout",
) -> None:
    """Print the graph of a dialogue, as it runs, as a Mermaid diagram."""
    typer.echo(mermaid(planner))


def schema(
    imports: Annotated[
        bool,
        typer.Option("--imports", help="Of a line that negosim import reads, in place of a stored one."),
    ] = False,
) -> None:
    """Print the JSON Schema of a line of dialogues.jsonl."""
    content = import_schema() if imports else dialogue_schema()
    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
