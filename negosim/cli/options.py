"""Options that several commands have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
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
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS|auto|local",
        help="Do it in a Ray cluster: HOST:PORT of its head; auto, as the option alone means: one that "
        "runs here or is begun here; local: one begun here. Needs negosim[ray].",
        show_default="in this process",
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
ModelBody = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=JSON",
        help="A further field of every request to openai:, as in top_p=0.9; may be given several times.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]
ModelHeader = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="A further header of every request to openai:; a secret one is named by a variable, as in "
        "'X-Key=$MY_KEY'. May be given several times.",
        show_default=False,
        rich_help_panel=SETTINGS,
    ),
]

MODEL_SETTINGS = ("temperature", "max_tokens", "model_seed", "timeout", "model_body", "model_header")
"""Options that hold for every language model of a command, by their names as parameters."""


def listed(given: str | None) -> list[str] | None:
    """Return the parts of a list with commas; the servers of one model, NAME@URL,URL, are one part.

    Raises:
        UserError: it has none.

    """
    if given is None:
        return None
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if not parts:
        raise UserError(f"{given!r} names nothing; leave it out, or put names with commas between them")
    joined: list[str] = []
    for part in parts:
        if joined and "@http" in joined[-1] and part.startswith(("http://", "https://")):
            joined[-1] += f",{part}"
        else:
            joined.append(part)
    return joined


def with_settings(
    models: Sequence[str],
    *,
    temperature: float | None,
    max_tokens: int | None,
    model_seed: int | None,
    timeout: float | None,
    model_body: Sequence[str] | None = None,
    model_header: Sequence[str] | None = None,
) -> list[str]:
    """Return models with the settings that options give to every language model among them.

    Raises:
        UserError: a setting stands behind a model's name as well.
        BadParameter: none of the models is a language model, or one of OpenAI's protocol where a field or
            header is given; or that is not NAME=VALUE.

    """
    given = {
        "--temperature": temperature,
        "--max-tokens": max_tokens,
        "--model-seed": model_seed,
        "--timeout": timeout,
        "--model-body": model_body or None,
        "--model-header": model_header or None,
    }
    first = next((name for name, value in given.items() if value is not None), None)
    if first is None:
        return list(models)
    body = {name: _json_or_text(value) for name, value in _pairs(model_body, "--model-body")}
    headers = dict(_pairs(model_header, "--model-header"))

    if not any(_is_chat_model(name) for name in models):
        raise typer.BadParameter("is for language models, and none is named", param_hint=first)
    if (body or headers) and not any(_kind(name) == "openai" for name in models):
        hint = "--model-body" if body else "--model-header"
        raise typer.BadParameter("is for models of openai:, and none is named", param_hint=hint)
    return [
        str(
            ModelSpec.parse(
                name,
                temperature=temperature,
                max_tokens=max_tokens,
                seed=model_seed,
                timeout=timeout,
                body=body if _kind(name) == "openai" else None,
                headers=headers if _kind(name) == "openai" else None,
            )
        )
        if _is_chat_model(name)
        else name
        for name in models
    ]


def _is_chat_model(name: str) -> bool:
    return registry.has("providers", _kind(name))


def _kind(name: str) -> str:
    return name.partition("?")[0].partition(":")[0]


def _pairs(given: Sequence[str] | None, option: str) -> list[tuple[str, str]]:
    """Return names and values; of what is wrong nothing is repeated, since it may hold a secret."""
    pairs = [entry.partition("=") for entry in given or ()]
    if any(not (name and between) for name, between, _ in pairs):
        raise typer.BadParameter("write NAME=VALUE", param_hint=option)
    names = [name for name, _, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise typer.BadParameter(f"{twice[0]} is given twice; keep one", param_hint=option)
    return [(name, value) for name, _, value in pairs]


def _json_or_text(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
