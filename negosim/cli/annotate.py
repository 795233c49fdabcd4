"""`negosim annotate`: a person answers the questions that judges are asked."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from negosim._text import plural
from negosim.cli.judge import JUDGEMENTS
from negosim.cli.options import listed
from negosim.cli.runs import run_folder
from negosim.errors import UserError
from negosim.judging import Annotation, annotation, export_sheet, import_sheet, unwritten_annotation
from negosim.store import Run
from negosim.terminal import console_for
from negosim.terminal.annotate import Prompt, progress


def annotate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or its name in ./runs.")],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who answers; the judge is person:NAME. A short name or a code."),
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option(
            metavar="ID|PATH,...",
            help="What to ask: question sets, see negosim questions list.",
            show_default="the usual ones",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Ask about so many dialogues of each scenario and condition: those that "
            "negosim judge --sample N takes.",
            show_default="all",
        ),
    ] = None,
    export_to: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FILE.csv",
            help="Write the questions as a sheet to fill in elsewhere, with the dialogues in FILE.txt; "
            "with --name, the answers there are.",
        ),
    ] = None,
    import_from: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE.csv", help="Store the answers of a sheet that was filled in."),
    ] = None,
) -> None:
    """Answer the questions that judges are asked, in the terminal or on a sheet.

    The dialogues are shown as a neutral reader sees them, in an order of your own, and nothing tells
    their condition or models. Stop whenever you like: the same command goes on where you were. Your
    answers count as those of one more judge.
    """
    if export_to is not None and import_from is not None:
        raise typer.BadParameter("is given besides --export; do one after the other", param_hint="--import")
    found = Run.open(run_folder(run))
    asked = listed(questions)
    if export_to is not None:
        shown = unwritten_annotation(found, name, questions=asked, sample=sample)
        text = export_sheet(shown, export_to)
        rows = sum(len(page.slots) for page in shown.pages)
        about = plural(len(shown.pages), "dialogue")
        typer.echo(f"{export_to}: {plural(rows, 'question')} about {about}; the dialogues are in {text}")
        return
    if name is None:
        raise typer.BadParameter("say who answers: a short name or a code", param_hint="--name")
    if import_from is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "there is no terminal to ask in; write a sheet with --export FILE.csv, have it filled in, and "
            "read it with --import FILE.csv"
        )
    with annotation(found, name, questions=asked, sample=sample) as opened:
        if import_from is not None:
            brought = import_sheet(opened, import_from)
            answers, about = plural(brought.answers, "answer"), plural(brought.dialogues, "dialogue")
            news = "" if brought.stored else ", all of them known"
            typer.echo(f"{import_from}: {answers} about {about}{news}")
            typer.echo(f"stored in {found.path / JUDGEMENTS} as {opened.judge}")
        else:
            _ask(opened, found.path)


def _ask(opened: Annotation, folder: Path) -> None:
    """Ask at the prompt. Exits with 130 after Ctrl-C."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (lets input() edit the line)
    stopped = False
    typer.echo(f"{progress(opened)}; answers are stored as {opened.judge}")
    try:
        Prompt(opened, console_for(), input).run()
    except KeyboardInterrupt:
        stopped = True
        typer.echo()
    typer.echo(f"{progress(opened)}; stored in {folder / JUDGEMENTS}")
    if any(opened.left(page) for page in opened.pages):
        typer.echo("the same command goes on")
    if stopped:
        raise typer.Exit(130)
