"""The account of model calls: how many, how many tokens, how long, how much money."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import Any

from negosim.models._prices import price_of
from negosim.models._types import Usage
from negosim.records import Call, StageAccount, total_usd


class Ledger:
    """The calls of one dialogue that have not been put on record yet."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._price_of = cache(price_of)

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
    ) -> dict[str, int]:
        """Enter one call of a model: the requests it took, failed ones included, and what they used.

        `cached_calls` is 1 for an answer that came from the response cache: it took and used nothing.

        Returns:
            Where is counted why the answer is asked for again, if it is.

        """
        price = self._price_of(model)
        if cached_calls:
            usd: float | None = 0.0
        else:
            usd = None if price is None else price.cost(usage)
        again: dict[str, int] = {}
        self._rows.append(
            {
                "again": again,
                "stage": stage,
                "role": role,
                "model": model,
                "calls": calls,
                "cached_calls": cached_calls,
                "tokens_in": usage.tokens_in,
                "tokens_out": usage.tokens_out,
                "tokens_cached": usage.tokens_cached,
                "tokens_reasoning": usage.tokens_reasoning,
                "seconds": round(seconds, 6),
                "usd": usd,
            }
        )
        return again

    def rows(self) -> tuple[StageAccount, ...]:
        """Return the sums by stage, role and model."""
        return account_of(Call(**row) for row in self._rows)

    def drain(self, turn: int) -> list[Call]:
        """Return the calls, made for a turn, and begin anew."""
        calls = [Call(**row, turn=turn) for row in self._rows]
        self._rows.clear()
        return calls


def account_of(calls: Iterable[Call]) -> tuple[StageAccount, ...]:
    """Sum calls by stage, role and model; sorted by these."""

    def place(call: Call) -> tuple[str, int, str]:
        return call.stage, -1 if call.role is None else call.role, call.model

    return tuple(_sum(list(group)) for _, group in groupby(sorted(calls, key=place), key=place))


def _sum(calls: list[Call]) -> StageAccount:
    return StageAccount(
        stage=calls[0].stage,
        role=calls[0].role,
        model=calls[0].model,
        calls=sum(call.calls for call in calls),
        cached_calls=sum(call.cached_calls for call in calls),
        tokens_in=sum(call.tokens_in for call in calls),
        tokens_out=sum(call.tokens_out for call in calls),
        tokens_cached=sum(call.tokens_cached for call in calls),
        tokens_reasoning=sum(call.tokens_reasoning for call in calls),
        again=dict(sum((Counter(call.again) for call in calls), Counter[str]())),
        seconds=sum(call.seconds for call in calls),
        usd=total_usd(call.usd for call in calls),
    )
