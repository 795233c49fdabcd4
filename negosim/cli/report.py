"""`negosim report`: what can be said about runs, as a PDF, as single files or on the terminal."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim import reports
from negosim.cli.runs import run_folder
from negosim.errors import UserError
from negosim.measures import Scope
from negosim.reports import Report
from negosim.store import Run
from negosim.terminal import console_for


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]", help="Run folders, or their names in ./runs."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pdf", help="Write the whole report as a PDF.", show_default="terminal"),
    ] = None,
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Size of the PDF's pages.")] = "a4",
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write every figure as PNG and SVG and every table as CSV and LaTeX."
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Write which stored rows every number comes from, a JSON object a line.",
        ),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Compare two runs, or two models of the runs, where they match."),
    ] = None,
    primary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTCOME",
            help="Primary outcome: agreed, joint_value, a judge's question; may be given several times. p is "
            "corrected over them, all else is exploratory.",
            show_default="as the runs declare",
        ),
    ] = None,
    scope: Annotated[
        Scope,
        typer.Option(
            help="What intervals are about: more dialogues of these scenarios, or any scenarios like them. "
            "auto is any from 5 scenarios on, else these."
        ),
    ] = "auto",
) -> None:
    """Report on runs: outcomes, deception, quality, tactics, judges, cost, with intervals.

    Without --out, --figures or --trace a short version is printed. Several runs are reported together.
    Runs that are not finished or not judged are reported as far as they go.
    """
    reports.check_names(pdf=out, trace=trace)
    made = _made(runs or [], compare, scope, primary or [])
    if (out is not None or figures is not None) and (said := reports.unshown(made)):
        typer.echo(f"Note: {said}", err=True)
    if out is not None:
        reports.write_pdf(made, out, paper)
        typer.echo(f"{out}: the report")
    if figures is not None:
        files = reports.write_parts(made, figures)
        typer.echo(f"{figures}: {len(files)} files")
    if trace is not None:
        reports.write_trace(made, trace)
        typer.echo(f"{trace}: where every number comes from")
    if out is None and figures is None and trace is None:
        reports.print_report(console_for(), made)


def _made(runs: list[str], compare: tuple[str, str] | None, scope: Scope, primary: list[str]) -> Report:
    opened = [Run.open(run_folder(run)) for run in runs]
    if compare is None:
        if not opened:
            raise typer.BadParameter("name a run; `negosim runs` lists them", param_hint="RUN")
        return reports.report_on(opened, scope=scope, primary=primary)
    a, b = compare
    folders = [run_folder(name) for name in compare]
    if all((folder / "run.json").is_file() for folder in folders):
        if opened:
            raise UserError("--compare names two runs, so no other RUN is needed; leave it out")
        return reports.comparison_of_runs(
            *(Run.open(folder) for folder in folders), scope=scope, primary=primary
        )
    if not opened:
        missing = a if not (folders[0] / "run.json").is_file() else b
        raise UserError(
            f"--compare: no run at {missing!r}; to compare two models, name the runs they played in: "
            "negosim report RUN --compare MODEL MODEL"
        )
    return reports.comparison_of_models(opened, a, b, scope=scope, primary=primary)
