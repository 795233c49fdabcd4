"""A model that answers from a script, for tests of everything that talks to models."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from negosim.models._types import ChatRequest, ChatResponse, Usage

Answerable = str | Mapping[str, Any] | BaseModel | ChatResponse | Exception
Script = Callable[[ChatRequest], Answerable | Awaitable[Answerable]]


class ScriptedModel:
    """Answers at once from a list, in order, or from a function of the request.

    An answer is a text, something to send as JSON (a mapping, a pydantic object), a whole
    `ChatResponse`, or an exception to raise. The function may be asynchronous. Tokens are counted as
    one for every four characters, where no `ChatResponse` says otherwise.

    ```python
    model = ScriptedModel(lambda request: {"text": "Good morning."})
    model = ScriptedModel(["not JSON", {"text": "Good morning."}])
    ```
    """

    def __init__(self, script: Sequence[Answerable] | Script, *, name: str = "scripted") -> None:
        self.name = name
        self.requests: list[ChatRequest] = []
        """Every request, in the order they came."""
        self.closed = False
        self._script = script

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Give the next answer of the script.

        Raises:
            LookupError: a list has run out of answers.

        """
        self.requests.append(request)
        answer: Any
        if callable(self._script):
            answer = self._script(request)
            if inspect.isawaitable(answer):
                answer = await answer
        elif len(self.requests) > len(self._script):
            raise LookupError(f"the script has {len(self._script)} answers, but a further one was asked for")
        else:
            answer = self._script[len(self.requests) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, ChatResponse) else _response(request, answer)

    async def preflight(self) -> None:
        """Do nothing: a script is always there."""

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


def _response(request: ChatRequest, answer: str | Mapping[str, Any] | BaseModel) -> ChatResponse:
    if isinstance(answer, BaseModel):
        text = answer.model_dump_json()
    else:
        text = answer if isinstance(answer, str) else orjson.dumps(dict(answer)).decode()
    size = sum(len(message.content) for message in request.messages)
    return ChatResponse(text, "stop", Usage(tokens_in=-(-size // 4), tokens_out=-(-len(text) // 4)))
