"""Options of decoding: how a policy speaks; what is not given is as stored with the policy."""

from functools import partial
from typing import Annotated

import typer

_option = partial(
    typer.Option, show_default="as stored with the policy", rich_help_panel="How policies speak"
)

Advantage = Annotated[float | None, _option(min=0, metavar="BETA", help="How much Q counts; 0: not.")]
TopK = Annotated[int | None, _option(min=1, metavar="K", help="Likeliest tokens considered.")]
MinP = Annotated[
    float | None,
    _option(
        min=0,
        max=0.999999,
        metavar="P",
        help="Leave out tokens less likely than this share of the likeliest.",
    ),
]
Temperature = Annotated[float | None, _option(min=0, metavar="T", help="0 always takes the best.")]
MaxTokens = Annotated[int | None, _option(min=1, metavar="N", help="Longest turn.")]


def given(**settings: float | None) -> dict[str, float]:
    """Return the settings that have a value."""
    return {name: value for name, value in settings.items() if value is not None}
