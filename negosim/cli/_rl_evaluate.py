"""`negosim rl evaluate`: agents on the same simulated users."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from negosim._text import money, plural
from negosim.cli._configuration import budget_of
from negosim.cli._decoding import Advantage, MaxTokens, MinP, Temperature, TopK, given
from negosim.cli._options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder
from negosim.errors import UserError
from negosim.models import Budget, Ledger
from negosim.records import total_usd
from negosim.reports import unshown, write_pdf
from negosim.rl.evaluation import (
    ChatAgent,
    Evaluation,
    evaluation_report,
    evaluation_tables,
    evaluation_users,
    notes_of,
    open_agents,
    write_csv,
)
from negosim.rl.evaluation import evaluate as run
from negosim.rl.tasks import Task, task_named
from negosim.terminal import console_for, interactive, print_rows


def evaluate(
    agents: Annotated[
        list[str],
        typer.Argument(
            metavar="AGENT...",
            help="A policy folder (or policy:FOLDER); habit:SKILL, the embedded agent; data:TRAJ, what the "
            "agent of a set did; a chat model, which is prompted directly. The others are compared with the "
            "first.",
        ),
    ],
    task: Annotated[Literal["donation", "support"], typer.Option(help="What the agents do.")],
    users: Annotated[
        str,
        typer.Option(metavar="all|NAME,...", help="Kinds of users; they take turns."),
    ] = "all",
    dialogues: Annotated[
        int, typer.Option("--dialogues", "-n", min=1, metavar="N", help="Of each agent, over all users.")
    ] = 400,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Another seed has other users; never those of training.")
    ] = 0,
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
    """Measure agents on simulated users: reward, length, tactics, language, with intervals.

    Every agent meets the same users. A dialogue that fails is counted, and is in no mean.
    """
    if out is not None and out.suffix.lower() != ".pdf":
        raise UserError(f"--out {str(out)!r} is no name for a PDF; write {str(out.with_suffix('.pdf'))!r}")
    for option, file in (("--csv", csv), ("--out", out)):
        if file is not None and file.is_dir():
            raise UserError(f"{option} {str(file)!r} is a folder; name a file")
    kinds = [] if users == "all" else [name.strip() for name in users.split(",") if name.strip()]
    if users != "all" and not kinds:
        raise UserError(f"--users {users!r} names nobody; write all, or names with commas between them")
    budget = budget_of(budget_usd, budget_tokens)
    decoding = given(
        advantage=advantage, top_k=top_k, min_p=min_p, temperature=temperature, max_tokens=max_tokens
    )
    made, account = asyncio.run(
        _evaluated(
            agents,
            task_named(task),
            dialogues,
            kinds,
            seed,
            concurrency,
            cache=cache,
            budget=budget,
            decoding=decoding,
            prompts=prompts,
        )
    )
    _tell(made)
    for line in account:
        typer.echo(line)
    if csv is not None:
        write_csv(made, csv)
        typer.echo(f"{csv}: the numbers")
    if out is not None:
        report = evaluation_report(made, created=datetime.now(UTC).isoformat(timespec="seconds"))
        if said := unshown(report):
            typer.echo(f"Note: {said}", err=True)
        write_pdf(report, out)
        typer.echo(f"{out}: the tables")


async def _evaluated(
    names: list[str],
    task: Task,
    dialogues: int,
    kinds: list[str],
    seed: int,
    concurrency: int,
    *,
    cache: bool,
    budget: Budget | None,
    decoding: dict[str, float],
    prompts: Path | None,
) -> tuple[Evaluation, list[str]]:
    """Return the evaluation and what the calls to chat models took, a line for each."""
    # What is wrong with the users is said before any model is loaded.
    evaluation_users(task, dialogues, kinds=kinds, seed=seed)
    opened = open_agents(
        names,
        task,
        seed=seed,
        concurrency=concurrency,
        cache=cache,
        budget=budget,
        decoding=decoding,
        prompts=prompts,
    )
    async with opened as agents:
        if any(agent.decoding for agent in agents):
            from negosim.rl.training.threads import spare_cores

            spare_cores()
        with _progress(dialogues) as watch:
            made = await run(agents, task, dialogues, kinds=kinds, seed=seed, watch=watch)
    spoke = [(agent.name, agent.speaker) for agent in agents]
    return made.evaluation, [
        _account(name, speaker.ledger) for name, speaker in spoke if isinstance(speaker, ChatAgent)
    ]


def _account(name: str, ledger: Ledger) -> str:

    rows = ledger.rows()
    usd = total_usd(row.usd for row in rows)
    tokens_in, tokens_out = sum(row.tokens_in for row in rows), sum(row.tokens_out for row in rows)
    calls = plural(sum(row.calls for row in rows), "call")
    return f"{name}: {calls}, {tokens_in:,} tokens in, {tokens_out:,} out, {money(usd)}"


def _tell(evaluation: Evaluation) -> None:
    """Print the tables and what must be said of single agents."""
    console = console_for()
    typer.echo(
        f"{evaluation.task.name}: {evaluation.dialogues:,} dialogues an agent with simulated users "
        f"({', '.join(evaluation.personas)})"
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


@contextmanager
def _progress(dialogues: int) -> Iterator[Callable[[str, int], None]]:
    """Show a bar for each agent on stderr where there is a terminal."""
    console = console_for(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not interactive(console)) as bar:
        bars: dict[str, TaskID] = {}

        def watch(name: str, over: int) -> None:
            if name not in bars:
                bars[name] = bar.add_task(name, total=dialogues)
            bar.update(bars[name], completed=over)

        yield watch
