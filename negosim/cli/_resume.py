"""`negosim resume`: finish a run."""

from typing import Annotated

import typer

from negosim.cli._make import make_and_tell
from negosim.cli._runs import run_folder


def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or its name in ./runs.")],
    thoughts: Annotated[
        bool | None,
        typer.Option(
            "--thoughts/--no-thoughts",
            help="Show the private thinking of a single dialogue.",
            show_default="on a terminal",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON a new dialogue, and nothing else.")
    ] = False,
) -> None:
    """Finish a run that was stopped or killed; what is finished is not made again.

    Scenarios, prompts and models must be what they were; what has changed is listed.
    """
    from negosim.engine import resume as finish
    from negosim.terminal import console_for
    from negosim.terminal.watch import Watch

    watch = Watch(console_for(), console_for(stderr=True), json=json, thoughts=thoughts)
    make_and_tell(lambda: finish(run_folder(run), watch=watch), watch, quiet=json)
