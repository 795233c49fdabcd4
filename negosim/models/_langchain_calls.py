"""LangChain's other classes: settings, structured output and seeds, by what each class says of itself."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

logger = logging.getLogger("negosim.models")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "max_tokens": (
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "num_predict",
        "max_new_tokens",
    ),
    "seed": ("seed", "random_seed"),
    "timeout": ("timeout", "request_timeout", "default_request_timeout"),
    "max_retries": ("max_retries",),
    "model": ("model", "model_name", "model_id", "deployment_name"),
}
"""The names that LangChain's classes give to settings that all of them have."""


class UnsupportedError(Exception):
    """A class cannot hold an answer to its form in the way that is asked for."""


def field_of(model: "BaseChatModel | type[BaseChatModel]", setting: str) -> str | None:
    """Return the field in which a class keeps a setting, or None if it has none."""
    return next(_fields(model, setting), None)


def name_in(model: "BaseChatModel") -> str:
    """Return the name of an object's model at its provider, "" where it has none."""
    values = (getattr(model, field) for field in _fields(model, "model"))
    return next((value for value in values if isinstance(value, str) and value), "")


def _fields(model: "BaseChatModel | type[BaseChatModel]", setting: str) -> Iterator[str]:
    fields = (model if isinstance(model, type) else type(model)).model_fields
    for name in FIELDS[setting]:
        yield from (key for key, field in fields.items() if name in (key, field.alias))


def no_retries(kind: type) -> int:
    """Return how a class is told to try once: Google's takes 0 for its default."""
    return 1 if kind.__module__.startswith("langchain_google") else 0


class AnyCaller:
    """Calls one model of LangChain's by the interface that all have."""

    def __init__(self, model: "BaseChatModel") -> None:
        """Take a model; its own retries are switched off."""
        self._model = self._set(model, {"max_retries": no_retries(type(model))})
        self._ready: dict[tuple[Any, ...], Any] = {}
        self._told: set[str] = set()

    def prepare(
        self, body: Mapping[str, Any], messages: "list[BaseMessage]"
    ) -> "Callable[[], Awaitable[AIMessage]]":
        """Return what sends a request that is given in the terms of the chat completions protocol.

        Raises:
            UnsupportedError: the class cannot hold the answer to its form in the way asked for.

        """
        form = body.get("response_format")
        key = (body.get("temperature"), body["max_tokens"], form and repr(form))
        if key not in self._ready:
            settings = {"temperature": body.get("temperature"), "max_tokens": body["max_tokens"]}
            self._ready[key] = _bound(self._set(self._model, settings), form)
        runnable = self._seeded(self._ready[key], body.get("seed"))

        async def call() -> "AIMessage":
            message: AIMessage = await runnable.ainvoke(messages, config={"callbacks": []})
            return message

        return call

    def _set(self, model: "BaseChatModel", settings: Mapping[str, Any]) -> "BaseChatModel":
        """Return a copy of a model with other settings, as far as it has them."""
        fields = {name: field_of(model, name) for name in settings}
        update = {field: settings[name] for name, field in fields.items() if field is not None}
        copy = model.model_copy(update=update)
        for name in ("_client", "_async_client"):  # made at their first use, with the settings of then
            vars(copy).pop(name, None)
        return copy

    def _seeded(self, runnable: Any, seed: int | None) -> Any:
        """Return what is asked with the seed of one call, where the class knows seeds."""
        model = getattr(runnable, "bound", runnable)
        name = field_of(model, "seed")
        if name is None or seed is None:
            return runnable
        seeded = model.model_copy(update={name: seed})
        return seeded if model is runnable else runnable.model_copy(update={"bound": seeded})


def _bound(model: "BaseChatModel", form: Mapping[str, Any] | None) -> Any:
    """Return a model that is held to a form of the chat completions protocol."""
    if form is None:
        return model
    method = inspect.signature(type(model).with_structured_output).parameters.get("method")
    if form["type"] == "json_object":
        if method is None or "json_mode" not in str(method.annotation):
            raise UnsupportedError(f"{type(model).__name__} has no JSON mode")
        return _structured(model, None, method="json_mode")
    described = form["json_schema"]
    schema = {"title": described["name"], "description": "The answer.", **described["schema"]}
    return _structured(model, schema)


def _structured(model: "BaseChatModel", schema: dict[str, Any] | None, **settings: Any) -> Any:
    """Return the model of LangChain's chain of a model and a parser; negosim parses by itself."""
    from langchain_core.runnables import RunnableBinding, RunnableSequence

    try:
        chain = model.with_structured_output(schema, **settings)  # type: ignore[arg-type]
    except (NotImplementedError, ValueError, TypeError) as error:
        raise UnsupportedError(f"{type(model).__name__} takes no schema ({type(error).__name__})") from None
    if not isinstance(chain, RunnableSequence) or not isinstance(chain.first, RunnableBinding):
        raise UnsupportedError(f"{type(model).__name__} takes no schema in LangChain's way")
    return chain.first
