"""`negosim gnome map`: labelled dialogues moved into other domains."""

from pathlib import Path
from typing import Annotated

import typer

from negosim._text import money, plural
from negosim.cli.configuration import budget_of
from negosim.cli.gnome import RUNS, TopK
from negosim.cli.options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder
from negosim.cli.rl_told import progress
from negosim.cli.runs import run_folder
from negosim.errors import BudgetError, ModelError
from negosim.gnome import COPIES, MOST_LEFT, RULES, TOP, map_dialogues, mapping_folder
from negosim.store import Run


def map_(
    runs: Annotated[list[str], RUNS],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The run folder to make.")],
    copies: Annotated[
        int, typer.Option("--n", min=1, metavar="N", help="Mappings of each seed dialogue.")
    ] = COPIES,
    top: TopK = TOP,
    mapper: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="A chat model, at temperature 1 where its name sets no other; or rules: typed lexicons, no "
            "language model.",
        ),
    ] = RULES,
    domain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A domain wished for, as often as there are some; free: a model names its own.",
            show_default="drawn ones, spread evenly",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Another seed draws other domains and answers.")
    ] = 0,
    most_left: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="Drop dialogues with more than this share of utterances that have words of the old domain.",
        ),
    ] = MOST_LEFT,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Model calls at once.", rich_help_panel=COST)
    ] = 4,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
) -> None:
    """Map labelled dialogues into other domains, utterance by utterance, with their labels; make a run of it.

    The same command goes on where it was stopped or killed. What is dropped afterwards is counted by reason.
    """
    found = [Run.open(run_folder(run)) for run in runs]
    try:
        with progress("mapping") as watch:
            made = map_dialogues(
                found,
                out,
                copies=copies,
                top=top,
                mapper=mapper,
                domains=tuple(domain or ()),
                seed=seed,
                most_left=most_left,
                concurrency=concurrency,
                cache=cache,
                budget=budget_of(budget_usd, budget_tokens),
                prompts=prompts,
                watch=watch,
            )
    except (KeyboardInterrupt, BudgetError, ModelError) as stopped:
        kept = mapping_folder(out)
        if kept.exists():
            typer.echo(f"stopped: what was mapped is kept in {kept}; the same command goes on", err=True)
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    _tell(made, out)


def _tell(run: Run, out: Path) -> None:
    imported = run.header.imported
    assert imported is not None
    settings = imported.settings
    domains = settings["distinct_domains"]
    typer.echo(
        f"{plural(len(run), 'dialogue')} in {out}, of {settings['mapped']:,} mapped by {settings['mapper']}, "
        f"in {plural(domains['distinct'], 'distinct domain')} ({domains['by']})"
    )
    typer.echo(f"such as {'; '.join(domains['examples'][:5])}")
    for reason, count in imported.left_out.items():
        typer.echo(f"dropped {count:,}: {reason}")
    for what, count in imported.altered.items():
        typer.echo(f"altered {count:,}: {what}")
    if (cost := settings["cost"])["calls"]:
        typer.echo(
            f"{plural(cost['calls'], 'call')}, {cost['tokens_in']:,} tokens in, {cost['tokens_out']:,} out, "
            f"{money(cost['usd'])}"
        )
    if settings["mapper"] == RULES:
        typer.echo("mapped by rules: no language model took part")
    typer.echo(f"licences: {imported.licence}")
