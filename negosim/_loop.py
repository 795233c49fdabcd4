"""Running a coroutine to its end, and the interpreter without pauses."""

import gc
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")

ALLOCATIONS = 200_000
"""Objects made before the garbage collector looks at the young ones. An import or a turn makes thousands
that stay or die by reference count; with the interpreter's 700 it would look again and again in vain."""


def run_coroutine(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own: uvloop's, but on Windows, where there is none.

    Raises:
        UserError: an event loop is running already, as in a notebook; it names the twin to be awaited.

    """
    import asyncio

    from negosim.errors import UserError

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        coroutine.close()
        twin = getattr(coroutine, "__name__", "the asynchronous twin")
        raise UserError(f"an event loop is running already, as in a notebook; use: await {twin}(...)")

    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with patient_collector(), asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(coroutine)


@contextmanager
def patient_collector(*, leaving: bool = False) -> Iterator[None]:
    """Have the garbage collector look less often, and not at what there is already.

    Args:
        leaving: whether the interpreter exits after this. It is then not left to search all objects once
            more and take each apart, which takes as long as a quarter of a run's start.

    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *thresholds[1:])
    try:
        yield
    finally:
        if leaving:
            gc.freeze()
        else:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
