"""Options that several commands have."""

from typing import Annotated

import typer

COST = "Cost"
"""The panel of `--help` they stand in."""

Cache = Annotated[
    bool,
    typer.Option(
        "--cache/--no-cache",
        help="Take answers that an equal request had before, and keep new ones; see negosim cache.",
        rich_help_panel=COST,
    ),
]
BudgetUsd = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="USD",
        help="Stop before the calls cost more than this.",
        show_default="no limit",
        rich_help_panel=COST,
    ),
]
BudgetTokens = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Stop before the calls use more tokens than this, in and out together.",
        show_default="no limit",
        rich_help_panel=COST,
    ),
]
