"""LangChain's models given as Python objects where a model is named: their names, and what records keep.

LangChain is not imported here: whoever has an object has imported it.
"""

import hashlib
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import orjson

from negosim import registry
from negosim.errors import UserError
from negosim.models._secrets import Secrets, without_user_info
from negosim.models._spec import ModelSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

OBJECT = "object:"
"""What follows "langchain:" in the name of a model that was given as an object."""
REDACTED = "[redacted]"
OPENAI_HOSTS = ("https://api.openai.com/v1",)

_objects: dict[str, "BaseChatModel"] = {}
_SECRET = re.compile(
    r"key|token(?!s)|secret|passw|credential|authorization|cookie|header|signature", re.IGNORECASE
)
_IN_QUERY = re.compile(r"([?&][^=&\s]*(?:key|token|sig|secret|passw)[^=&\s]*=)[^&\s]+", re.IGNORECASE)
_UNNAMEABLE = re.compile(r"[?&@#\s]+")


def is_chat_object(given: Any) -> bool:
    """Return whether something is a chat model of LangChain's."""
    module = sys.modules.get("langchain_core.language_models.chat_models")
    return module is not None and isinstance(given, module.BaseChatModel)


def name_of_object(model: "BaseChatModel") -> str:
    """Return a name under which a model of LangChain's can be opened in this process.

    It tells the class, the model, the server where that is known, and a hash of the object's settings
    (secrets apart), followed by those settings that every model has. An object with the same settings has
    the same name in another process.

    Raises:
        UserError: the server's URL holds a user or password.

    """
    from negosim.models._langchain_calls import name_in

    kind, called = type(model).__name__, name_in(model)
    named = f"{kind}:{_UNNAMEABLE.sub('_', called)}" if called else kind
    told = hashlib.sha256(orjson.dumps(described(model), option=orjson.OPT_SORT_KEYS)).hexdigest()[:8]
    target = f"{OBJECT}{named}#{told}"
    _objects[target] = model
    url = server_of(model)
    at = f"@{url}" if url and url not in OPENAI_HOSTS else ""
    return str(ModelSpec.parse(f"langchain:{target}{at}", **_settings(model)))


def given_object(target: str) -> "BaseChatModel":
    """Return the object that a name stands for.

    Raises:
        UserError: none of that name was given in this process.

    """
    if target not in _objects:
        raise UserError(
            f"'langchain:{target}' stands for a LangChain model given as a Python object; give one "
            "with the same settings again where the run's models are named: "
            "resume(path, config=RunConfig(models=[...], ...))"
        )
    return _objects[target]


def server_of(model: "BaseChatModel") -> str | None:
    """Return the URL of the server that a class resting on OpenAI's SDK calls."""
    client = getattr(model, "root_async_client", None)
    url = getattr(client, "base_url", None)
    return str(url).rstrip("/") if url else None


def secrets_of(model: "BaseChatModel") -> Secrets:
    """Return the secrets that an object holds, which must not come back from a server."""
    return Secrets.sent(*_secret_values(vars(model)))


def described(model: "BaseChatModel") -> dict[str, Any]:
    """Return what records keep of an object: class, package and version, and settings without secrets."""
    kind, secrets = type(model), secrets_of(model)
    hidden = {name for name, field in kind.model_fields.items() if field.exclude}
    settings = {
        name: _plain(name, getattr(model, name, None), secrets)
        for name in sorted(model.model_fields_set - hidden)
    }
    return {
        "class": f"{kind.__module__}.{kind.__qualname__}",
        "package": _package(kind),
        "settings": {name: value for name, value in settings.items() if value not in (None, {}, [])},
    }


def _settings(model: "BaseChatModel") -> dict[str, Any]:
    """Return those of an object's own settings that every model has, where they can be ours."""
    from negosim.models._langchain_calls import field_of

    found: dict[str, Any] = {}
    for name, least in (("temperature", 0), ("max_tokens", 1), ("seed", 0), ("timeout", 0.001)):
        field = field_of(model, name)
        value = getattr(model, field) if field and field in model.model_fields_set else None
        if not isinstance(value, bool) and isinstance(value, int | float) and value >= least:
            found[name] = value
    return found


def _package(kind: type) -> str:
    """Return the package that brings a class, with its version; of a class of the user's own, its hash."""
    package = kind.__module__.partition(".")[0].replace("_", "-")
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{kind.__module__}, {registry.code_hash(kind)}"


def _plain(name: str, value: Any, secrets: Secrets) -> Any:
    """Return a setting as JSON, without secrets; of an object of code, its class."""
    if hasattr(value, "get_secret_value") or (_SECRET.search(name) and value is not None):
        return REDACTED
    if isinstance(value, str):
        return _IN_QUERY.sub(rf"\1{REDACTED}", without_user_info(secrets.redact_text(value)))
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(str(key), part, secrets) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain("", part, secrets) for part in value]
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _secret_values(values: Mapping[str, Any], *, named: bool = False) -> list[str]:
    found = list[str]()
    for name, value in values.items():
        secret = named or bool(_SECRET.search(str(name)))
        if hasattr(value, "get_secret_value"):
            value, secret = value.get_secret_value(), True
        if isinstance(value, str) and secret:
            found += [value, *value.split()]
        elif isinstance(value, Mapping):
            found += _secret_values(value, named=secret)
    return found
