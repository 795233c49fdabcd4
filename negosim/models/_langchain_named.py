"""LangChain's models by name: "langchain:PROVIDER:MODEL" by way of its `init_chat_model`."""

import os
import re
from typing import TYPE_CHECKING, Any

from negosim.errors import UserError
from negosim.models._langchain_objects import OBJECT, described, given_object, secrets_of, server_of
from negosim.models._spec import OPENAI_URL, ModelSpec, checked_url
from negosim.plugins import suggest

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

USAGE = "langchain:PROVIDER:MODEL"
_PIP = re.compile(r"pip install ([\w.\[\]-]+)")
_NO_TIMEOUT = frozenset({"ollama", "bedrock", "bedrock_converse", "huggingface", "ibm"})
"""Providers whose classes know neither `timeout` nor `max_retries`."""


def complete_langchain(spec: ModelSpec) -> ModelSpec:
    """Check a name, and add the server's URL where it is known.

    Raises:
        UserError: the provider or the model is missing.

    """
    provider, _, model = spec.target.partition(":")
    if not provider or not model:
        raise UserError(
            f"lacks its provider or model; write {USAGE}, as in langchain:anthropic:claude-sonnet-4-5"
        )
    if provider != "openai":
        return spec
    url = spec.base_url or checked_url(os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
    return spec.model_copy(update={"base_url": None if url == OPENAI_URL else url})


def chat_object(spec: ModelSpec) -> "BaseChatModel":
    """Return the model of LangChain's that a spec names, made anew unless it was given as an object.

    Raises:
        UserError: its package is not installed, the provider is unknown, or something it needs is missing.

    """
    if spec.target.startswith(OBJECT):
        return given_object(spec.target)
    from langchain.chat_models import init_chat_model

    provider, _, model = spec.target.partition(":")
    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider, **_keywords(spec, provider))
        return made
    except ImportError as error:
        found = _PIP.search(str(error))
        if found is None:
            raise UserError(f"{spec.name}: {error}") from error
        raise UserError(f"{spec.name} needs the provider's package: pip install {found[1]}") from None
    except ValueError as error:
        known = str(error).partition("providers are: ")[2]
        if known:
            raise UserError(
                f"LangChain knows no provider {provider!r}; {suggest(provider, known.split(', '))}"
            ) from None
        raise UserError(f"{spec.name} cannot be opened: {_short(error)}") from None
    except Exception as error:  # each package has its own for a key that is missing
        raise UserError(f"{spec.name} cannot be opened: {_short(error)}") from None


def description(spec: ModelSpec) -> dict[str, Any]:
    """Return what records keep of a model of LangChain's beside its spec."""
    model = chat_object(spec)
    if spec.target.startswith(OBJECT):
        return {"langchain": described(model)}
    return {"langchain": {name: described(model)[name] for name in ("class", "package")}}


def key_variable_of(model: "BaseChatModel", spec: ModelSpec) -> str:
    """Return the environment variable that a model's key is taken from, as its class says."""
    if spec.base_url and not spec.target.startswith(OBJECT) and not _from_environment(spec):
        return "NEGOSIM_API_KEY"
    return next(iter(model.lc_secrets.values()), "the provider's key variable")


def _keywords(spec: ModelSpec, provider: str) -> dict[str, Any]:
    """Return what a class is made with."""
    keywords: dict[str, Any] = {}
    if provider not in _NO_TIMEOUT:
        # Retries are negosim's; Google's classes take 0 for their default.
        keywords |= {"timeout": spec.timeout, "max_retries": 1 if provider.startswith("google") else 0}
    if provider == "openai":
        # Said outright: else another variable could send the briefs elsewhere.
        keywords["base_url"] = spec.base_url or OPENAI_URL
        if spec.base_url is None and not os.environ.get("OPENAI_API_KEY"):
            raise UserError(f"{spec.name} needs a key: set OPENAI_API_KEY (export OPENAI_API_KEY=sk-...)")
    elif spec.base_url is not None:
        keywords["base_url"] = spec.base_url
    if spec.base_url is not None and provider != "ollama" and not _from_environment(spec):
        # A provider's key is never sent to a server that was only named in a model's name.
        keywords["api_key"] = os.environ.get("NEGOSIM_API_KEY") or "none"
    return keywords


def _from_environment(spec: ModelSpec) -> bool:
    """Return whether the user named the server in the variable that goes with the provider's key."""
    chosen = (os.environ.get("OPENAI_BASE_URL") or "").rstrip("/")
    return spec.target.startswith("openai:") and spec.base_url == chosen


def _short(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return " ".join(text[:3])[:300] or type(error).__name__


__all__ = [
    "USAGE",
    "chat_object",
    "complete_langchain",
    "description",
    "key_variable_of",
    "secrets_of",
    "server_of",
]
