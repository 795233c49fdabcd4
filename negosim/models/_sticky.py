"""The dialogue that calls are of, so that all of them go to the same one of a model's servers."""

from contextvars import ContextVar

_dialogue: ContextVar[str] = ContextVar("dialogue", default="")


def calls_are_of(dialogue: str) -> None:
    """Say which dialogue all further calls of this asyncio task are of."""
    _dialogue.set(dialogue)


def current_dialogue() -> str:
    """Return the dialogue that a call is of, "" where that was not said."""
    return _dialogue.get()
