"""Display of a training that runs: losses, means of Q and V, tokens a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from negosim.terminal.console import console_for, interactive

if TYPE_CHECKING:
    from negosim.rl.training import OptimizerStep

LINES = 10
"""Lines printed in all where nothing can be redrawn."""


@contextmanager
def follow_training(steps: int) -> "Iterator[Callable[[OptimizerStep], None]]":
    """Yield what to tell of every step: a bar in a terminal, some lines elsewhere, on stderr."""
    console = console_for(stderr=True)
    if not interactive(console):
        every = max(1, steps // LINES)

        def print_line(step: "OptimizerStep") -> None:
            if step.number % every == 0 or step.number == steps:
                typer.echo(f"step {step.number:,} of {steps:,}: {figures_of(step)}", err=True)

        yield print_line
        return
    columns = (
        TextColumn("{task.completed:,} of {task.total:,}"),
        BarColumn(bar_width=20),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=steps)
        yield lambda step: progress.update(bar, completed=step.number, description=figures_of(step))


def figures_of(step: "OptimizerStep") -> str:
    """Write what a step came to in one line."""
    names = {"q": "Q", "v": "V"}
    parts = [f"{names.get(name, name.replace('_', ' '))} {value:.3f}" for name, value in step.figures.items()]
    return ", ".join([*parts, f"{step.tokens / step.seconds:,.0f} tokens/s"])
