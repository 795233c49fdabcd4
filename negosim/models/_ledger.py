"""The account of model calls: how many, how many tokens, how long, how much money."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import orjson

from negosim._frozen import Frozen
from negosim.models._types import Usage
from negosim.records import StageAccount


class Price(Frozen):
    """What a model costs, in US dollars for a million tokens."""

    tokens_in: float
    tokens_cached: float | None = None
    """For prompt tokens read from the prefix cache; None: the same as `tokens_in`."""
    tokens_out: float

    def cost(self, usage: Usage) -> float:
        """Return what a call cost, in US dollars."""
        cached = self.tokens_in if self.tokens_cached is None else self.tokens_cached
        prompt = (usage.tokens_in - usage.tokens_cached) * self.tokens_in + usage.tokens_cached * cached
        return (prompt + usage.tokens_out * self.tokens_out) / 1e6


@cache
def price_of(model: str) -> Price | None:
    """Return the price of a model by the name records give it, or None where it is not known.

    Models that run in process cost nothing. A dated snapshot ("gpt-4o-mini-2024-07-18") has the
    price of its family unless the table names it.
    """
    kind, _, name = model.partition(":")
    if kind in ("gguf", "local"):
        return Price(tokens_in=0, tokens_out=0)
    if kind != "openai":
        return None
    table = orjson.loads(files("negosim.models").joinpath("prices.json").read_bytes())["models"]
    family = name[:-11] if name[-11:-9] == "-2" and name[-10:].replace("-", "").isdigit() else name
    row = table.get(name, table.get(family))
    return None if row is None else Price.model_validate(row)


@dataclass
class _Row:
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    seconds: float = 0.0
    usd: float | None = 0.0


class Ledger:
    """The account of one dialogue: what every stage of every role cost."""

    def __init__(self, rows: Iterable[StageAccount] = ()) -> None:
        """Begin with an account kept so far, or with nothing."""
        self._rows: dict[tuple[str, int | None, str], _Row] = {
            (row.stage, row.role, row.model): _Row(**row.model_dump(exclude={"stage", "role", "model"}))
            for row in rows
        }

    def add(
        self, *, stage: str, role: int | None, model: str, calls: int, usage: Usage, seconds: float
    ) -> None:
        """Enter one call of a model: the requests it took, failed ones included, and what they used."""
        row = self._rows.setdefault((stage, role, model), _Row())
        row.calls += calls
        row.tokens_in += usage.tokens_in
        row.tokens_out += usage.tokens_out
        row.tokens_cached += usage.tokens_cached
        row.seconds += seconds
        price = price_of(model)
        row.usd = None if row.usd is None or price is None else row.usd + price.cost(usage)

    def rows(self) -> tuple[StageAccount, ...]:
        """Return the account, a row for each stage, role and model, sorted."""

        def place(key: tuple[str, int | None, str]) -> tuple[str, int, str]:
            stage, role, model = key
            return stage, -1 if role is None else role, model

        return tuple(
            StageAccount(stage=key[0], role=key[1], model=key[2], **vars(self._rows[key]))
            for key in sorted(self._rows, key=place)
        )
