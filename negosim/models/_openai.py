"""Models behind the chat completions protocol of OpenAI, wherever they run."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from negosim.errors import ContextLengthError, ModelError, UserError
from negosim.models._completion import read_completion
from negosim.models._dialect import Dialect, names_the_format, names_the_length
from negosim.models._extra import body_of, headers_of
from negosim.models._faults import (
    LENGTHS,
    ServedModel,
    explain,
    fault_of,
    is_moderated,
    refused_setting,
    settings_of,
)
from negosim.models._limiter import Limits
from negosim.models._secrets import Secrets, without_echo
from negosim.models._spec import OPENAI_URL
from negosim.models._types import AnswerMode, ChatRequest, ChatResponse, Usage
from negosim.plugins import suggest

if TYPE_CHECKING:
    from negosim.models._reply import Reply

PREFLIGHT_SECONDS = 10.0

_dialects: dict[tuple[str, str, AnswerMode | None], Dialect] = {}

_TOO_LONG = re.compile(
    r"context.{0,20}(length|size|window)|maximum context|too many (input )?tokens|prompt is too long"
    r"|input (token count|length|is too long)|reduce (the length of )?(your|the) messages?",
    re.IGNORECASE,
)


class Connection(Protocol):
    """What requests to one model go through, in the terms of the chat completions protocol."""

    @property
    def secrets(self) -> Secrets:
        """What is taken out of all that comes back."""
        ...

    async def post(
        self, path: str, body: Any, before_resend: Callable[[], Awaitable[None]], *, doubtful: bool = False
    ) -> "Reply":
        """Send a request, and again what fails in passing; `negosim.models._http.Server` says how.

        Raises:
            ModelError: it did not pass.

        """
        ...

    async def get(self, path: str, seconds: float) -> "Reply":
        """Fetch once, within some seconds.

        Raises:
            ModelError: the server cannot be reached.

        """
        ...

    async def close(self) -> None:
        """Release what is open."""
        ...


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
        mode: AnswerMode | None = None,
        reasoning_effort: str | None = None,
        api_version: str | None = None,
        extra: Sequence[tuple[str, str]] = (),
        connect: "Callable[[], Connection] | None" = None,
        others: Sequence[tuple[str, str | None]] = (),
    ) -> None:
        """Say where the model is; nothing is sent yet.

        `name` is for records, `model` for the server; `key_variable` is the environment variable
        that messages tell the user to set; `timeout` is for one request, in seconds; `limits` hold
        for all who use the model in an event loop; `mode` is how the answer is held to its form, None
        for the strictest way that works; `reasoning_effort` and what `extra` names ("body.NAME",
        "header.NAME") go with every request; with `api_version` it is one of Azure's; `connect` returns what
        requests go through, in place of HTTP; `others` are further servers of the model, each with its key.
        """
        self.name = name
        self._model = model
        self._place = ServedModel(name, model, base_url, key_variable, key is not None)
        self._base_url = base_url
        self._key = key
        self._timeout = timeout
        self._limits = limits
        self._mode = mode
        self._settings: dict[str, Any] = {"reasoning_effort": reasoning_effort} if reasoning_effort else {}
        self._settings |= body_of(extra)
        self._headers, self._header_secrets = headers_of(extra)
        self._api_version = api_version
        self._connect = connect
        self._others = others
        first = Dialect.of(model, mode)
        if base_url == OPENAI_URL:
            first.length, first.form = "max_completion_tokens", max(first.form, 1)
        self._dialect = _dialects.setdefault((name, base_url, mode), first)

    @cached_property
    def _server(self) -> "Connection":
        """What is sent through. Made for the first request: where the cache has all answers, aiohttp and
        the certificates need not be loaded."""
        if self._connect is not None:
            return self._connect()
        from negosim.models._http import Server

        places = [(self._base_url, self._key), *self._others]
        servers = [
            Server(
                url,
                key,
                self._timeout,
                self._model,
                self._limits,
                api_version=self._api_version,
                headers=self._headers,
                secrets=self._header_secrets,
            )
            for url, key in places
        ]
        if not self._others:
            return servers[0]
        from negosim.models._servers import Servers

        return Servers(servers, Secrets.sent(*(key for _, key in places), *self._header_secrets))

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Send one request; what the server does not take of the protocol is left out from then on."""
        try:
            return await self._complete(request)
        except ModelError as error:
            prompt = "\n".join(message.content for message in request.messages)
            error.said = without_echo(self._server.secrets.redact_text(error.said), prompt)
            raise

    async def _complete(self, request: ChatRequest) -> ChatResponse:
        requests, dialect = 0, self._dialect
        if request.unheld:
            dialect.unheld(request.unheld)
        while True:
            form, mode = dialect.form, dialect.mode
            body = dialect.body(request) | self._settings
            try:
                reply = await self._server.post(
                    "/chat/completions", body, request.before_resend, doubtful=dialect.doubtful(form)
                )
            except ModelError as error:
                dialect.give_up()
                error.requests += requests
                raise
            requests += reply.requests
            if reply.answered:
                dialect.answered(form)
                done = reply.completion or read_completion(reply.data)
                return ChatResponse(done.text, done.finish, done.usage, mode, requests)
            if is_moderated(reply.status, reply.code, reply.message):
                return ChatResponse("", "filtered", Usage(), mode, requests)
            if self._too_long(reply) or not dialect.learn(form, body, reply):
                dialect.give_up()
                raise self._rejected(reply, body, requests)

    async def sample(self, text: str, tokens: int) -> Any:
        """Send a message for an answer of so many tokens at most, in no form; return the reply's data.

        Raises:
            ModelError: the server failed.

        """
        message = {"role": "user", "content": text}
        body = {"model": self._model, "messages": [message], "max_tokens": tokens, "seed": 0}
        return (await self._server.post("/chat/completions", body, _again)).data

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
        # Some keys may chat and not list models (403), some servers have no list, and not all name in it
        # what they accept; OpenAI does.
        if reply.status in (401, 407):
            raise UserError(explain("key", self._place, reply.status))
        if url == OPENAI_URL and reply.status == 200:
            known = _listed(reply.data)
            if known and self._model not in known:
                raise UserError(
                    f"{url} has no model {self._model!r} for this key; {suggest(self._model, known)}"
                )

    async def close(self) -> None:
        """Release the connections."""
        if "_server" in vars(self):
            await self._server.close()

    def _too_long(self, reply: "Reply") -> bool:
        if reply.code in ("context_length_exceeded", "exceed_context_size_error"):
            return True
        if reply.status in (413, 429):  # of those that blame the request, only too large ones come so far
            return fault_of(reply.status, reply.code, reply.message, reply.parameter) == "request"
        return reply.status in (400, 422, 500) and bool(_TOO_LONG.search(reply.message))

    def _rejected(self, reply: "Reply", body: Mapping[str, Any], requests: int) -> ModelError:
        if self._too_long(reply):
            error: ModelError = ContextLengthError(
                f"{self.name}: the prompt is longer than {_limit(reply)} (status {reply.status}); make "
                "shorter dialogues (--max-turns) or answers (?max_tokens), or serve the model with a longer "
                "context (gguf: and local: ?context=16384)",
                said=reply.message,
            )
        else:
            error = self._refused(reply, body)
        error.requests, error.lost = requests, reply.lost
        return error

    def _refused(self, reply: "Reply", body: Mapping[str, Any]) -> ModelError:
        """Say what a refused request means for the user, and whether all would be refused."""
        said, settings = reply.message, settings_of(body)
        fault = fault_of(reply.status, reply.code, said, reply.parameter, settings)
        setting = refused_setting(said, reply.parameter, settings) if fault == "setting" else ""
        if fault == "request" and reply.status in (400, 422):
            setting = self._meant(reply)
            fault = "setting" if setting else fault
        asked = int(body.get(setting) or 0) if setting in LENGTHS else 0
        message = explain(fault, self._place, reply.status, said=said, setting=setting, asked=asked)
        # Servers repeat part of a key they refuse: their words are not passed on.
        return ModelError(message, fault=fault, said="" if fault == "key" else said)

    def _meant(self, reply: "Reply") -> str:
        """Return the setting a server objects to by another name, "" if none."""
        said = reply.parameter or reply.message
        if names_the_length(said):
            return self._dialect.length
        return "response_format" if self._mode and names_the_format(said) else ""


async def _again() -> None:
    """Allow a request to be sent again."""


def _limit(reply: "Reply") -> str:
    """Return what a prompt was too long for."""
    rate = re.search(r"tokens per|\btp[md]\b|per minute", reply.message, re.IGNORECASE)
    return "the account's tokens a minute allow" if rate else "the model's context"


def _listed(data: Any) -> list[str]:
    """Return the names in a server's list of models."""
    items = data.get("data") if isinstance(data, dict) else None
    return [str(item["id"]) for item in items or () if isinstance(item, dict) and "id" in item]
