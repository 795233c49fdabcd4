"""`negosim show` and `negosim runs`: read what is stored."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from negosim._text import clean
from negosim.errors import UserError
from negosim.store import Run, list_runs
from negosim.terminal import console_for, lens_of, print_calls, print_dialogue, print_rows, print_run


def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or its name in ./runs.")],
    dialogue: Annotated[
        str | None,
        typer.Argument(metavar="[DIALOGUE]", help="A dialogue's number or id, or the beginning of its id."),
    ] = None,
    view: Annotated[
        str,
        typer.Option(
            metavar="1|2|public|all",
            help="Whose eyes: one agent's (its own thoughts and values), the public's, or everything.",
        ),
    ] = "public",
    thoughts: Annotated[
        bool, typer.Option("--thoughts/--no-thoughts", help="Show the thinking the view may see.")
    ] = True,
    calls: Annotated[bool, typer.Option("--calls", help="List every model call of the dialogue.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the stored record, one line of JSON a dialogue.")
    ] = False,
    html: Annotated[
        bool, typer.Option("--html", help="Print the dialogue as one HTML file, as the view may see it.")
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--md", help="Print the dialogue as Markdown, as the view may see it.")
    ] = False,
) -> None:
    """Show a stored dialogue again, or list the dialogues of a run.

    A run of one dialogue is shown at once.
    """
    forms = [
        f"--{name}"
        for name, on in zip(("calls", "json", "html", "md"), (calls, json, html, markdown), strict=True)
        if on
    ]
    if len(forms) > 1:
        raise typer.BadParameter("choose one of these", param_hint=" and ".join(forms))
    found = Run.open(run_folder(run))
    if dialogue is None and len(found) == 1:
        dialogue = "1"
    if json:
        for record in found if dialogue is None else [found.dialogue(dialogue)]:
            typer.echo(record.model_dump_json())
    elif dialogue is None and (calls or html or markdown):
        option = "--calls" if calls else "--html" if html else "--md"
        raise typer.BadParameter("say which dialogue, by number or id", param_hint=option)
    elif html or markdown:
        from negosim.web import dialogue_html, dialogue_markdown

        typer.echo((dialogue_html if html else dialogue_markdown)(found, str(dialogue), view=view), nl=False)
    elif calls:
        print_calls(console_for(), found.dialogue(str(dialogue)))
    elif dialogue is None:
        print_run(console_for(), found)
    else:
        record = found.dialogue(dialogue)
        scenario = found.scenario_of(record)
        print_dialogue(console_for(), record, scenario, lens_of(view, scenario, thoughts=thoughts))


def run_folder(run: str) -> Path:
    """Return the folder that is meant: a path, or else a name in ./runs."""
    named = Path("runs") / run
    return named if not Path(run).exists() and named.is_dir() else Path(run)


def runs(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where the run folders lie.")] = Path(
        "runs"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a run.")] = False,
) -> None:
    """List runs, newest first. What cannot be read is passed over and named."""

    def passed_over(error: UserError) -> None:
        typer.echo(f"passed over: {clean(str(error))}", err=True)

    found = list_runs(folder, passed_over=passed_over)
    if json:
        for item in found:
            typer.echo(orjson.dumps(item, default=str).decode())
        return
    if not found:
        typer.echo(f"no runs in {folder}; make one with: negosim generate --scenario viatex")
        return
    rows = [
        [
            str(item.path),
            f"{item.stored:,} of {item.planned:,}",
            item.scenarios[0] if len(item.scenarios) == 1 else f"{len(item.scenarios)} scenarios",
            " + ".join(item.models),
        ]
        for item in found
    ]
    headings = ("run", "stored", "scenarios", "models")
    print_rows(console_for(), headings, rows, whole=("run", "scenarios"), numbers=("stored",))
