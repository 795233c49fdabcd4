"""Event loop of the synchronous API: runs a coroutine to its end."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_coroutine(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own: uvloop's, but on Windows, where there is none.

    Raises:
        UserError: an event loop is running already, as in a notebook; it names the twin to be awaited.

    """
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
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(coroutine)
