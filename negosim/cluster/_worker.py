"""The part of the work that runs in a worker process of a cluster.

Imported where Ray is used alone. A process opens its models once for a run and keeps them between tasks.
"""

import asyncio
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import ray

from negosim.cluster._work import Item, Perform, TaskTools, Work
from negosim.errors import NegosimError, UserError
from negosim.models.sharing import TaskModels, share_limits

INTERVAL = 0.2
"""Seconds after which what has come of a task meanwhile is passed on."""


@dataclass(frozen=True)
class TaskOrder:
    """What all tasks of one piece of work have in common."""

    token: str
    versions: str
    work: Work
    budget: Any = None
    """The actor of the budget and of the limits; None where no model is asked."""
    cache: Any = None
    limited: bool = False
    usd: float | None = None
    tokens: int | None = None
    environment: Mapping[str, str] | None = None
    """Variables that the models need, where the machine has no own: nothing of it is logged or shown."""


@dataclass(frozen=True)
class Sent:
    """Something a task tells of an item before it is done."""

    position: int
    content: Any


@dataclass(frozen=True)
class Done:
    """The result of an item."""

    position: int
    result: Any


@dataclass(frozen=True)
class Stopped:
    """What ends the whole work."""

    error: NegosimError


def versions() -> str:
    """Return what must be the same on all machines."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"negosim {version('negosim')} and Python {python}"


class _Process:
    """What this process has open: one piece of work."""

    def __init__(self, order: TaskOrder) -> None:
        self.token = order.token
        self.loop = _new_loop()
        self._stack = AsyncExitStack()
        self.models: TaskModels | None = None
        tools = TaskTools()
        for name, value in (order.environment or {}).items():
            os.environ.setdefault(name, value)
        if order.budget is not None:
            self.models = TaskModels(
                order.budget,
                order.cache,
                ray.get,
                limited=order.limited,
                usd=order.usd,
                tokens=order.tokens,
            )
            share_limits(self.models)
            tools = TaskTools(self.models.budget, self.models.answers)
        opening = self._stack.enter_async_context(order.work.opened(tools))
        self.perform: Perform = self.loop.run_until_complete(opening)

    def close(self) -> None:
        """Close what is open."""
        self.loop.run_until_complete(self._stack.aclose())
        self.loop.close()


_process: _Process | None = None


def perform_batch(order: TaskOrder, task: int, items: Sequence[Item], width: int) -> Iterator[list[Any]]:
    """Do some items, `width` at a time; yield what comes of them.

    Yields:
        Lists of `Sent` and `Done`; at the end `Stopped`, where an error ends the whole work.

    """
    if order.versions != versions():
        wrong = f"a node of the Ray cluster has {versions()}, not {order.versions}; install the same there"
        yield [Stopped(UserError(wrong))]
        return
    try:
        process = _opened(order)
    except NegosimError as error:
        yield [Stopped(error)]
        return
    if process.models is not None:
        process.models.task = task
    outbox: list[Any] = []
    working = process.loop.create_task(_work(process.perform, items, width, outbox))
    while not working.done():
        process.loop.run_until_complete(asyncio.wait({working}, timeout=INTERVAL))
        if outbox and not working.done():
            yield list(outbox)
            outbox.clear()
    if process.models is not None:
        process.models.flush()
    stopped = working.exception()
    if isinstance(stopped, NegosimError):
        outbox.append(Stopped(stopped))
    elif stopped is not None:
        raise stopped
    yield outbox


def _opened(order: TaskOrder) -> _Process:
    global _process
    if _process is None or _process.token != order.token:
        if _process is not None:
            before, _process = _process, None
            before.close()
        _process = _Process(order)
    return _process


async def _work(perform: Perform, items: Sequence[Item], width: int, outbox: list[Any]) -> None:
    """Do items in order, `width` at a time; the first error stops the rest."""
    waiting = iter(enumerate(items))

    async def worker() -> None:
        for position, item in waiting:

            def send(content: Any, position: int = position) -> None:
                outbox.append(Sent(position, content))

            result = await perform(item, send)
            outbox.append(Done(position, result))
            await asyncio.sleep(0)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(width, len(items))):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
