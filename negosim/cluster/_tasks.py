"""Tasks of a cluster: sent as there is room for them, their results received, those lost sent again.

What runs where is Ray's to decide. Imported where Ray is used alone.
"""

import asyncio
import logging
import os
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count as numbers
from itertools import islice
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError, TaskCancelledError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from negosim.cluster._work import MOST_LOSSES, Item, Received, Work
from negosim.cluster._worker import Done, Sent, Stopped, TaskOrder, perform_batch, versions
from negosim.errors import UserError
from negosim.models import Budget
from negosim.models.sharing import NOTHING, BudgetActor, CacheActor, LimiterActor

logger = logging.getLogger(__name__)

QUICK_BATCH = 20
"""Items a task does that need the processor alone."""
SLOW_BATCH = 8
"""Times its width that a task has of items that wait for servers; near its end some places are idle."""
PATIENCE = 1.0
"""Seconds after which a wait for results is begun anew, so that Ctrl-C gets through."""
WAITING_CALLS = 100_000
"""Calls that may wait at an actor: more than there can be requests at once."""
TAKEN_ALONG = ("OPENAI_", "NEGOSIM_")
"""Variables that tasks get by how their names begin."""


@dataclass
class _Piece:
    """An item, and how often it was lost."""

    item: Item
    losses: int = 0


@dataclass
class _Flight:
    """A task that was sent."""

    task: int
    results: Any
    left: dict[int, _Piece]
    """By position in the task: what has not come back."""


@dataclass
class Tasks:
    """The tasks of one piece of work."""

    work: Work
    count: int
    cores: int
    concurrency: int | None
    cache: bool
    budget: Budget | None
    renew: Callable[[Item], Item]
    _flights: list[_Flight] = field(default_factory=list)
    _again: deque[_Piece] = field(default_factory=deque)

    def __post_init__(self) -> None:
        asked = self.concurrency
        if asked is None:
            self._width, self._most = 1, 2 * self.cores
            self._batch = max(1, min(QUICK_BATCH, self.count // (4 * self.cores)))
        else:
            self._most = min(self.cores, asked)
            self._width = -(-asked // self._most)
            self._batch = max(1, min(SLOW_BATCH * self._width, -(-self.count // self._most)))
        self._numbers = numbers(1)
        self._actor: Any = None

    async def perform(self, items: Iterable[Item]) -> AsyncIterator[Received]:
        """Do items; yield what is received.

        Raises:
            NegosimError: what ends the whole work.

        """
        order = ray.put(self._order())
        send = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(perform_batch)
        waiting = iter(items)
        try:
            while True:
                while len(self._flights) < self._most and (some := self._next(waiting)):
                    task = next(self._numbers)
                    results = send.remote(
                        order, task, [self.renew(piece.item) for piece in some], self._width
                    )
                    self._flights.append(_Flight(task, results, dict(enumerate(some))))
                if not self._flights:
                    return
                for flight in await asyncio.to_thread(self._ready):
                    for received in self._received(flight):
                        yield received
        finally:
            for flight in self._flights:
                ray.cancel(flight.results, force=False)
            self._settle()

    def _next(self, waiting: Iterator[Item]) -> list[_Piece]:
        """Return the items of the next task: first those that were lost."""
        some = [self._again.popleft() for _ in range(min(self._batch, len(self._again)))]
        return some or [_Piece(item) for item in islice(waiting, self._batch)]

    def _ready(self) -> list[_Flight]:
        """Wait for results; return the tasks that have some."""
        waiting = [flight.results for flight in self._flights]
        ready, _ = ray.wait(waiting, num_returns=1, timeout=PATIENCE, fetch_local=False)
        return [flight for flight in self._flights if any(flight.results is one for one in ready)]

    def _received(self, flight: _Flight) -> list[Received]:
        """Take what a task has ready; put what was lost with it back among what is to be done."""
        try:
            told = ray.get(next(flight.results))
        except StopIteration:
            self._flights.remove(flight)
            self._end(flight)
            if flight.left:  # it ended without an error, and without them: its node has gone
                self._lost(flight, "ended early")
            return []
        except RayTaskError as error:
            raise _cause(error) from None
        except TaskCancelledError:
            raise
        except RayError as error:
            self._flights.remove(flight)
            self._end(flight)
            self._lost(flight, str(error).strip().splitlines()[0])
            return []
        received = []
        for one in told:
            if isinstance(one, Stopped):
                raise one.error
            if isinstance(one, Done):
                received.append(Received(flight.left.pop(one.position).item, one.result, done=True))
            elif isinstance(one, Sent):
                received.append(Received(flight.left[one.position].item, one.content, done=False))
        return received

    def _lost(self, flight: _Flight, why: str) -> None:
        logger.warning(
            "%d of a task's items were lost with its process and are done again: %s", len(flight.left), why
        )
        for piece in flight.left.values():
            piece.losses += 1
            if piece.losses > MOST_LOSSES:
                raise UserError(
                    f"work was lost {MOST_LOSSES + 1} times with its Ray worker ({why}); see to the nodes, "
                    "above all their memory, and go on with what is left"
                )
            self._again.append(piece)

    def _order(self) -> TaskOrder:
        """Return what all tasks have in common, and begin the actors that models share."""
        token = secrets.token_hex(8)
        if self.concurrency is None:
            return TaskOrder(token, versions(), self.work)
        # Whoever asks goes on when a node dies; when this one does, the work ends with it.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        shared = {"num_cpus": 0, "scheduling_strategy": here}
        limiter = ray.remote(LimiterActor).options(max_concurrency=WAITING_CALLS, **shared)
        usd, tokens = (self.budget.usd, self.budget.tokens) if self.budget else (None, None)
        self._actor = (
            ray.remote(BudgetActor)
            .options(max_concurrency=WAITING_CALLS, **shared)
            .remote(usd, tokens, self.budget.spent if self.budget else NOTHING, limiter.remote)
        )
        cache = ray.remote(CacheActor).options(**shared).remote() if self.cache else None
        environment = {name: value for name, value in os.environ.items() if name.startswith(TAKEN_ALONG)}
        return TaskOrder(
            token,
            versions(),
            self.work,
            self._actor,
            cache,
            limited=self.budget is not None,
            usd=usd,
            tokens=tokens,
            environment=environment,
        )

    def _end(self, flight: _Flight) -> None:
        """Give back what a task held."""
        if self._actor is not None:
            self._actor.end.remote(flight.task)

    def _settle(self) -> None:
        """Note in the caller's budget what was spent."""
        if self._actor is not None and self.budget is not None:
            for flight in self._flights:
                self._actor.end.remote(flight.task)
            self.budget.spent = ray.get(self._actor.end.remote(0))


def _cause(error: RayTaskError) -> BaseException:
    """Return what a task failed with: a fault of its own, or that the node has not what it needs."""
    cause = error.cause
    if isinstance(cause, ImportError):
        return UserError(
            f"a node of the Ray cluster cannot do this work ({cause}); install there what is installed here: "
            f"{versions()}, and the same plugins"
        )
    return cause if isinstance(cause, BaseException) else error
