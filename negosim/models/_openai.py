"""Models behind the chat completions protocol of OpenAI, wherever they run."""

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from negosim.errors import ContextLengthError, ModelError, UserError
from negosim.models._dialect import Dialect
from negosim.models._limiter import Limits
from negosim.models._spec import OPENAI_URL
from negosim.models._types import AnswerMode, ChatRequest, ChatResponse, Usage
from negosim.plugins import suggest

if TYPE_CHECKING:
    from negosim.models._http import Reply, Server

PREFLIGHT_SECONDS = 10.0

_dialects: dict[tuple[str, str], Dialect] = {}

_TOO_LONG = re.compile(r"context.{0,20}(length|size|window)|maximum context|too many tokens", re.IGNORECASE)


class OpenAIModel:
    """A model at an OpenAI-compatible server."""

    def __init__(
        self,
        *,
        name: str,
        model: str,
        base_url: str,
        key: str | None,
        key_variable: str,
        timeout: float,
        limits: Limits,
    ) -> None:
        """Say where the model is; nothing is sent yet.

        `name` is for records, `model` for the server; `key_variable` is the environment variable
        that messages tell the user to set; `timeout` is for one request, in seconds; `limits` hold
        for all who use the model in an event loop.
        """
        self.name = name
        self._model = model
        self._base_url = base_url
        self._key = key
        self._key_variable = key_variable
        self._timeout = timeout
        self._limits = limits
        first = (
            Dialect(model, form=1, length="max_completion_tokens")
            if base_url == OPENAI_URL
            else Dialect(model)
        )
        self._dialect = _dialects.setdefault((base_url, model), first)

    @cached_property
    def _server(self) -> "Server":
        """What is sent through. Made for the first request: where the cache has all answers, aiohttp and
        the certificates need not be loaded."""
        from negosim.models._http import Server

        return Server(self._base_url, self._key, self._timeout, self._model, self._limits)

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Send one request; what the server does not take of the protocol is left out from then on."""
        requests = 0
        while True:
            form, mode = self._dialect.form, self._dialect.mode
            body = self._dialect.body(request)
            try:
                reply = await self._server.post("/chat/completions", body, request.before_resend)
            except ModelError as error:
                error.requests += requests
                raise
            requests += reply.requests
            if reply.status == 200:
                return self._read(reply, mode, requests)
            if reply.status == 400 and reply.code == "content_filter":
                return ChatResponse("", "refusal", Usage(), mode, requests)
            rejected = reply.status in (400, 422) and not self._too_long(reply)
            if not (rejected and self._dialect.learn(form, body, reply)):
                raise self._rejected(reply, requests)

    async def preflight(self) -> None:
        """Ask the server for its models: cheap, and needs the same key."""
        url = self._base_url
        try:
            reply = await self._server.get("/models", PREFLIGHT_SECONDS)
        except ModelError as error:
            raise UserError(
                f"no model server at {url}: {error}. Start one there (for example "
                "`vllm serve MODEL`, `ollama serve` or `llama-server -m FILE`), or correct the URL"
            ) from None
        if reply.status in (401, 403):
            raise UserError(self._explain(reply))
        # Some servers have no list of models, and not all name in it what they accept; OpenAI does.
        if url == OPENAI_URL and reply.status == 200 and isinstance(reply.data, dict):
            known = [str(item.get("id")) for item in reply.data.get("data", ())]
            if known and self._model not in known:
                raise UserError(
                    f"{url} has no model {self._model!r} for this key; {suggest(self._model, known)}"
                )

    async def close(self) -> None:
        """Release the connections."""
        if "_server" in vars(self):
            await self._server.close()

    def _read(self, reply: "Reply", mode: AnswerMode, requests: int) -> ChatResponse:
        data = reply.data
        try:
            choice = data["choices"][0]
            message = choice["message"]
            text, refused = message.get("content") or "", bool(message.get("refusal"))
        except (LookupError, TypeError, AttributeError):
            failed = ModelError(f"{self.name}: the reply holds no answer: {reply.message}")
            failed.requests, failed.lost = requests, True
            raise failed from None
        finish = choice.get("finish_reason")
        usage = _usage(data.get("usage"))
        if refused or finish == "content_filter":
            return ChatResponse(text, "refusal", usage, mode, requests)
        return ChatResponse(text, "length" if finish == "length" else "stop", usage, mode, requests)

    def _too_long(self, reply: "Reply") -> bool:
        return reply.code in ("context_length_exceeded", "exceed_context_size_error") or bool(
            _TOO_LONG.search(reply.message)
        )

    def _rejected(self, reply: "Reply", requests: int) -> ModelError:
        kind = ContextLengthError if self._too_long(reply) else ModelError
        error = kind(self._explain(reply))
        error.requests = requests
        error.permanent = (
            reply.status in (401, 403, 404) or 300 <= reply.status < 400 or reply.code == "insufficient_quota"
        )
        return error

    def _explain(self, reply: "Reply") -> str:
        """Say what a rejected request means for the user."""
        url, said = self._base_url, reply.message
        if reply.status in (401, 403):
            # OpenAI repeats part of the key here: the message is not passed on.
            state = "refused the key in" if self._key else "wants a key; set"
            return f"{url} {state} {self._key_variable} (status {reply.status})"
        if reply.status == 404:
            return f"{url} has no model {self._model!r}, or the URL is wrong (it usually ends in /v1): {said}"
        if self._too_long(reply):
            return (
                f"{self.name}: the prompt is longer than the model's context: {said}; make shorter dialogues "
                "(--max-turns), or serve the model with a longer context"
            )
        if reply.code == "insufficient_quota":
            return f"{url}: the account behind {self._key_variable} is out of credit: {said}"
        if 300 <= reply.status < 400:
            return f"{url} redirects elsewhere; give the URL it redirects to"
        return f"{self.name}: the server rejected the request (status {reply.status}): {said}"


def _usage(data: Any) -> Usage:
    if not isinstance(data, dict):
        return Usage()
    details = data.get("prompt_tokens_details")
    tokens_in = data.get("prompt_tokens") or 0
    cached = (details.get("cached_tokens") or 0) if isinstance(details, dict) else 0
    return Usage(tokens_in, data.get("completion_tokens") or 0, min(cached, tokens_in))
