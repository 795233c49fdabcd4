"""The account of model calls: how many, how many tokens, how long, how much money."""

from collections.abc import Iterable
from dataclasses import dataclass

from negosim.models._prices import price_of
from negosim.models._types import Usage
from negosim.records import StageAccount


@dataclass
class _Row:
    calls: int = 0
    cached_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    seconds: float = 0.0
    usd: float | None = 0.0


class Ledger:
    """The account of one dialogue: what every stage of every role cost."""

    def __init__(self, rows: Iterable[StageAccount] = ()) -> None:
        """Begin with the sum of accounts kept so far, or with nothing."""
        self._rows: dict[tuple[str, int | None, str], _Row] = {}
        for row in rows:
            sums = self._rows.setdefault((row.stage, row.role, row.model), _Row())
            for name, value in row.model_dump(exclude={"stage", "role", "model"}).items():
                so_far = getattr(sums, name)
                setattr(sums, name, None if so_far is None or value is None else so_far + value)

    def add(
        self,
        *,
        stage: str,
        role: int | None,
        model: str,
        calls: int,
        usage: Usage,
        seconds: float,
        cached_calls: int = 0,
    ) -> None:
        """Enter one call of a model: the requests it took, failed ones included, and what they used.

        `cached_calls` is 1 for an answer that came from the response cache: it took and used nothing.
        """
        row = self._rows.setdefault((stage, role, model), _Row())
        row.calls += calls
        row.cached_calls += cached_calls
        row.tokens_in += usage.tokens_in
        row.tokens_out += usage.tokens_out
        row.tokens_cached += usage.tokens_cached
        row.seconds += seconds
        if not cached_calls:
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

    def drain(self) -> list[StageAccount]:
        """Return the account and begin a new one."""
        rows = list(self.rows())
        self._rows.clear()
        return rows
