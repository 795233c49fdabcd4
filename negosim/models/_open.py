"""From a model's name to something that answers."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from negosim.errors import UserError
from negosim.models._budget import Budget, BudgetedModel
from negosim.models._cache import CachedModel, ResponseCache
from negosim.models._catalog import cached
from negosim.models._prices import price_of
from negosim.models._spec import OPENAI_URL, ModelSpec
from negosim.models._types import ChatModel

if TYPE_CHECKING:
    from negosim.models._limiter import Limits


def open_model(
    spec: ModelSpec | str, *, cache: ResponseCache | None = None, budget: Budget | None = None
) -> ChatModel:
    """Return the chat model a spec names. Nothing is loaded or sent before its first use.

    With a `cache`, its answers are kept and reused; with a `budget`, those that are not reused are
    counted against it.

    Raises:
        UserError: the spec is wrong, its key, file or price is missing, or it names the simulated
            negotiator, which is an agent and no chat model.

    """
    spec = ModelSpec.parse(spec) if isinstance(spec, str) else spec
    model = _open(spec)
    price_of(spec.name)  # a wrong file of prices is told now, not by the first call's account
    if budget is not None:
        model = BudgetedModel(model, budget)
    return model if cache is None else CachedModel(model, cache, _identity(spec))


def _open(spec: ModelSpec) -> ChatModel:
    if spec.kind == "sim":
        raise UserError("'sim' is the simulated negotiator, no chat model; name a chat model here")
    if spec.kind == "policy":
        raise UserError(f"{spec.name} is a trained policy, no chat model; name a chat model here")
    if spec.kind == "openai":
        return _open_openai(spec)
    from negosim.models._local import LocalModel

    return LocalModel(
        name=spec.name, path=_file(spec), timeout=spec.timeout, limits=_limits(spec), mode=spec.mode
    )


def _file(spec: ModelSpec) -> Path:
    path = Path(spec.target) if spec.kind == "gguf" else cached(spec.target)
    if path is None:
        raise UserError(f"{spec.target} has not been got yet; run: negosim models get {spec.target}")
    if not path.expanduser().is_file():
        raise UserError(f"no model file {str(path)!r}; give the path of a GGUF file")
    return path.expanduser()


def _identity(spec: ModelSpec) -> str:
    """Return what tells a model from others: its name, or where a file holds it, the file as it is now."""
    # What a mode gave that did not work must not stand in the way of another.
    mode = f"?mode={spec.mode}" if spec.mode else ""
    if spec.kind == "openai":
        return spec.name + mode
    path = _file(spec).resolve()
    state = path.stat()
    return f"{spec.kind}:{path} ({state.st_size} bytes, {state.st_mtime_ns}){mode}"


def _open_openai(spec: ModelSpec) -> ChatModel:
    base_url = spec.base_url or OPENAI_URL
    variable = _key_variable(base_url)
    key = os.environ.get(variable) or None
    if base_url == OPENAI_URL and key is None:
        raise UserError(f"{spec.name} needs a key: set OPENAI_API_KEY (export OPENAI_API_KEY=sk-...)")
    from negosim.models._openai import OpenAIModel

    return OpenAIModel(
        name=spec.name,
        model=spec.target,
        base_url=base_url,
        key=key,
        key_variable=variable,
        timeout=spec.timeout,
        limits=_limits(spec),
        mode=spec.mode,
    )


def _limits(spec: ModelSpec) -> "Limits":
    from negosim.models._limiter import Limits

    return Limits(spec.max_in_flight, spec.rpm, spec.tpm)


def _key_variable(base_url: str) -> str:
    """Return the environment variable whose key may be sent to a server.

    OPENAI_API_KEY goes to OpenAI, and to the server the user named in OPENAI_BASE_URL; never to one
    that was only named in a spec.
    """
    chosen = (os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
    return "OPENAI_API_KEY" if base_url in (OPENAI_URL, chosen) else "NEGOSIM_API_KEY"
