"""Consoles that never interpret what they print."""

import sys

from rich.console import Console, RenderableType

WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal."""


def console_for(*, stderr: bool = False) -> Console:
    """Return a console on stdout or stderr; text is printed as it is, without markup or emoji codes."""
    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, markup=False, emoji=False)


def interactive(console: Console) -> bool:
    """Whether a console can redraw what it has printed."""
    return console.is_terminal and not console.is_dumb_terminal


def print_view(console: Console, view: RenderableType) -> None:
    """Print a view no wider than is good to read; without a terminal, also without trailing spaces.

    What must not be broken into lines, as a command to copy, is as long as it is.
    """
    width = min(console.width, WIDEST)
    if console.is_terminal:
        console.print(view, width=width, crop=False)
        return
    with console.capture() as captured:
        console.print(view, width=width, crop=False)
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)
