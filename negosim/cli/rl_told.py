"""Output of the `negosim rl` commands: how far they are, what came of them, what it took."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from negosim._text import money, plural
from negosim.errors import BudgetError, ModelError
from negosim.records import StageAccount, total_usd
from negosim.rl import Card
from negosim.terminal import console_for, interactive


@contextmanager
def told_how_to_go_on(place: Path | None) -> Iterator[None]:
    """Say, where making a run is stopped, that the same command goes on."""
    try:
        yield
    except (KeyboardInterrupt, BudgetError, ModelError) as stopped:
        if place is not None and place.exists():
            typer.echo(f"stopped: what was made is kept in {place}; the same command goes on", err=True)
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr where there is a terminal."""
    console = console_for(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not interactive(console)) as bar:
        task = bar.add_task("", total=None)
        yield lambda made, wanted: bar.update(task, completed=made, total=wanted)


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


def spent(rows: Collection[StageAccount]) -> str:
    """Return what calls to chat models took, in a line."""
    calls = plural(sum(row.calls for row in rows), "call")
    tokens_in, tokens_out = sum(row.tokens_in for row in rows), sum(row.tokens_out for row in rows)
    return (
        f"{calls}, {tokens_in:,} tokens in, {tokens_out:,} out, {money(total_usd(row.usd for row in rows))}"
    )
