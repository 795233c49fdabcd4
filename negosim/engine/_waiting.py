"""Waiting for models in a graph that runs synchronously.

LangGraph makes two tasks of the event loop for each stage of a graph that runs asynchronously; without them a
turn takes it an eighth less time (`benchmarks/bare_langgraph.py`), and simulated negotiators, who wait for
nothing, need none at all. So the graph runs in a greenlet, as SQLAlchemy's asyncio does it: where a stage
waits, the greenlet hands what it waits for to the event loop, and goes on with what came of it.
"""

from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from types import coroutine
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.engine._state import DialogueContext

Answer = TypeVar("Answer")

NodeResult = dict[str, Any] | Command[str]
Node = Callable[[Any, Runtime[DialogueContext]], Coroutine[Any, Any, NodeResult]]


def as_node(node: Node) -> Any:
    """Return a node of the graph as a function that waits where the node does; for `in_greenlet`."""

    def run(state: Any, runtime: Runtime[DialogueContext]) -> NodeResult:
        return wait_for(node(state, runtime))

    return run


def wait_for(asked: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what a coroutine returns; meanwhile the event loop does other things.

    Raises:
        RuntimeError: it waits for something, and this is not within `in_greenlet`.

    """
    outside = getcurrent().parent
    came: Any = None
    thrown: BaseException | None = None
    while True:
        try:
            waited = asked.send(came) if thrown is None else asked.throw(thrown)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        if outside is None:
            asked.close()
            raise RuntimeError("a stage that waits must be run in a greenlet")
        came = thrown = None
        try:
            came = outside.switch(waited)
        except BaseException as error:
            thrown = error


@coroutine
def in_greenlet(function: Callable[[], None]) -> Generator[Any, Any, None]:
    """Run a function in a greenlet, where `wait_for` can wait for what the event loop brings about.

    When the task is cancelled, what is waited for is, and `CancelledError` comes out of here, as of any
    coroutine, though LangGraph makes an error of its own of it.
    """
    inside = greenlet(function)
    inside.gr_context = copy_context()  # else it would begin with none
    waited = inside.switch()
    while not inside.dead:
        try:
            came = yield waited
        except CancelledError as cancelled:
            try:
                waited = inside.throw(cancelled)
            except Exception as error:
                if error.__cause__ is cancelled:
                    raise cancelled from None
                raise
        except BaseException as error:
            waited = inside.throw(error)
        else:
            waited = inside.switch(came)
