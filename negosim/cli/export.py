"""`negosim export`: a run as tables for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from negosim._text import plural
from negosim.cli.runs import run_folder
from negosim.store import Run, export_parquet


def export(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or its name in ./runs.")],
    parquet: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder to make, with a Parquet file for each table.", show_default=False
        ),
    ],
) -> None:
    """Write a run's dialogues, turns, offers, claims and judgements as Parquet files.

    The schema is in docs/scale.md and in the files themselves. Memory does not grow with the run. What agents
    keep to themselves is in thoughts.parquet, claims.parquet and judgements.parquet: leave them out of what
    you publish of a run that others will play.
    """
    for table, rows in export_parquet(Run.open(run_folder(run)), parquet).items():
        typer.echo(f"{parquet / table}.parquet: {plural(rows, 'row')}")
