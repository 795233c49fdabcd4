"""Agents that wait for nothing, and so need no event loop.

The simulated negotiator answers from its own mind. LangGraph takes a fifth less time for a turn when it need
not make a task of every stage, so a dialogue of simulated negotiators alone is played without.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.engine._state import DialogueContext

Answer = TypeVar("Answer")

NodeResult = dict[str, Any] | Command[str]
Node = Callable[[Any, Runtime[DialogueContext]], Coroutine[Any, Any, NodeResult]]


def unawaited(node: Node) -> Callable[[Any, Runtime[DialogueContext]], NodeResult]:
    """Return a node of the graph as a function that does the same at once."""

    def run(state: Any, runtime: Runtime[DialogueContext]) -> NodeResult:
        return run_through(node(state, runtime))

    return run


def run_through(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine that waits for nothing, and return what it returns.

    Raises:
        RuntimeError: it waits for something.

    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    coroutine.close()
    raise RuntimeError("a simulated negotiator is not to wait for anything")
