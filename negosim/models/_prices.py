"""Prices of models: the table that comes with negosim, and the user's own."""

import os
import re
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import Field, ValidationError, model_validator

from negosim._files import refuse_device
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.models._types import Usage

PRICES_VARIABLE = "NEGOSIM_PRICES"

_Dollars = Annotated[float, Field(ge=0, le=1e6, strict=True)]
_OBJECT = re.compile(r"langchain:object:(\w+):(.+)#[0-9a-f]{8}(@.+)?")
_OF_OPENAI = re.compile(r"^(openai|ChatOpenAI):")
_SNAPSHOT = re.compile(r"-20\d\d-\d\d-\d\d$")


class Price(Frozen):
    """What a model costs, in US dollars for a million tokens."""

    tokens_in: _Dollars
    tokens_cached: _Dollars | None = None
    """For prompt tokens read from the prefix cache; None: the same as `tokens_in`."""
    tokens_out: _Dollars

    @model_validator(mode="after")
    def _cached_is_cheaper(self) -> "Price":
        if self.tokens_cached is not None and self.tokens_cached > self.tokens_in:
            raise ValueError(f"tokens_cached {self.tokens_cached:g} is above tokens_in {self.tokens_in:g}")
        return self

    def cost(self, usage: Usage) -> float:
        """Return what a call cost, in US dollars."""
        cached = self.tokens_in if self.tokens_cached is None else self.tokens_cached
        prompt = (usage.tokens_in - usage.tokens_cached) * self.tokens_in + usage.tokens_cached * cached
        return (prompt + usage.tokens_out * self.tokens_out) / 1e6


class PriceTable(Frozen):
    """The content of a file of prices."""

    models: dict[str, Price]
    """By the name records give a model; "openai:" may be left out."""
    note: str = ""
    source: str = ""
    as_of: str = ""


def price_of(model: str) -> Price | None:
    """Return the price of a model by the name records give it, or None where it is not known.

    Models that run in process cost nothing, unless the user's table says otherwise. A dated snapshot
    ("gpt-4o-mini-2024-07-18") has the price of its family unless a table names it.

    Raises:
        UserError: the file that `NEGOSIM_PRICES` names cannot be read or is wrong.

    """
    path = os.environ.get(PRICES_VARIABLE)
    return _price(model, *_place(path)) if path else _price(model)


@lru_cache(maxsize=256)
def _price(model: str, path: str | None = None, changed: int = 0) -> Price | None:
    table = _with_file(path, changed) if path else _built_in()
    name = _plain_name(model)
    found = table.get(model) or table.get(name) or table.get(_SNAPSHOT.sub("", name))
    if found is None and (model == "human" or model.startswith(("gguf:", "local:"))):
        return Price(tokens_in=0, tokens_out=0)
    return found


def _plain_name(model: str) -> str:
    """Return a model's name at OpenAI, by whatever way it is asked; of others their provider's name first."""
    found = _OBJECT.fullmatch(model)
    name = f"{found[1]}:{found[2]}{found[3] or ''}" if found else model.removeprefix("langchain:")
    return _OF_OPENAI.sub("", name)


@cache
def _built_in() -> dict[str, Price]:
    table = files("negosim.models").joinpath("prices.json").read_bytes()
    return PriceTable.model_validate(orjson.loads(table)).models


def _place(path: str) -> tuple[str, int]:
    """Return where a file lies and when it was changed, so that a changed one is read again."""
    place = os.path.abspath(os.path.expanduser(path))
    return place, os.stat(place).st_mtime_ns if os.path.exists(place) else 0


@lru_cache(maxsize=8)
def _with_file(path: str, changed: int) -> dict[str, Price]:
    return {**_built_in(), **_read(Path(path)).models}


def _read(path: Path) -> PriceTable:
    from negosim._reading import PluginError, describe_errors, read_json

    name = f"{path} ({PRICES_VARIABLE})"
    try:
        refuse_device(path)
        data, problems = read_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    if not problems:
        try:
            return PriceTable.model_validate(_normal(data))
        except ValidationError as error:
            problems = describe_errors(error)
    raise PluginError(name, problems)


def _normal(data: Any) -> Any:
    """Leave "openai:" out of names, as the built-in table does: the user's row then replaces its row."""
    if not isinstance(data, dict) or not isinstance(data.get("models"), dict):
        return data
    return {**data, "models": {name.removeprefix("openai:"): row for name, row in data["models"].items()}}
