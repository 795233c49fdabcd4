"""`negosim rl hindsight`: grow a set of dialogues by what the agent should have said."""

from pathlib import Path
from typing import Annotated

import typer

from negosim.cli.configuration import budget_of
from negosim.cli.options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder, Ray
from negosim.cli.rl import OUT
from negosim.cli.rl_told import progress, spent, tell_card
from negosim.errors import NegosimError
from negosim.records import StageAccount
from negosim.rl import Card
from negosim.rl.hindsight import progress_path, regenerate

WHO = "Who does what"


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
            help="Names what should have been said: a chat model, or embedded (rules; no language model).",
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
    ray: Ray = None,
) -> None:
    """Grow a set of dialogues by hindsight: what should have been said, and how it would have gone on.

    The same command goes on where it was stopped or killed. What fails is counted in the data card.
    """
    try:
        with progress("regenerating") as watch:
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
                ray=ray,
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


def _tell_regenerated(card: Card) -> None:
    """Print what came of it, and what it took."""
    done = card.origin.settings["hindsight"]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in done["forward_kinds"].items())
    typer.echo(f"regenerated {done['made']:,} of {done['wanted']:,} wanted (forward model: {kinds})")
    typer.echo(f"controller {done['controller']}, forward {done['forward']}, reward {done['reward_model']}")
    if account := done["account"]:
        typer.echo(spent([StageAccount(**{"role": None, **row}) for row in account]))
