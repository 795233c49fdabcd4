"""The steps of a dialogue one after the other, without a graph: for participants that wait for nothing."""

from collections.abc import AsyncIterator

from negosim.engine._planners import SPEAK
from negosim.engine._state import DialogueContext, History
from negosim.engine._steps import (
    END,
    after_turn,
    after_vote,
    begun_with,
    deliberate,
    opened,
    recorded,
    voted,
)


async def walk(begun: History, context: DialogueContext) -> AsyncIterator[History]:
    """Play a dialogue of single-staged turns to its end, by the graph's steps; yield what has happened.

    Raises:
        StageError: a stage failed for good.

    """
    history, step = begun, begun_with(begun, context)
    while step != END:
        if step == "vote":
            history = await voted(history, context)
            step = after_vote(history, context)
        else:
            made = await deliberate(SPEAK, opened(history, context), context, last=True)
            history = await recorded(made, history, context)
            step = after_turn(history, context)
        yield history
