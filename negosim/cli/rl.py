"""`negosim rl prepare`, `simulate` and `imagine`: from sources, users and models to trajectories."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim import rl
from negosim.cli.configuration import budget_of
from negosim.cli.options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder, Ray
from negosim.cli.rl_told import progress, spent, tell_card, told_how_to_go_on
from negosim.store import Run

OUT = typer.Option("--out", "-o", metavar="FOLDER", help="Folder to make.")
FORMAT = typer.Option("--format", help="Of the file of trajectories; parquet needs negosim[rl].")
SPLIT = typer.Option(
    metavar="own|A/B/C|NAME",
    help="Train, validation, test: the published split, else 80/10/10; shares as 80/10/10; or one for all.",
)

CONCURRENCY = typer.Option(min=1, metavar="N", help="Dialogues at once, with models.", rich_help_panel=COST)


def prepare(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A run folder, or anything that negosim import reads."),
    ],
    out: Annotated[Path, OUT],
    learner: Annotated[int, typer.Option(min=1, metavar="N", help="Which agent learns, from 1.")] = 1,
    reward: Annotated[
        str | None,
        typer.Option(
            metavar="REWARD",
            help="own, joint, agreement, capped (donations stated too high), "
            "judged:[SET/]QUESTION[@JUDGE], or MODULE:FUNCTION of your own.",
            show_default="own",
        ),
    ] = None,
    split: Annotated[str, SPLIT] = "own",
    format: Annotated[Literal["jsonl", "parquet"], FORMAT] = "jsonl",
    bad_rows: Annotated[
        Literal["skip", "stop"],
        typer.Option(help="Leave bad rows out and count them, or stop at the first one."),
    ] = "skip",
) -> None:
    """Make trajectories from a run folder or a published data set, with a data card.

    What the source is, is told from its content.
    """
    card = rl.prepare(
        source, out, learner=learner, reward=reward, split=split, format=format, bad_rows=bad_rows
    )
    tell_card(card, out)


def simulate(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="donation, support, or your own with simulated users."),
    ],
    out: Annotated[Path, OUT],
    dialogues: Annotated[int, typer.Option("--dialogues", "-n", min=1, metavar="N", help="How many.")] = 1000,
    skill: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, metavar="X", help="Of the embedded agent: 0 is blind habit, 1 a good plan."
        ),
    ] = 0.3,
    agent: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Who talks with the users: a chat model, policy:FOLDER.",
            show_default="the embedded agent",
        ),
    ] = None,
    users: Annotated[
        list[str] | None,
        typer.Option(
            "--users",
            metavar="NAME",
            help="Kind of user; may be given several times, and they take turns. Or chat:MODEL, a chat model "
            "that plays them.",
            show_default="all",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The same seed makes the same corpus.")] = 0,
    split: Annotated[str, SPLIT] = "own",
    format: Annotated[Literal["jsonl", "parquet"], FORMAT] = "jsonl",
    run: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep the run folder too, for show, judge and report."),
    ] = None,
    concurrency: Annotated[int, CONCURRENCY] = 4,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
    ray: Ray = None,
) -> None:
    """Make a corpus of dialogues between an agent and simulated users, with known rewards.

    Without --agent and chat users no language model takes part: thousands of dialogues a minute, offline.
    """
    with progress("simulating") as watch, told_how_to_go_on(run):
        card = rl.simulate(
            scenario,
            out,
            dialogues=dialogues,
            skill=skill,
            agent=agent,
            seed=seed,
            users=users or ["all"],
            split=split,
            format=format,
            run=run,
            concurrency=concurrency,
            cache=cache,
            budget=budget_of(budget_usd, budget_tokens),
            prompts=prompts,
            watch=watch,
            ray=ray,
        )
    tell_card(card, out)


def imagine(
    scenario: Annotated[
        str, typer.Option("--scenario", "-s", metavar="ID|PATH", help="What they talk about: any.")
    ],
    out: Annotated[Path, OUT],
    dialogues: Annotated[int, typer.Option("--dialogues", "-n", min=1, metavar="N", help="How many.")] = 2000,
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Writes all sides: a chat model, or embedded (whoever plays the roles by rules).",
        ),
    ] = "embedded",
    learner: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Which agent learns, from 1.",
            show_default="who talks with the user, else 1",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed makes other ones.")] = 0,
    split: Annotated[str, SPLIT] = "own",
    format: Annotated[Literal["jsonl", "parquet"], FORMAT] = "jsonl",
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The run folder, for show, judge and report; the same command goes on where it was stopped.",
            show_default="in ./runs, named after scenario, model, number and seed",
        ),
    ] = None,
    concurrency: Annotated[int, CONCURRENCY] = 4,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
    ray: Ray = None,
) -> None:
    """Imagine dialogues that nobody held: a model writes all sides from nothing (zero-shot data).

    Makes a run folder, and trajectories of it, which training takes like any other.
    """
    place = run or rl.imagined_run(scenario, model, dialogues, seed)
    with progress("imagining") as watch, told_how_to_go_on(place):
        card = rl.imagine(
            scenario,
            out,
            dialogues=dialogues,
            model=model,
            learner=learner,
            seed=seed,
            split=split,
            format=format,
            run=place,
            concurrency=concurrency,
            cache=cache,
            budget=budget_of(budget_usd, budget_tokens),
            prompts=prompts,
            watch=watch,
            ray=ray,
        )
    tell_card(card, out)
    if rows := [row for dialogue in Run.open(place) for row in dialogue.account]:
        typer.echo(spent(rows))
    typer.echo(f"dialogues: {place}")
