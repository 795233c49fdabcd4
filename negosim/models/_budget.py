"""The budget of a run: no call is sent whose cost, at worst, would exceed it.

Before a call is sent, the most it can cost is reserved; what it did cost is settled afterwards. So
calls in flight count, at any number of them. While what is free would not hold another call, calls
wait for those in flight. Once what has been spent does not, the run is over: calls in flight come to
their end, then everyone who asks gets a `BudgetError`.
"""

import asyncio
import math
from dataclasses import dataclass, replace

import orjson

from negosim.errors import BudgetError, ModelError, UserError
from negosim.models._prices import PRICES_VARIABLE, Price, price_of
from negosim.models._types import ChatModel, ChatRequest, ChatResponse, Usage

TEMPLATE_TOKENS = 256
"""More than what a server's chat template puts around one message."""


@dataclass(frozen=True)
class Spending:
    """Tokens, in and out together, and US dollars."""

    tokens: int
    usd: float


NOTHING = Spending(0, 0.0)


class Budget:
    """What the calls of a run may use in all; shared by its models."""

    def __init__(self, *, usd: float | None = None, tokens: int | None = None) -> None:
        """Set the limits; None is no limit.

        Raises:
            UserError: a limit is no number, or below zero.

        """
        for name, limit in (("usd", usd), ("tokens", tokens)):
            if limit is not None and not (math.isfinite(limit) and limit >= 0):
                raise UserError(f"a budget ({name}) must be a number of at least 0, not {limit}")
        self.usd = usd
        self.tokens = tokens
        self.spent = NOTHING
        """Settled so far. An answer that was lost, or whose tokens the server did not count, is in it
        with the most it can have cost."""
        self._reserved = NOTHING
        self._in_flight = 0
        self._over = False
        self._change = asyncio.Event()

    async def reserve(self, most: Spending) -> None:
        """Set aside the most that a call can cost, as soon as that is free.

        Raises:
            BudgetError: that much will not be free any more.

        """
        while not self._over:
            if not self._holds(most, self.spent):
                self._over = True
            elif self._holds(most, self.spent, self._reserved):
                self._reserved = _sum(self._reserved, most)
                self._in_flight += 1
                return
            else:
                await self._changed()
        while self._in_flight:
            await self._changed()
        raise BudgetError(self._explain(most))

    def settle(self, most: Spending, used: Spending) -> None:
        """Give back what was set aside for a call, and count what it used."""
        self.spent = _sum(self.spent, used)
        self._in_flight -= 1
        rest = Spending(self._reserved.tokens - most.tokens, self._reserved.usd - most.usd)
        self._reserved = rest if self._in_flight else NOTHING
        self._change.set()
        self._change = asyncio.Event()

    async def _changed(self) -> None:
        await self._change.wait()

    def _holds(self, *amounts: Spending) -> bool:
        usd = self.usd is None or sum(amount.usd for amount in amounts) <= self.usd
        return usd and (self.tokens is None or sum(amount.tokens for amount in amounts) <= self.tokens)

    def _explain(self, most: Spending) -> str:
        spent, parts = self.spent, []
        if self.usd is not None:
            parts.append(
                f"${spent.usd:.4f} of ${self.usd:g} are spent, the next call may cost ${most.usd:.4f}"
            )
        if self.tokens is not None:
            used = f"{spent.tokens:,} of {self.tokens:,} tokens are used"
            parts.append(f"{used}, the next call may use {most.tokens:,}")
        return f"the budget is used up: {'; '.join(parts)}"


class BudgetedModel:
    """A chat model whose calls keep to a budget."""

    def __init__(self, model: ChatModel, budget: Budget) -> None:
        """Put a model under a budget.

        Raises:
            UserError: the budget is in dollars and the model's price is not known.

        """
        price = price_of(model.name)
        if price is None and budget.usd is not None:
            row = f'{{"models": {{"{model.name}": {{"tokens_in": 0.5, "tokens_out": 1.5}}}}}}'
            raise UserError(
                f"a budget in dollars needs the price of {model.name}: write it into a file, in dollars for "
                f"a million tokens, as in {row}, and name the file in {PRICES_VARIABLE}; "
                "or use a budget in tokens"
            )
        self.name = model.name
        self._model = model
        self._budget = budget
        self._price = price or Price(tokens_in=0, tokens_out=0)

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Send one request if the budget allows it.

        Raises:
            BudgetError: it does not.
            ModelError: the provider failed.

        """
        most_tokens = most_usage(request)
        most = self._amount(most_tokens)
        await self._budget.reserve(most)
        held = True

        async def before_resend() -> None:
            nonlocal held
            self._budget.settle(most, most)
            held = False
            await self._budget.reserve(most)
            held = True

        # Whatever happens to a request once it is sent, the provider may charge for it.
        used = most
        try:
            response = await self._model.complete(replace(request, before_resend=before_resend))
            used = self._amount(_at_most(response.usage, most_tokens))
            return response
        except ModelError as error:
            if not error.lost:
                used = NOTHING
            raise
        finally:
            if held:
                self._budget.settle(most, used)

    async def preflight(self) -> None:
        """Check that the model can be reached."""
        await self._model.preflight()

    async def close(self) -> None:
        """Release the model."""
        await self._model.close()

    def _amount(self, usage: Usage) -> Spending:
        return Spending(usage.tokens_in + usage.tokens_out, self._price.cost(usage))


def most_usage(request: ChatRequest) -> Usage:
    """Return the most tokens a call can use, its prompt read without a prefix cache.

    A token of a prompt is at least a byte long. The schema counts, since some servers put it into
    the prompt. The answer is as long as allowed.
    """
    prompt = sum(len(message.content.encode()) + TEMPLATE_TOKENS for message in request.messages)
    return Usage(tokens_in=prompt + len(orjson.dumps(request.schema)), tokens_out=request.max_tokens)


def _at_most(usage: Usage, most: Usage) -> Usage:
    """Return a usage with the most it can have been in place of what the server did not count."""
    return replace(
        usage, tokens_in=usage.tokens_in or most.tokens_in, tokens_out=usage.tokens_out or most.tokens_out
    )


def _sum(first: Spending, second: Spending) -> Spending:
    return Spending(first.tokens + second.tokens, first.usd + second.usd)
