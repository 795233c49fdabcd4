"""Requests to chat models and their replies, whatever the provider."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

AnswerMode = Literal["json_schema", "json_object", "prompt"]
"""How a server was held to the answer's form: by its JSON Schema, to any JSON object, or by asking."""

Finish = Literal["stop", "length", "refusal", "filtered", "reasoning"]
"""How an answer ended; "refusal": the model declined; "filtered": a content filter kept the prompt or the
answer back; "reasoning": it is empty, and what there is stands in the reasoning channel."""


@dataclass(frozen=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user"]
    content: str


async def _permitted() -> None:
    """Allow every request to be sent again."""


@dataclass(frozen=True)
class ChatRequest:
    """One call to a model."""

    messages: tuple[Message, ...]
    schema: dict[str, Any]
    """JSON Schema of the answer, without references. Shared between calls: never change it."""
    schema_name: str
    seed: int
    """0 .. 2**31 - 1, which every server takes."""
    temperature: float
    max_tokens: int
    before_resend: Callable[[], Awaitable[None]] = field(default=_permitted, compare=False, repr=False)
    """Awaited before the request is sent again because its answer was lost: the provider may charge
    for the lost one too. What it raises keeps the request from being sent."""
    unheld: AnswerMode | None = field(default=None, compare=False)
    """How the server had been asked for the answer before this one, which was not in the form: a
    transport asks in a less strict way from then on."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call, as the server counts them."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """The part of `tokens_in` read from the server's prefix cache."""
    tokens_reasoning: int = 0
    """The part of `tokens_out` that a model reasoned with before it answered."""


@dataclass(frozen=True)
class ChatResponse:
    """One answer of a model, unparsed."""

    text: str
    finish: Finish
    usage: Usage
    mode: AnswerMode = "json_schema"
    requests: int = 1
    """Requests it took, those the server failed included."""
    cached: bool = False
    """Whether it came from the response cache; nothing was sent then."""


class ChatModel(Protocol):
    """A chat model behind any transport."""

    name: str
    """How records name it: "openai:gpt-4o-mini"."""

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Send one request.

        Raises:
            ModelError: the provider failed; transient failures have been retried already.

        """
        ...

    async def preflight(self) -> None:
        """Check, without asking the model anything, that it can be reached and the key is taken.

        Raises:
            UserError: it cannot; the message says what to do.

        """
        ...

    async def close(self) -> None:
        """Release connections and processes."""
        ...
