"""Model providers: what opens the chat models of a kind, and the built-in ones."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negosim import registry
from negosim.errors import UserError
from negosim.models._catalog import CATALOG, cached
from negosim.models._context import ContextChoice, choose_context
from negosim.models._room import MOST
from negosim.models._spec import OPENAI_URL, ModelSpec, checked_url
from negosim.models._types import ChatModel
from negosim.plugins import suggest

if TYPE_CHECKING:
    from negosim.models._limiter import Limits


def _unchanged(spec: ModelSpec) -> ModelSpec:
    return spec


def _nothing_more(spec: ModelSpec) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Provider:
    """A kind of chat model. A plugin may give a function from a `ModelSpec` to a `ChatModel` in its place.

    Examples:
        >>> from negosim.models import ModelSpec, Provider, ScriptedModel
        >>> from negosim.registry import provider
        >>> @provider("echo")
        ... def echo(spec: ModelSpec) -> ScriptedModel:
        ...     return ScriptedModel(lambda request: {}, name=spec.name)

    """

    open: Callable[[ModelSpec], ChatModel]
    """Returns the chat model a spec names. Nothing is loaded or sent before its first use."""
    usage: str = ""
    """How such a model is named: "openai:NAME"."""
    about: str = ""
    """What it is, in a line."""
    complete: Callable[[ModelSpec], ModelSpec] = _unchanged
    """Returns a spec with what its kind sets by itself, or raises UserError with what is wrong with it."""
    describe: Callable[[ModelSpec], dict[str, Any]] = _nothing_more
    """Returns what a run's fingerprint keeps of a model beside its spec."""


def recorded(spec: ModelSpec) -> dict[str, Any]:
    """Return what a fingerprint keeps of a model: its spec, and what its provider adds."""
    more = provider_of(spec.kind).describe(spec) if spec.chats else {}
    return {**spec.model_dump(mode="json"), **more}


def provider_of(kind: str) -> Provider:
    """Return the provider of a kind of chat model.

    Raises:
        UserError: there is none, it cannot be loaded, or it opens no models.

    """
    found = registry.load("providers", kind)
    if isinstance(found, Provider):
        return found
    if not callable(found):
        raise registry.misfit("providers", kind, found, "a function that takes a ModelSpec, or a Provider")
    about = (found.__doc__ or "").strip().partition("\n")[0]
    return Provider(found, usage=f"{kind}:NAME", about=about)


def _needs_target(spec: ModelSpec, usage: str) -> None:
    if not spec.target:
        raise UserError(f"lacks what follows {spec.kind + ':'!r}; write {usage}")


def _complete_openai(spec: ModelSpec) -> ModelSpec:
    _needs_target(spec, "openai:NAME or openai:NAME@http://host:port/v1")
    if spec.base_url is None and spec.target.find("@") > 0:
        # There may be a password before the '@': nothing of it is said.
        raise UserError(
            "what follows '@' is the server's URL and begins with http:// or https://, "
            "as in openai:NAME@http://127.0.0.1:8000/v1"
        )
    url = spec.base_url or checked_url(os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
    return spec.model_copy(update={"base_url": None if url == OPENAI_URL else url})


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
        reasoning_effort=spec.reasoning_effort,
        api_version=spec.api_version,
        extra=spec.extra,
        others=[(url, os.environ.get(_key_variable(url)) or None) for url in spec.replicas],
    )


def _key_variable(base_url: str) -> str:
    """Return the environment variable whose key may be sent to a server.

    OPENAI_API_KEY goes to OpenAI, and to the server the user named in OPENAI_BASE_URL; never to one
    that was only named in a spec.
    """
    chosen = (os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
    return "OPENAI_API_KEY" if base_url in (OPENAI_URL, chosen) else "NEGOSIM_API_KEY"


def _complete_gguf(spec: ModelSpec) -> ModelSpec:
    _needs_target(spec, "gguf:PATH")
    return spec


def _complete_local(spec: ModelSpec) -> ModelSpec:
    target = spec.target or next(iter(CATALOG))
    if target not in CATALOG:
        raise UserError(f"no model {target!r} to get; {suggest(target, CATALOG)}")
    return spec.model_copy(update={"target": target})


def _file_of(spec: ModelSpec) -> Path:
    path = Path(spec.target) if spec.kind == "gguf" else cached(spec.target)
    if path is None:
        raise UserError(f"{spec.target} has not been got yet; run: negosim models get {spec.target}")
    if not path.expanduser().is_file():
        raise UserError(f"no model file {str(path)!r}; give the path of a GGUF file")
    return path.expanduser()


def is_sized(spec: ModelSpec) -> bool:
    """Return whether the context of a model is chosen here: it is a file, run in this process."""
    return spec.kind in ("gguf", "local")


def sized(spec: ModelSpec, needed: int) -> tuple[ModelSpec, ContextChoice]:
    """Return a model in this process with as much context as is needed and can be had, and what was chosen.

    Args:
        spec: a model of a file.
        needed: tokens of prompt and answer that the longest call can have.

    Raises:
        UserError: the file is missing.

    """
    from negosim.models._local import SLOTS

    choice = choose_context(_file_of(spec), needed, slots=SLOTS, kv_cache=spec.kv_cache or "f16")
    return spec.model_copy(update={"context": choice.tokens}), choice


def _open_file(spec: ModelSpec) -> ChatModel:
    from negosim.models._local import LocalModel, Serving

    return LocalModel(
        name=spec.name,
        path=_file_of(spec),
        timeout=spec.timeout,
        limits=_limits(spec),
        mode=spec.mode,
        how=Serving(spec.threads, spec.context, spec.kv_cache),
        most_tokens=spec.max_tokens if spec.holds_to_max_tokens else max(spec.max_tokens, MOST),
        measured=spec.timeout == ModelSpec.model_fields["timeout"].default,
    )


def _complete_langchain(spec: ModelSpec) -> ModelSpec:
    from negosim.models._langchain_named import complete_langchain

    return complete_langchain(spec)


def _describe_langchain(spec: ModelSpec) -> dict[str, Any]:
    from negosim.models._langchain_named import description

    return description(spec)


def _open_langchain(spec: ModelSpec) -> ChatModel:
    from negosim.models._langchain import open_langchain

    return open_langchain(spec, _limits(spec))


def _limits(spec: ModelSpec) -> "Limits":
    from negosim.models._limiter import Limits

    return Limits(spec.max_in_flight, spec.rpm, spec.tpm)


OPENAI = Provider(
    _open_openai,
    usage="openai:NAME[@URL]",
    about="a model of OpenAI (key in OPENAI_API_KEY), or of any OpenAI-compatible server: vLLM, llama.cpp, "
    "Ollama, LM Studio",
    complete=_complete_openai,
)
GGUF = Provider(
    _open_file,
    usage="gguf:PATH",
    about="a GGUF file, run in this process; needs pip install 'negosim[local]'",
    complete=_complete_gguf,
)
LOCAL = Provider(
    _open_file,
    usage="local[:NAME]",
    about="a small model of the catalogue, run in this process",
    complete=_complete_local,
)
LANGCHAIN = Provider(
    _open_langchain,
    usage="langchain:PROVIDER:MODEL",
    about="a model through LangChain: OpenAI, Azure, Anthropic, Gemini, Bedrock, Mistral, ...; other "
    "packages than OpenAI's are installed for each provider",
    complete=_complete_langchain,
    describe=_describe_langchain,
)
