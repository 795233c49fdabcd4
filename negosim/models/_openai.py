"""Models behind the chat completions protocol of OpenAI, wherever they run."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from negosim.errors import ContextLengthError, ModelError, UserError
from negosim.models._dialect import Dialect
from negosim.models._faults import LENGTHS, Place, explain, fault_of, refused_setting, settings_of
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
        self._place = Place(name, model, base_url, key_variable, key is not None)
        self._base_url = base_url
        self._key = key
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
                raise self._rejected(reply, body, requests)

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
        if reply.status in (401, 407):  # a 403 is no proof: keys that may chat need not be allowed to list
            raise UserError(explain("key", self._place, reply.status))
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

    def _rejected(self, reply: "Reply", body: Mapping[str, Any], requests: int) -> ModelError:
        if self._too_long(reply):
            error: ModelError = ContextLengthError(
                f"{self.name}: the prompt is longer than the model's context (status {reply.status}); "
                "make shorter dialogues (--max-turns), or serve the model with a longer context",
                said=reply.message,
            )
        else:
            error = self._refused(reply, body)
        error.requests = requests
        return error

    def _refused(self, reply: "Reply", body: Mapping[str, Any]) -> ModelError:
        """Say what a refused request means for the user, and whether all would be refused."""
        said, settings = reply.message, settings_of(body)
        fault = fault_of(reply.status, reply.code, said, reply.parameter, settings)
        setting = refused_setting(said, reply.parameter, settings) if fault == "setting" else ""
        asked = int(body.get(setting) or 0) if setting in LENGTHS else 0
        message = explain(fault, self._place, reply.status, said=said, setting=setting, asked=asked)
        # Servers repeat part of a key they refuse: their words are not passed on.
        return ModelError(message, fault=fault, said="" if fault == "key" else said)


def _usage(data: Any) -> Usage:
    if not isinstance(data, dict):
        return Usage()
    details = data.get("prompt_tokens_details")
    tokens_in = data.get("prompt_tokens") or 0
    cached = (details.get("cached_tokens") or 0) if isinstance(details, dict) else 0
    return Usage(tokens_in, data.get("completion_tokens") or 0, min(cached, tokens_in))
