"""Options that several commands have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from negosim import registry
from negosim.errors import UserError
from negosim.models import ModelSpec

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
SendKeyTo = Annotated[
    str | None,
    typer.Option(
        metavar="URL,...",
        help="Servers, named in the run's header and not on this machine, that may get the key in "
        "NEGOSIM_API_KEY.",
        show_default="none",
        rich_help_panel=COST,
    ),
]
PromptsFolder = Annotated[
    Path | None,
    typer.Option("--prompts", metavar="DIR", help="Folder of prompt templates that override single ones."),
]

SETTINGS = "Settings of models"

Temperature = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=2,
        metavar="T",
        help="Temperature of every language model named here.",
        show_default="0.7",
        rich_help_panel=SETTINGS,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Longest answer, in tokens; reasoning included.",
        show_default="1024",
        rich_help_panel=SETTINGS,
    ),
]
ModelSeed = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Another number draws other answers for the same dialogues.",
        show_default="0",
        rich_help_panel=SETTINGS,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        min=0.001,
        metavar="SECONDS",
        help="Longest time one request may take.",
        show_default="120",
        rich_help_panel=SETTINGS,
    ),
]


def listed(given: str | None) -> list[str] | None:
    """Return the parts of a list with commas.

    Raises:
        UserError: it has none.

    """
    if given is None:
        return None
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if not parts:
        raise UserError(f"{given!r} names nothing; leave it out, or put names with commas between them")
    return parts


def with_settings(
    models: Sequence[str],
    *,
    temperature: float | None,
    max_tokens: int | None,
    model_seed: int | None,
    timeout: float | None,
) -> list[str]:
    """Return models with the settings that options give to every language model among them.

    Raises:
        UserError: a setting stands behind a model's name as well.
        BadParameter: none of the models is a language model.

    """
    given = {
        "--temperature": temperature,
        "--max-tokens": max_tokens,
        "--model-seed": model_seed,
        "--timeout": timeout,
    }
    first = next((name for name, value in given.items() if value is not None), None)
    if first is None:
        return list(models)

    if not any(_is_chat_model(name) for name in models):
        raise typer.BadParameter("is for language models, and none is named", param_hint=first)
    return [
        str(
            ModelSpec.parse(
                name, temperature=temperature, max_tokens=max_tokens, seed=model_seed, timeout=timeout
            )
        )
        if _is_chat_model(name)
        else name
        for name in models
    ]


def _is_chat_model(name: str) -> bool:

    return registry.has("providers", name.partition("?")[0].partition(":")[0])
