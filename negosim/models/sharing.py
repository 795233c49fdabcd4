"""Limits, budget and cache of models that many processes share: actors that hold them, and who asks these.

The classes named `...Actor` are plain ones that `negosim.cluster` makes Ray actors of, on the node of whoever
began the work; the others stand in for `Limiter`, `Budget` and `ResponseCache` where the work is done.

Everything taken is taken for a task, by its number. When a task is over, or was lost with its node, what it
still holds is given back: places before a server, and what was reserved of the budget, which counts as spent,
since a request that was under way may have been charged for.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from negosim.errors import BudgetError
from negosim.models._budget import NOTHING, Budget, Spending
from negosim.models._cache import ResponseCache
from negosim.models._limiter import Limiter, Limits
from negosim.models._share import Share
from negosim.models._types import ChatResponse

__all__ = [
    "NOTHING",
    "BudgetActor",
    "CacheActor",
    "LimiterActor",
    "Limits",
    "Spending",
    "TaskModels",
    "share_limits",
]

TASK_OVER = "the task that asks is over"


class LimiterActor:
    """The limits of one server, for all tasks together."""

    def __init__(self) -> None:
        self._limiters: dict[str, Limiter] = {}
        self._places: dict[int, Counter[str]] = {}
        self._over: set[int] = set()

    async def tighten(self, model: str, limits: Limits) -> None:
        """Keep these limits too."""
        self._of(model).tighten(limits)

    async def enter(self, task: int, model: str, tokens: int) -> int:
        """Wait until a request may be sent; return the epoch it belongs to.

        Raises:
            LookupError: the task is over, or was lost.

        """
        limiter = self._of(model)
        epoch = await limiter.enter(tokens)
        if task in self._over:
            limiter.leave()
            raise LookupError(TASK_OVER)
        self._places.setdefault(task, Counter())[model] += 1
        return epoch

    async def leave(self, task: int, model: str) -> None:
        """Give back the place of a request."""
        held = self._places.get(task, Counter())
        if held[model]:
            held[model] -= 1
            self._of(model).leave()

    async def answered(self, model: str, estimated: int, tokens: int) -> None:
        """Take note of an answer."""
        self._of(model).answered(estimated, tokens)

    async def slow(self, model: str, epoch: int) -> None:
        """Take note that a request was not answered in time."""
        self._of(model).slow(epoch)

    async def refused(self, model: str, epoch: int, pause: float | None) -> None:
        """Take note that the server is overloaded."""
        self._of(model).refused(epoch, pause)

    async def end(self, task: int) -> None:
        """Give back what a task holds; nothing more is given to it."""
        self._over.add(task)
        for model, places in self._places.pop(task, Counter()).items():
            for _ in range(places):
                self._of(model).leave()

    def _of(self, model: str) -> Limiter:
        return self._limiters.setdefault(model, Limiter())


class BudgetActor:
    """The budget of a run, for all tasks together, and the limiter of each server."""

    def __init__(
        self, usd: float | None, tokens: int | None, spent: Spending, new_limiter: Callable[[], Any]
    ) -> None:
        self._budget = Budget(usd=usd, tokens=tokens)
        self._budget.spent = spent
        self._reserved: dict[int, list[Spending]] = {}
        self._over: set[int] = set()
        self._new_limiter = new_limiter
        self._limiters: dict[str, Any] = {}

    async def limiter(self, place: str) -> Any:
        """Return the actor that has the limits of a server."""
        if place not in self._limiters:
            self._limiters[place] = self._new_limiter()
        return self._limiters[place]

    async def reserve(self, task: int, most: Spending) -> str | None:
        """Set aside what a call can cost; return why that cannot be had, None where it is reserved.

        Raises:
            LookupError: the task is over, or was lost.

        """
        try:
            await self._budget.reserve(most)
        except BudgetError as error:
            return str(error)
        if task in self._over:
            self._budget.settle(most, NOTHING)
            raise LookupError(TASK_OVER)
        self._reserved.setdefault(task, []).append(most)
        return None

    async def settle(self, task: int, most: Spending, used: Spending) -> None:
        """Give back what was reserved for a call, and count what it used."""
        held = self._reserved.get(task, [])
        if most in held:
            held.remove(most)
            self._budget.settle(most, used)

    async def noted(self) -> None:
        """Answer when all that was told before has been noted."""

    async def end(self, task: int) -> Spending:
        """Give back what a task holds, at every server too; return what is spent in all so far."""
        self._over.add(task)
        for most in self._reserved.pop(task, []):
            self._budget.settle(most, most)
        for limiter in self._limiters.values():
            limiter.end.remote(task)
        return self._budget.spent


class CacheActor:
    """The response cache of whoever began the work."""

    def __init__(self) -> None:
        self._cache = ResponseCache()

    def find(self, key: bytes) -> ChatResponse | None:
        """Return the answer kept under a key."""
        return self._cache.find(key)

    def keep(self, key: bytes, model: str, response: ChatResponse) -> bool:
        """Keep an answer; return False if another one was there first."""
        return self._cache.keep(key, model, response)

    def knows(self, model: str) -> bool:
        """Return whether there are answers of a model."""
        return self._cache.knows(model)


class SharedLimiter(Limiter):
    """A server's limiter in a task: its actor lets in; patience with the server is the task's own."""

    def __init__(self, actor: Any, model: str, models: "TaskModels") -> None:
        super().__init__()
        self._actor, self._model, self._models = actor, model, models

    def tighten(self, limits: Limits) -> None:
        """Keep these limits too."""
        self._actor.tighten.remote(self._model, limits)

    async def enter(self, tokens: int) -> int:
        """Wait until a request may be sent; return the epoch it belongs to."""
        epoch: int = await self._actor.enter.remote(self._models.task, self._model, tokens)
        return epoch

    def leave(self) -> None:
        """Give back the place of a request."""
        self._actor.leave.remote(self._models.task, self._model)

    def answered(self, estimated: int, tokens: int) -> None:
        """Take note of an answer."""
        super().answered(estimated, tokens)
        self._actor.answered.remote(self._model, estimated, tokens)

    def slow(self, epoch: int) -> None:
        """Take note that a request was not answered in time."""
        self._actor.slow.remote(self._model, epoch)

    def refused(self, epoch: int, pause: float | None) -> float:
        """Take note that the server is overloaded; return for how long it has refused this task all."""
        self._actor.refused.remote(self._model, epoch, pause)
        return super().refused(self._epoch, pause)


class SharedBudget(Budget):
    """The budget in a task: asked of its actor."""

    def __init__(self, actor: Any, models: "TaskModels", *, usd: float | None, tokens: int | None) -> None:
        super().__init__(usd=usd, tokens=tokens)
        self._actor, self._models = actor, models

    async def reserve(self, most: Spending) -> None:
        """Set aside the most that a call can cost, as soon as that is free.

        Raises:
            BudgetError: that much will not be free any more.

        """
        if why := await self._actor.reserve.remote(self._models.task, most):
            raise BudgetError(why)

    def settle(self, most: Spending, used: Spending) -> None:
        """Give back what was set aside for a call, and count what it used."""
        self._actor.settle.remote(self._models.task, most, used)


class SharedCache(ResponseCache):
    """The response cache in a task: asked of its actor."""

    def __init__(self, actor: Any, wait: Callable[[Any], Any]) -> None:
        self._actor, self._wait = actor, wait

    def find(self, key: bytes) -> ChatResponse | None:
        """Return the answer kept under a key."""
        found: ChatResponse | None = self._wait(self._actor.find.remote(key))
        return found

    def keep(self, key: bytes, model: str, response: ChatResponse) -> bool:
        """Keep an answer; return False if another one was there first."""
        return bool(self._wait(self._actor.keep.remote(key, model, response)))

    def knows(self, model: str) -> bool:
        """Return whether there are answers of a model."""
        return bool(self._wait(self._actor.knows.remote(model)))

    def close(self) -> None:
        """Leave it open for the other tasks."""


class TaskModels:
    """What the tasks of one process share with all others."""

    task = 0
    """The number of the task under way."""

    def __init__(
        self,
        budget: Any,
        cache: Any,
        wait: Callable[[Any], Any],
        *,
        limited: bool,
        usd: float | None,
        tokens: int | None,
    ) -> None:
        """Take the actors.

        Args:
            budget: the actor of the budget and of the limits.
            cache: the actor of the response cache; None where none is used.
            wait: waits for what an actor says.
            limited: whether there is a budget at all.
            usd: its dollars.
            tokens: its tokens.

        """
        self._actor, self._wait = budget, wait
        self.budget = SharedBudget(budget, self, usd=usd, tokens=tokens) if limited else None
        self.answers = SharedCache(cache, wait) if cache is not None else None

    def flush(self) -> None:
        """Wait until the actor of the budget has taken note of all that was told to it."""
        self._wait(self._actor.noted.remote())

    def limiter(self, place: str, model: str) -> SharedLimiter:
        """Return the limiter of a model at a server."""
        return SharedLimiter(self._wait(self._actor.limiter.remote(place)), model, self)


def share_limits(models: TaskModels) -> None:
    """Let all models of this process, which is a task's, keep to the limits of all tasks together."""
    Share.new_limiter = models.limiter
