"""`negosim rl prepare` and `negosim rl simulate`: from sources and simulated users to trajectories."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim import rl
from negosim.cli.configuration import budget_of
from negosim.cli.options import COST, BudgetTokens, BudgetUsd, Cache, PromptsFolder
from negosim.rl import Card

OUT = typer.Option("--out", "-o", metavar="FOLDER", help="Folder to make.")
FORMAT = typer.Option("--format", help="Of the file of trajectories; parquet needs negosim[rl].")
SPLIT = typer.Option(
    metavar="own|A/B/C|NAME",
    help="Train, validation, test: the published split, else 80/10/10; shares as 80/10/10; or one for all.",
)


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
    concurrency: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Dialogues at once, with models.", rich_help_panel=COST),
    ] = 4,
    prompts: PromptsFolder = None,
    cache: Cache = True,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
) -> None:
    """Make a corpus of dialogues between an agent and simulated users, with known rewards.

    Without --agent and chat users no language model takes part: thousands of dialogues a minute, offline.
    """
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
    )
    tell_card(card, out)


def tell_card(card: Card, out: Path) -> None:
    """Print what a folder of trajectories holds, and what was left out."""
    splits = ", ".join(f"{count:,} {name}" for name, count in card.splits.items() if count)
    typer.echo(f"{card.trajectories:,} trajectories in {out / card.file}: {splits}")
    if (reward := card.reward) is not None:
        spread = "" if reward.sd is None else f", sd {reward.sd:.2f}"
        typer.echo(
            f"reward: mean {reward.mean:.2f}{spread}, {reward.minimum:g} to {reward.maximum:g} "
            f"({card.origin.reward})"
        )
    for reason, count in card.dropped.items():
        typer.echo(f"dropped {count:,}: {reason}")
    for problem in card.problems[:5]:
        typer.echo(f"  {problem}")
    if len(card.problems) > 5:
        typer.echo("  and others; see the card")
    for what, count in card.altered.items():
        typer.echo(f"altered {count:,}: {what}")
    for name, why in list(card.passed_over.items())[:5]:
        typer.echo(f"passed over {name}: {why}")
    if len(card.passed_over) > 5:
        typer.echo(f"passed over {len(card.passed_over) - 5:,} more; see the card")
    for note in card.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"licence: {card.origin.licence}; data card: {out / 'card.json'}")
