"""`negosim rl evaluate`: agents on the same dialogues, with the same users."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from negosim.cli.configuration import budget_of
from negosim.cli.decoding import Advantage, MaxTokens, MinP, Temperature, TopK, given
from negosim.cli.options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder
from negosim.cli.rl_told import spent
from negosim.errors import BudgetError, ModelError, UserError
from negosim.reports import unshown, write_pdf
from negosim.rl.evaluation import (
    Evaluated,
    Evaluation,
    evaluation_report,
    evaluation_tables,
    new_folder,
    notes_of,
    write_csv,
)
from negosim.rl.evaluation import evaluate as measured
from negosim.rl.policy_files import CARD
from negosim.terminal import console_for, interactive, print_rows

USERS = typer.Option(
    metavar="all|NAME,...",
    help="Whom the agents meet: personas, which take turns; chat:MODEL, the same persons played by a chat "
    "model; in a negotiation whoever plays the other side, usually sim.",
)


def evaluate(
    agents: Annotated[
        list[str],
        typer.Argument(
            metavar="AGENT...",
            help="A policy folder (or policy:FOLDER); habit:SKILL, the embedded agent; data:TRAJ, what the "
            "agent of a set did; a chat model; whatever else can play; 'AGENT with PLANNER' thinks by a "
            "planner of its own. The others are compared with the first.",
        ),
    ],
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario",
            "-s",
            "--task",
            metavar="ID|PATH",
            help="What the agents do: donation, support, ...",
        ),
    ],
    users: Annotated[str, USERS] = "all",
    dialogues: Annotated[
        int, typer.Option("--dialogues", "-n", min=1, metavar="N", help="Of each agent, over all personas.")
    ] = 400,
    learner: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Which role they play, from 1.",
            show_default="who talks with the user, else 1",
        ),
    ] = None,
    planner: Annotated[str, typer.Option(metavar="NAME", help="How those think that name none.")] = "direct",
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Another seed has other users; never those of training.")
    ] = 0,
    runs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where each agent's run folder is kept; the same command goes on where it was stopped.",
            show_default="a new one in ./runs",
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the numbers, unrounded, as CSV.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.pdf", help="Write the tables as a PDF.")] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Model calls at once.", rich_help_panel=COST)
    ] = 4,
    advantage: Advantage = None,
    top_k: TopK = None,
    min_p: MinP = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
) -> None:
    """Measure agents on the same users: reward, length, tactics, language, with intervals.

    Each agent's dialogues are a run folder, for show, judge and report. A dialogue that fails is counted,
    and is in no mean.
    """
    if out is not None and out.suffix.lower() != ".pdf":
        right = str(out.with_suffix(".pdf") if out.name else out / "report.pdf")
        raise UserError(f"--out {str(out)!r} is no name for a PDF; write {right!r}")
    for option, file in (("--csv", csv), ("--out", out)):
        if file is not None and file.is_dir():
            raise UserError(f"{option} {str(file)!r} is a folder; name a file")
    place = runs or new_folder(scenario)
    if any(_is_policy(name) for name in agents):
        from negosim.rl.training.threads import spare_cores

        spare_cores()
    try:
        with _progress() as watch:
            made = asyncio.run(
                measured(
                    agents,
                    scenario,
                    users=named_users(users),
                    dialogues=dialogues,
                    learner=learner,
                    seed=seed,
                    planner=planner,
                    out=place,
                    concurrency=concurrency,
                    cache=cache,
                    budget=budget_of(budget_usd, budget_tokens),
                    decoding=given(
                        advantage=advantage,
                        top_k=top_k,
                        min_p=min_p,
                        temperature=temperature,
                        max_tokens=max_tokens,
                    ),
                    prompts=prompts,
                    watch=watch,
                )
            )
    except (KeyboardInterrupt, BudgetError, ModelError) as stopped:
        if place.exists():
            typer.echo(f"stopped: go on with the same command and --runs {place}", err=True)
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    _tell(made.evaluation)
    for line in _accounts(made):
        typer.echo(line)
    if made.runs:
        typer.echo(f"dialogues: {place}")
    if csv is not None:
        write_csv(made.evaluation, csv)
        typer.echo(f"{csv}: the numbers")
    if out is not None:
        report = evaluation_report(made.evaluation, created=datetime.now(UTC).isoformat(timespec="seconds"))
        if said := unshown(report):
            typer.echo(f"Note: {said}", err=True)
        write_pdf(report, out)
        typer.echo(f"{out}: the tables")


def named_users(users: str) -> list[str]:
    """Read names with commas between them.

    Raises:
        UserError: nobody is named.

    """
    names = [name.strip() for name in users.split(",") if name.strip()]
    if not names:
        raise UserError(f"--users {users!r} names nobody; write all, or names with commas between them")
    return names


def _accounts(made: Evaluated) -> Iterator[str]:
    """Yield what the calls to chat models took, a line for each agent that had any."""
    for name, runs in made.runs.items():
        rows = [row for run in runs for dialogue in run for row in dialogue.account]
        if rows:
            yield f"{name}: {spent(rows)}"


def _tell(evaluation: Evaluation) -> None:
    """Print the tables and what must be said of single agents."""
    console = console_for()
    typer.echo(
        f"{evaluation.scenario.title}: {evaluation.dialogues:,} dialogues an agent "
        f"with {', '.join(evaluation.personas)}"
    )
    for table in evaluation_tables(evaluation):
        typer.echo(f"\n{table.title}. {''.join(map(str, table.caption))}")
        heads = [str(heading) for heading in table.columns]
        numbers = heads[table.words :]
        print_rows(
            console,
            heads,
            [[str(cell) for cell in row] for row in table.rows],
            numbers=numbers,
        )
    typer.echo()
    for note in notes_of(evaluation):
        typer.echo(note)


def _is_policy(name: str) -> bool:
    """Return whether an agent is a policy that is there; torch is loaded for nothing else."""
    named = name.removeprefix("policy:")
    folders = (named, named.split(" with ")[0].split("?")[0])
    return any((Path(folder).expanduser() / CARD).is_file() for folder in folders)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each agent on stderr where there is a terminal."""
    console = console_for(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not interactive(console)) as bar:
        bars: dict[str, TaskID] = {}

        def watch(name: str, over: int, planned: int) -> None:
            if name not in bars:
                bars[name] = bar.add_task(name, total=planned)
            bar.update(bars[name], completed=over)

        yield watch
