"""Command line of `negosim generate`: a bare `--deceptive`, and `--agentN-model` for any N."""

import re
from typing import Any

from negosim.cli.configuration import BARE_DECEPTIVE
from negosim.cli.ray_command import RayCommand

_FURTHER_MODEL = re.compile(r"--agent([3-9]|[1-9]\d+)-model(?:=(.*))?", re.DOTALL)
"""`--agent3-model MODEL` and so on, for as many roles as there are."""


class GenerateCommand(RayCommand):
    """A command whose `--deceptive` may stand without its value, and that has `--agentN-model` for any N."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a bare `--deceptive` its value, write `--agentN-model` as `--model-for N=`, then parse.

        The command takes no positional arguments, so a word that follows and is no option is meant
        as the value; a wrong one is named as such.
        """
        given: list[str] = []
        rest = iter(enumerate(args))
        for position, argument in rest:
            following = args[position + 1 : position + 2]
            if (further := _FURTHER_MODEL.fullmatch(argument)) is not None and (
                further[2] is not None or following
            ):
                model = further[2] if further[2] is not None else next(rest)[1]
                given += ["--model-for", f"{further[1]}={model}"]
                continue
            given.append(argument)
            if argument == "--deceptive" and (not following or following[0].startswith("-")):
                given.append(BARE_DECEPTIVE)
        return super().parse_args(ctx, given)
