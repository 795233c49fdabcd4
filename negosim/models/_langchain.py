"""Models through LangChain, by name or given as objects, with the same client as all others.

Imported only for the first request: LangChain takes a second to load.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from negosim.errors import ModelError
from negosim.models._langchain_calls import AnyCaller, UnsupportedError, name_in
from negosim.models._langchain_named import chat_object, key_variable_of
from negosim.models._langchain_objects import secrets_of, server_of
from negosim.models._langchain_openai import OpenAICaller, wire
from negosim.models._langchain_replies import completion_of, reply_to
from negosim.models._limiter import Limits
from negosim.models._openai import OpenAIModel
from negosim.models._reply import Reply
from negosim.models._secrets import Secrets
from negosim.models._sending import PassingError, Sender, SlowError, sorted_reply
from negosim.models._spec import ModelSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai.chat_models.base import BaseChatOpenAI
    from typing_extensions import TypeIs


class LangChainConnection:
    """What requests to one of LangChain's models go through, in the terms of the chat completions protocol.

    Retries, limits and pauses are negosim's, and are shared with all who ask the same model.
    """

    def __init__(
        self,
        model: "BaseChatModel",
        *,
        place: str,
        name: str,
        secrets: Secrets,
        timeout: float,
        limits: Limits,
    ) -> None:
        """Take a model of LangChain's.

        Args:
            model: the model.
            place: where it is, as messages name it: its server's URL where that is known.
            name: the model's name at its server.
            secrets: what is taken out of all that comes back.
            timeout: for one request, in seconds.
            limits: what the user allows.

        """
        self.secrets = secrets
        self._place = place
        self._timeout = timeout
        self._sender = Sender(place, name, limits)
        self._caller: OpenAICaller | AnyCaller = (
            OpenAICaller(model, self._sender.share, secrets, timeout)
            if rests_on_openai(model)
            else AnyCaller(model)
        )

    async def post(
        self, path: str, body: Any, before_resend: Callable[[], Awaitable[None]], *, doubtful: bool = False
    ) -> Reply:
        """Send a request as the limits allow, and again what fails in passing.

        Raises:
            ModelError: it did not pass.

        """
        messages = _messages(body["messages"])
        try:
            call = self._caller.prepare(body, messages)
        except UnsupportedError as error:
            # The answer of a server that knows no such form: the next one is tried. Nothing was sent.
            return Reply(400, {"error": {"message": f"{error}", "param": "response_format"}}, "", 0)
        size = sum(len(message["content"].encode()) for message in body["messages"])

        async def attempt(sent: int) -> Reply:
            reply, headers = await self._attempt(call, sent)
            return sorted_reply(reply, headers)

        return await self._sender.send(attempt, size // 4, before_resend, doubtful=doubtful)

    async def get(self, path: str, seconds: float) -> Reply:
        """Ask for the server's list of models, where there is a way to; otherwise send nothing.

        Raises:
            ModelError: the server cannot be reached.

        """
        if not isinstance(self._caller, OpenAICaller):
            return Reply(200, {}, "", 0)
        seen: list[tuple[Reply, Mapping[str, str]]] = []
        wire.set(seen)
        try:
            async with asyncio.timeout(seconds):
                await self._caller.models()
        except TimeoutError:
            raise ModelError("no answer in time") from None
        except PassingError as error:
            raise ModelError(str(error)) from None
        except Exception as error:
            if not seen:
                try:
                    return reply_to(error, self._place, self.secrets, 1)[0]
                except PassingError as passing:
                    raise ModelError(str(passing)) from None
        return seen[-1][0] if seen else Reply(200, {}, "", 0)

    async def close(self) -> None:
        """Release the connections."""
        await self._sender.close()

    async def _attempt(
        self, call: "Callable[[], Awaitable[AIMessage]]", sent: int
    ) -> tuple[Reply, Mapping[str, str]]:
        """Call once. What came over the wire in the protocol's own terms is read from there, in full."""
        seen: list[tuple[Reply, Mapping[str, str]]] = []
        wire.set(seen)
        try:
            async with asyncio.timeout(self._timeout):
                message = await call()
        except TimeoutError:
            raise SlowError(f"no answer within {self._timeout:g} s", lost=True) from None
        except (PassingError, ModelError):
            raise
        except Exception as error:
            if not seen:
                return reply_to(error, self._place, self.secrets, sent)
            return _counted(seen[-1][0], sent), seen[-1][1]
        if seen and isinstance(seen[-1][0].data, dict) and "choices" in seen[-1][0].data:
            return _counted(seen[-1][0], sent), seen[-1][1]
        body = orjson.dumps(completion_of(message), default=str)
        return Reply.read(200, self.secrets.redact(body), sent), {}


def open_langchain(spec: ModelSpec, limits: Limits) -> OpenAIModel:
    """Return the model that a spec of the kind "langchain" names. Nothing is sent yet.

    The ladder of structured output, and what refusals of a server mean, are those of every model.

    Raises:
        UserError: a package or key is missing, or the provider is unknown.

    """
    model = chat_object(spec)
    place = server_of(model) or spec.name
    name = name_in(model) or spec.target

    def connect() -> LangChainConnection:
        return LangChainConnection(
            model, place=place, name=name, secrets=secrets_of(model), timeout=spec.timeout, limits=limits
        )

    return OpenAIModel(
        name=spec.name,
        model=name,
        base_url=place,
        key="",
        key_variable=key_variable_of(model, spec),
        timeout=spec.timeout,
        limits=limits,
        mode=spec.mode,
        connect=connect,
    )


def rests_on_openai(model: "BaseChatModel") -> "TypeIs[BaseChatOpenAI]":
    """Return whether a model's class rests on OpenAI's SDK."""
    try:
        from langchain_openai.chat_models.base import BaseChatOpenAI
    except ImportError:
        return False
    return isinstance(model, BaseChatOpenAI) and model.root_async_client is not None


def _messages(given: list[dict[str, str]]) -> "list[BaseMessage]":
    from langchain_core.messages import HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage}
    return [kinds[message["role"]](message["content"]) for message in given]


def _counted(reply: Reply, sent: int) -> Reply:
    return Reply(reply.status, reply.data, reply.text, sent)
