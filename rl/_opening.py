"""The opening of a dialogue for chat templates that know no system prompt and want the user to begin."""

from collections.abc import Sequence

Message = dict[str, str]
"""`role` (system, user, assistant) and `content`."""

NEUTRAL = "(The conversation begins.)"
"""What stands in the user's place where the assistant speaks first."""


def assistant_begins(messages: Sequence[Message]) -> bool:
    """Return whether the assistant speaks before the user does."""
    return next((message["role"] for message in messages if message["role"] != "system"), "") == "assistant"


def fold_opening(messages: Sequence[Message]) -> list[Message]:
    """Return the same dialogue begun by the user.

    A system prompt goes to the head of the first user turn, with an empty line between; where the
    assistant speaks first (or nobody yet), that turn is a neutral one.
    """
    systems = [message["content"] for message in messages if message["role"] == "system"]
    turns = [message for message in messages if message["role"] != "system"]
    if turns and turns[0]["role"] == "user":
        first, turns = turns[0]["content"], turns[1:]
    else:
        first = NEUTRAL
    return [{"role": "user", "content": "\n\n".join([*systems, first])}, *turns]
