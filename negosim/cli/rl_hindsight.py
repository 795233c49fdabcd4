"""`negosim rl hindsight`: grow a set of dialogues by what the agent should have said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from negosim._text import money, plural
from negosim.cli.configuration import budget_of
from negosim.cli.options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder
from negosim.cli.rl import FORMAT, OUT, SPLIT, tell_card
from negosim.errors import NegosimError
from negosim.records import total_usd
from negosim.rl import Card
from negosim.rl.hindsight import imagine as made_up
from negosim.rl.hindsight import progress_path, regenerate
from negosim.terminal import console_for, interactive

WHO = "Who does what"

EMBEDDED_HELP = "embedded (rules; no language model)"


def hindsight(
    trajectories: Annotated[
        Path, typer.Argument(metavar="TRAJ", help="Folder of original trajectories, from negosim rl prepare.")
    ],
    out: Annotated[Path, OUT],
    factor: Annotated[
        float,
        typer.Option(
            min=1.0, metavar="X", help="Size of the result, as a multiple of the originals, which are in it."
        ),
    ] = 5.0,
    controller: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help=f"Names what should have been said: a chat model, or {EMBEDDED_HELP}.",
            rich_help_panel=WHO,
        ),
    ] = "embedded",
    forward: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Completes the dialogues: a chat model, policy:FOLDER trained with --algo forward, or "
            "embedded.",
            rich_help_panel=WHO,
        ),
    ] = "embedded",
    hard_forward: Annotated[
        str | None,
        typer.Option(
            metavar="policy:FOLDER",
            help="Hard forward model, trained on the dialogues with the lowest rewards; with a policy as "
            "--forward only, as the others have their own.",
            show_default="none",
            rich_help_panel=WHO,
        ),
    ] = None,
    reward_model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Says what the new dialogues were worth: a chat model, or embedded.",
            rich_help_panel=WHO,
        ),
    ] = "embedded",
    hard_share: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="Share of regenerations that the hard forward model completes.",
            rich_help_panel=WHO,
        ),
    ] = 0.2,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed makes other ones.")] = 0,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Model calls at once.", rich_help_panel=COST)
    ] = 1,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
) -> None:
    """Grow a set of dialogues by hindsight: what should have been said, and how it would have gone on.

    The same command goes on where it was stopped or killed. What fails is counted in the data card.
    """
    try:
        with _progress() as watch:
            card = regenerate(
                trajectories,
                out,
                factor=factor,
                controller=controller,
                forward=forward,
                hard_forward=hard_forward,
                reward_model=reward_model,
                hard_share=hard_share,
                seed=seed,
                concurrency=concurrency,
                cache=cache,
                budget=budget_of(budget_usd, budget_tokens),
                prompts=prompts,
                watch=watch,
            )
    except (KeyboardInterrupt, NegosimError) as stopped:
        if progress_path(out).exists():
            typer.echo(
                f"stopped: what was made is kept in {progress_path(out)}; the same command goes on", err=True
            )
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    tell_card(card, out)
    _tell_regenerated(card)


def imagine(
    scenario: Annotated[str, typer.Option("--scenario", "-s", metavar="ID", help="donation or support.")],
    out: Annotated[Path, OUT],
    dialogues: Annotated[int, typer.Option("--dialogues", "-n", min=1, metavar="N", help="How many.")] = 2000,
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL", help=f"Writes both sides: a chat model, or {EMBEDDED_HELP}.", rich_help_panel=WHO
        ),
    ] = "embedded",
    reward_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Says what the dialogues were worth.",
            show_default="the same",
            rich_help_panel=WHO,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="TRAJ", help="Trajectories that they are to sound like.", show_default="none"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed makes other ones.")] = 0,
    split: Annotated[str, SPLIT] = "own",
    format: Annotated[Literal["jsonl", "parquet"], FORMAT] = "jsonl",
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Model calls at once.", rich_help_panel=COST)
    ] = 4,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
) -> None:
    """Imagine dialogues that nobody held: a model writes both sides from nothing (zero-shot data).

    Training takes the folder like any other. Made again, a command that was stopped takes the answers it had
    from the cache.
    """
    with _progress("imagining") as watch:
        card = made_up(
            scenario,
            out,
            dialogues=dialogues,
            model=model,
            reward_model=reward_model,
            data=data,
            seed=seed,
            split=split,
            format=format,
            concurrency=concurrency,
            cache=cache,
            budget=budget_of(budget_usd, budget_tokens),
            prompts=prompts,
            watch=watch,
        )
    tell_card(card, out)
    _tell_account(card.origin.settings["account"])


def _tell_regenerated(card: Card) -> None:
    """Print what came of it, and what it took."""
    done = card.origin.settings["hindsight"]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in done["forward_kinds"].items())
    typer.echo(f"regenerated {done['made']:,} of {done['wanted']:,} wanted (forward model: {kinds})")
    typer.echo(f"controller {done['controller']}, forward {done['forward']}, reward {done['reward_model']}")
    _tell_account(done["account"])


def _tell_account(account: list[dict[str, Any]]) -> None:
    if account:
        usd = total_usd(row["usd"] for row in account)
        calls = plural(sum(row["calls"] for row in account), "call")
        tokens_in, tokens_out = (sum(row[name] for row in account) for name in ("tokens_in", "tokens_out"))
        typer.echo(f"{calls}, {tokens_in:,} tokens in, {tokens_out:,} out, {money(usd)}")


@contextmanager
def _progress(what: str = "regenerating") -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr where there is a terminal."""
    console = console_for(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not interactive(console)) as bar:
        task = bar.add_task("", total=None)
        yield lambda made, wanted: bar.update(task, completed=made, total=wanted)
