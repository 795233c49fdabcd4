"""Chat models opened by their names."""

from negosim import registry
from negosim.errors import UserError
from negosim.models._budget import Budget, BudgetedModel
from negosim.models._cache import ResponseCache
from negosim.models._cached import CachedModel
from negosim.models._given import GivenModel, spec_of
from negosim.models._prices import price_of
from negosim.models._providers import provider_of
from negosim.models._types import ChatModel


def open_model(
    spec: GivenModel, *, cache: ResponseCache | None = None, budget: Budget | None = None
) -> ChatModel:
    """Return the chat model a spec names. Nothing is loaded or sent before its first use.

    Args:
        spec: the model and its settings; a name, a `ModelSpec`, or a chat model of LangChain's.
        cache: where its answers are kept and looked up.
        budget: what answers that are not reused are counted against.

    Raises:
        UserError: the spec is wrong, its key, file or price is missing, or it names an agent, such as the
            simulated negotiator, which is no chat model.

    """
    spec = spec_of(spec)
    if not spec.chats:
        raise UserError(f"{spec.name!r} is an agent of its own, no chat model; name a chat model here")
    opens = provider_of(spec.kind).open
    model = registry.made("providers", spec.kind, lambda: opens(spec))
    price_of(spec.name)  # a wrong file of prices is told now, not by the first call's account
    # What a mode gave that did not work must not stand in the way of another.
    chosen = {"mode": spec.mode, "reasoning_effort": spec.reasoning_effort, **dict(spec.extra)}
    identity = getattr(model, "identity", spec.name)
    identity += "".join(f"?{key}={value}" for key, value in chosen.items() if value)
    if budget is not None:
        model = BudgetedModel(model, budget)
    return model if cache is None else CachedModel(model, cache, identity)
