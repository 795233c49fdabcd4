"""Command lines with a `--ray` that may stand without its value."""

from typing import Any

from typer.core import TyperCommand

OPTION, BARE = "--ray", "auto"
"""What the option means without a value."""


class RayCommand(TyperCommand):
    """A command whose `--ray` may stand alone: before another option, or at the end."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a bare `--ray` its value, then parse."""
        given: list[str] = []
        for position, argument in enumerate(args):
            given.append(argument)
            following = args[position + 1 : position + 2]
            if argument == OPTION and (not following or following[0].startswith("-")):
                given.append(BARE)
        return super().parse_args(ctx, given)
