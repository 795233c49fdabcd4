"""Opening several models at once, each with its client."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing

from negosim.models._budget import Budget, BudgetedModel
from negosim.models._cache import ResponseCache
from negosim.models._client import ModelClient
from negosim.models._given import name_of
from negosim.models._langchain_objects import is_chat_object
from negosim.models._open import open_model
from negosim.models._providers import provider_of
from negosim.models._spec import ModelSpec
from negosim.models._types import ChatModel


@asynccontextmanager
async def open_clients(
    specs: Mapping[str, ModelSpec],
    provided: Mapping[str, ChatModel],
    *,
    cache: bool,
    budget: Budget | None,
    answers: ResponseCache | None = None,
) -> AsyncIterator[dict[str, ModelClient | None]]:
    """Open every model of `specs`, check that it answers, and close them all at the end.

    Yields the clients by name; None stands for agents, which are no chat models. Models `provided` by the
    caller are under the budget too, but neither checked, cached nor closed, other than LangChain's. The
    cache is the user's, or `answers`.

    Raises:
        UserError: a model cannot be opened or reached.

    """
    objects = {name: model for name, model in provided.items() if is_chat_object(model)}
    specs = {**specs, **{name: ModelSpec.parse(name_of(model)) for name, model in objects.items()}}
    clients: dict[str, ModelClient | None] = {
        name: _client(BudgetedModel(model, budget) if budget else model, ModelSpec(kind="openai"))
        for name, model in provided.items()
        if name not in objects
    }
    async with AsyncExitStack() as opened:
        needed = cache and any(spec.chats for spec in specs.values())
        kept = opened.enter_context(closing(answers or ResponseCache())) if needed else None
        for name, spec in specs.items():
            if not spec.chats:
                clients[name] = None
                continue
            model = open_model(spec, cache=kept, budget=budget)
            opened.push_async_callback(model.close)
            await model.preflight()
            clients[name] = _client(model, spec)
        yield clients


def _client(model: ChatModel, spec: ModelSpec) -> ModelClient:
    return ModelClient(
        model,
        temperature=spec.temperature,
        max_tokens=spec.max_tokens,
        held=spec.holds_to_max_tokens,
        seed=spec.seed,
        about=provider_of(spec.kind).describe(spec),
    )
