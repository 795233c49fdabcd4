"""LangChain's classes that rest on OpenAI's SDK: their requests, over negosim's own connections.

Those connections are one set for each event loop, read replies within bounds, and take keys out of them.
LangChain's default is one set for the process, which fails in the second event loop.
"""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from yarl import URL

from negosim.models._http import exchange
from negosim.models._reply import Reply
from negosim.models._secrets import Secrets
from negosim.models._share import Share

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai.chat_models.base import BaseChatOpenAI

wire: ContextVar[list[tuple[Reply, Mapping[str, str]]]] = ContextVar("wire")
"""The replies to the requests of the call under way, as they came, with their headers."""

_LEFT_OUT = frozenset({"host", "connection", "content-length", "accept-encoding", "transfer-encoding"})
"""Headers that are the connection's business."""
_OURS = {"temperature": None, "max_tokens": None, "seed": None, "streaming": False}
"""Settings that stand in the request, and not in the object."""


class OpenAICaller:
    """Calls one model of LangChain's that rests on OpenAI's SDK."""

    def __init__(
        self, model: "BaseChatOpenAI", share: Callable[[], Share], secrets: Secrets, timeout: float
    ) -> None:
        """Take a model; what is sent goes through the connections that `share` returns."""
        self._given = model
        self._share = share
        self._secrets = secrets
        self._timeout = timeout
        self._of: Share | None = None
        self._model = model

    def prepare(
        self, body: Mapping[str, Any], messages: "list[BaseMessage]"
    ) -> "Callable[[], Awaitable[AIMessage]]":
        """Return what sends a request that is given in the terms of the chat completions protocol."""
        model = self._joined()
        rest = {name: value for name, value in body.items() if name not in ("model", "messages")}
        if model._use_responses_api(model._default_params):
            rest = _for_responses(rest, keep=model.store)
        else:
            # In the extra body LangChain leaves it as it is: else it would drop, rename or parse parts.
            rest = {"extra_body": {**(model.extra_body or {}), **rest}}

        async def call() -> "AIMessage":
            return await generate(model, messages, **rest)

        return call

    async def models(self) -> None:
        """Ask the server for its models."""
        await self._joined().root_async_client.get("/models", cast_to=object)

    def _joined(self) -> "BaseChatOpenAI":
        """Return the model with the connections of the running event loop."""
        share = self._share()
        if self._of is not share:
            client = self._given.root_async_client.with_options(max_retries=0, timeout=self._timeout)
            if self._given.http_async_client is None:
                client = client.with_options(http_client=_client(share, self._secrets, self._timeout))
            ours = {"root_async_client": client, "async_client": client.chat.completions}
            self._model, self._of = self._given.model_copy(update={**_OURS, **ours}), share
        return self._model


async def generate(model: Any, messages: "list[BaseMessage]", **settings: Any) -> "AIMessage":
    """Ask a model once; callbacks of what runs around the call stay out of it."""
    result = await model.agenerate([messages], callbacks=[], **settings)
    message: AIMessage = result.generations[0][0].message
    return message


def _for_responses(rest: dict[str, Any], *, keep: bool | None) -> dict[str, Any]:
    """Return settings as the Responses API takes them; answers are kept there only where the user says so."""
    length = rest.pop("max_completion_tokens", None) or rest.pop("max_tokens", None)
    rest.pop("seed", None)
    return {**rest, "max_tokens": length, "store": bool(keep)}


def _client(share: Share, secrets: Secrets, timeout: float) -> Any:
    """Return a client for OpenAI's SDK, of the library that the installed version rests on."""
    import openai

    base = openai.DefaultAsyncHttpxClient.__mro__[1]
    httpx = importlib.import_module(base.__module__.partition(".")[0])

    class Transport(httpx.AsyncBaseTransport):  # type: ignore[misc, name-defined]
        """Sends through negosim's connections."""

        async def handle_async_request(self, request: Any) -> Any:
            headers = {name: value for name, value in request.headers.items() if name not in _LEFT_OUT}
            url = URL(str(request.url), encoded=True)
            body = await request.aread()
            status, content, got = await exchange(
                share, request.method, url, {**headers, "Accept-Encoding": "identity"}, body, timeout
            )
            content = secrets.redact(content)
            seen = wire.get(None)
            if seen is not None:
                seen.append((Reply.read(status, content, len(seen) + 1), got))
            kind = {"Content-Type": got.get("Content-Type", "application/json")}
            return httpx.Response(status, headers=kind, content=content, request=request)

    return httpx.AsyncClient(transport=Transport(), base_url="", trust_env=False)
