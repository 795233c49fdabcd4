"""How a model is named: "sim", "openai:gpt-4o-mini", "gguf:model.gguf?temperature=0.2"."""

import math
import os
from collections.abc import Callable, Mapping
from typing import Literal, get_args
from urllib.parse import urlsplit

from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.models._catalog import CATALOG
from negosim.models._types import AnswerMode
from negosim.plugins import suggest

MODEL_VARIABLE = "NEGOSIM_MODEL"
OPENAI_URL = "https://api.openai.com/v1"

Kind = Literal["sim", "openai", "gguf", "local", "policy"]

FORMS = "sim, openai:NAME, openai:NAME@http://host:port/v1, gguf:PATH, local, policy:FOLDER"


class ModelSpec(Frozen):
    """A model and the settings of its calls, as parsed from a string; `str()` gives it back."""

    kind: Kind
    target: str = ""
    """The model's name at its server ("openai"), the path of its file ("gguf") or folder ("policy"), its
    name in the catalogue ("local")."""
    base_url: str | None = None
    """Where an OpenAI-compatible server answers, without the final slash; None but for "openai"."""
    temperature: float = 0.7
    max_tokens: int = 1024
    """Longest answer, in tokens; for models that reason, the reasoning included."""
    seed: int = 0
    """Mixed into the seed of every call: another number draws another sample of the same run."""
    timeout: float = 120.0
    """Longest time one request may take, in seconds."""
    max_in_flight: int | None = None
    """Most requests under way at once; None: as many as the run asks for, and a local model has slots."""
    rpm: int | None = None
    """Most requests a minute."""
    tpm: int | None = None
    """Most tokens a minute, in and out."""
    mode: AnswerMode | None = None
    """How the answer is held to its form; None: in the strictest way that works."""

    @classmethod
    def parse(cls, text: str) -> "ModelSpec":
        """Read a model's name, with optional settings: "openai:NAME?temperature=0.7&max_tokens=400".

        Raises:
            UserError: unknown kind or setting, or a value out of range.

        """
        _refuse_user_info(text)
        name, mark, query = text.strip().partition("?")
        settings = _settings(text, query) if mark else {}
        kind, colon, target = name.partition(":")
        if kind == "sim" and not colon:
            if settings:
                raise UserError(f"model {text!r}: the simulated negotiator takes no settings; write 'sim'")
            return cls(kind="sim")
        if kind == "local":
            target = target or "smollm2"
            if target not in CATALOG:
                raise UserError(f"model {text!r}: no model {target!r} to get; {suggest(target, CATALOG)}")
            return cls.model_validate({"kind": "local", "target": target, **settings})
        if kind not in ("openai", "gguf", "policy"):
            raise UserError(f"unknown model {text!r}; a model is one of {FORMS}{_hint(name)}")
        if not target:
            raise UserError(f"model {text!r} lacks what follows {kind + ':'!r}; a model is one of {FORMS}")
        if kind in ("gguf", "policy"):
            return cls.model_validate({"kind": kind, "target": target, **settings})
        target, base_url = _split_url(text, target)
        return cls.model_validate({"kind": "openai", "target": target, "base_url": base_url, **settings})

    @property
    def name(self) -> str:
        """How records name the model: the spec without its settings."""
        if self.kind == "sim":
            return "sim"
        if self.base_url not in (None, OPENAI_URL):
            return f"openai:{self.target}@{self.base_url}"
        return f"{self.kind}:{self.target}"

    def __str__(self) -> str:
        fields = type(self).model_fields
        values = {key: getattr(self, key) for key in _SETTINGS if getattr(self, key) != fields[key].default}
        changed = [f"{key}={str(value).removesuffix('.0')}" for key, value in values.items()]
        return f"{self.name}?{'&'.join(changed)}" if changed else self.name


def resolve_spec(text: str | None = None) -> ModelSpec:
    """Return the model asked for: `text`, else the one `NEGOSIM_MODEL` names, else the simulated negotiator.

    Raises:
        UserError: the name is wrong.

    """
    return ModelSpec.parse(text or os.environ.get(MODEL_VARIABLE) or "sim")


def _split_url(text: str, target: str) -> tuple[str, str]:
    """Split "NAME@http://host:port/v1"; without a URL, OPENAI_BASE_URL or OpenAI's own holds."""
    at = max(target.rfind("@http://"), target.rfind("@https://"))
    if at < 0:
        if target.find("@") > 0:
            # There may be a password before the '@': nothing of it is said.
            raise UserError(
                "a model's name: what follows '@' is the server's URL and begins with http:// or https://, "
                "as in openai:NAME@http://127.0.0.1:8000/v1"
            )
        url = os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        _refuse_user_info(url)
        return target, _check_url(text, url)
    if at == 0:
        raise UserError(f"model {text!r} lacks the model's name before '@'")
    return target[:at], _check_url(text, target[at + 1 :])


def _refuse_user_info(text: str) -> None:
    """Refuse a URL with a user or password, whatever else is wrong with it.

    Records carry the URL, so they would be published with every run; nor are they repeated here.
    """
    if "@" in text.partition("://")[2]:
        raise UserError("a model's URL must not hold a user or password; put the key into NEGOSIM_API_KEY")


def _check_url(text: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UserError(f"model {text!r}: {url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UserError(
            f"model {text!r}: {url!r} is not the URL of a server, such as http://127.0.0.1:8000/v1"
        )
    return url.rstrip("/")


_NUMBERS: Mapping[str, tuple[Callable[[str], float], float, float, str]] = {
    "temperature": (float, 0, 2, "a number from 0 to 2"),
    "max_tokens": (int, 1, 1_000_000, "a whole number of tokens, at least 1"),
    "seed": (int, 0, 2**63 - 1, "a whole number, at least 0"),
    "timeout": (float, 0.001, 86_400, "a number of seconds above 0"),
    "max_in_flight": (int, 1, 1_000_000, "a whole number of requests, at least 1"),
    "rpm": (int, 1, 1_000_000_000, "a whole number of requests a minute, at least 1"),
    "tpm": (int, 1, 1_000_000_000, "a whole number of tokens a minute, at least 1"),
}
_SETTINGS = (*_NUMBERS, "mode")


def _settings(text: str, query: str) -> dict[str, float | str]:
    settings: dict[str, float | str] = {}
    for part in query.split("&"):
        key, _, given = part.partition("=")
        if key not in _SETTINGS:
            raise UserError(f"model {text!r}: unknown setting {key!r}; {suggest(key, _SETTINGS)}")
        if key in settings:
            raise UserError(f"model {text!r}: {key} is given twice; keep one")
        if key == "mode":
            settings[key] = _mode(text, given)
            continue
        kind, low, high, what = _NUMBERS[key]
        try:
            value = kind(given)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise UserError(f"model {text!r}: {key} must be {what}, not {given!r}")
        settings[key] = value
    return settings


def _mode(text: str, given: str) -> str:
    if given not in get_args(AnswerMode):
        raise UserError(f"model {text!r}: unknown mode {given!r}; {suggest(given, get_args(AnswerMode))}")
    return given


def _hint(name: str) -> str:
    kind, colon, _ = name.partition(":")
    if colon:
        return f"; {suggest(kind, ('openai', 'gguf', 'local', 'policy'))}"
    if name.lower().endswith(".gguf"):
        return f"; did you mean gguf:{name}?"
    if kind.startswith(("gpt-", "o1", "o3", "o4", "chatgpt")):
        return f"; did you mean openai:{name}?"
    return f"; {suggest(kind, ('sim', 'local'))}"
