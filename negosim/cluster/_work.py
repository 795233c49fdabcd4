"""Work for a cluster: opening it on a machine, what is sent and received of it, what it may not need."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from negosim.errors import UserError
from negosim.models import Budget, ModelSpec, ResponseCache, is_sized

Item = Any
"""One piece of work, such as a dialogue to be played: picklable."""
Send = Callable[[Any], None]
"""Tells the machine that began the work something before an item is done."""
Perform = Callable[[Item, Send], Awaitable[Any]]
"""Does one item and returns its result."""

MOST_LOSSES = 3
"""Times an item may be lost with its process before it is taken to be the reason."""
IN_PROCESS = ("policy", "human")
"""Kinds of agents that need this very process: its memory, its terminal."""


@dataclass(frozen=True)
class TaskTools:
    """What work shares with the same work on other machines."""

    budget: Budget | None = None
    answers: ResponseCache | None = None
    """The cache of models' answers."""


@dataclass(frozen=True)
class Received:
    """What was received of an item: something it sent, or its result, after which nothing more comes."""

    item: Item
    content: Any
    done: bool


class Work(Protocol):
    """Work of many items: picklable, and opened once in each process that does some of it."""

    def opened(self, tools: TaskTools) -> AbstractAsyncContextManager[Perform]:
        """Open models and whatever else is needed.

        Raises:
            UserError: something cannot be opened on that machine.

        """
        ...


def refuse_in_process(specs: Iterable[ModelSpec], names: Collection[str] = ()) -> None:
    """Refuse to take models and agents to other machines that are bound to this process.

    Args:
        specs: models and agents that the work needs.
        names: of agents as given, such as "chat:gguf:FILE".

    Raises:
        UserError: one of them cannot go there.

    """
    for spec in specs:
        if is_sized(spec):
            raise UserError(
                f"{spec.name} runs in this process and cannot go to a Ray cluster: serve the file "
                "(llama-server -m FILE) and name the server, as in openai:NAME@http://host:port/v1; or leave "
                "--ray out"
            )
        if spec.kind in IN_PROCESS:
            what = "a person sits at this terminal" if spec.kind == "human" else "a policy is in this process"
            raise UserError(f"{spec.name!r} cannot go to a Ray cluster: {what}; leave --ray out")
    for name in names:
        if name.partition(":")[0] in IN_PROCESS:
            raise UserError(f"{name!r} cannot go to a Ray cluster: it needs this process; leave --ray out")
