"""Names of models with their settings: "sim", "openai:gpt-4o-mini", "gguf:model.gguf?temperature=0.2"."""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field

from negosim import registry
from negosim._frozen import Frozen, empty, unset
from negosim.errors import UserError
from negosim.models._extra import escaped, extra_settings
from negosim.models._room import USUAL
from negosim.models._types import AnswerMode
from negosim.plugins import suggest
from negosim.records import SIMULATED

MODEL_VARIABLE = "NEGOSIM_MODEL"
OPENAI_URL = "https://api.openai.com/v1"


ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
"""How long a model reasons before it answers; which of them a model knows, its provider says."""
KVCache = Literal["f16", "q8_0"]
"""16 bits, or 8, which takes half the memory."""
PolicySetting = Annotated[float | None, Field(exclude_if=unset)]


class ModelSpec(Frozen):
    """What plays or answers, and the settings of its calls, as parsed from a string; `str()` gives it back.

    The kind is the name of a model provider ("openai") or of an agent ("sim"); plugins bring others.
    """

    kind: str
    target: str = ""
    """What follows the kind: a model's name at its server, the path of a file or folder."""
    base_url: str | None = None
    """Where a server answers, without the final slash; None where the kind has none."""
    replicas: Annotated[tuple[str, ...], Field(exclude_if=empty)] = ()
    """Where further servers of the same model answer: "openai:NAME@URL,URL"."""
    temperature: float = 0.7
    max_tokens: int = USUAL
    """Longest answer, in tokens; for models that reason, the reasoning included. Where it is not set, the
    usual number is raised where the form of an answer can need more; a number that is set is held to."""
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
    reasoning_effort: Annotated[ReasoningEffort | None, Field(exclude_if=unset)] = None
    """How long the model reasons before it answers; None: as its provider has it."""
    api_version: Annotated[str | None, Field(exclude_if=unset)] = None
    """Version of Azure's interface; the key then goes into the header that Azure reads it from."""
    extra: Annotated[tuple[tuple[str, str], ...], Field(exclude_if=empty)] = ()
    """What every request has besides: "body.NAME" with JSON or text, "header.NAME" with text or $VARIABLE."""
    threads: Annotated[int | None, Field(exclude_if=unset)] = None
    """Threads that decode in this process; None: as many as there are cores but one."""
    context: Annotated[int | None, Field(exclude_if=unset)] = None
    """Tokens of prompt and answer that a dialogue in this process can have."""
    kv_cache: Annotated[KVCache | None, Field(exclude_if=unset)] = None
    """How precisely a model in this process keeps what it has read; None: as "f16"."""
    advantage: PolicySetting = None
    """How much Q counts in what a trained policy says; None, here and below: as is stored with it."""
    top_k: Annotated[int | None, Field(exclude_if=unset)] = None
    """Likeliest tokens that a trained policy considers."""
    min_p: PolicySetting = None
    """Tokens less likely than this share of the likeliest are none that a trained policy says."""

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        timeout: float | None = None,
        max_in_flight: int | None = None,
        rpm: int | None = None,
        tpm: int | None = None,
        mode: AnswerMode | None = None,
        reasoning_effort: ReasoningEffort | None = None,
        api_version: str | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "ModelSpec":
        """Read a model's name, with settings behind it or beside it.

        Args:
            text: "KIND", "KIND:TARGET" or "KIND:TARGET@URL" (of openai, also "@URL,URL"), with settings as in
                "openai:NAME?temperature=0.7&max_tokens=400" if any.
            temperature: 0 to 2.
            max_tokens: longest answer, in tokens.
            seed: another number draws another sample of the same run.
            timeout: longest time one request may take, in seconds.
            max_in_flight: most requests under way at once.
            rpm: most requests a minute.
            tpm: most tokens a minute, in and out.
            mode: how the answer is held to its form.
            reasoning_effort: how long the model reasons before it answers, for models of OpenAI's protocol.
            api_version: version of Azure's interface.
            body: further fields of every request, such as {"top_p": 0.9}, for models of OpenAI's protocol.
            headers: further headers; one that is a secret is named by a variable, {"api-key": "$MY_KEY"}.

        Raises:
            UserError: unknown kind or setting, a value out of range, or a setting given in both ways.

        Examples:
            >>> from negosim import ModelSpec
            >>> str(ModelSpec.parse("openai:gpt-4o-mini", temperature=0.2))
            'openai:gpt-4o-mini?temperature=0.2'

        """
        _refuse_user_info(text)
        name, mark, query = text.strip().partition("?")
        beside = {
            "temperature": temperature,
            "max_tokens": max_tokens,
            "seed": seed,
            "timeout": timeout,
            "max_in_flight": max_in_flight,
            "rpm": rpm,
            "tpm": tpm,
            "mode": mode,
            "reasoning_effort": reasoning_effort,
            "api_version": api_version,
        }
        pairs = [part.partition("=")[::2] for part in query.split("&")] if mark else []
        pairs += [(key, str(value)) for key, value in beside.items() if value is not None]
        pairs, extra = extra_settings(name, pairs, body or {}, headers or {})
        settings: dict[str, Any] = {**_settings(name, pairs)}
        if extra:
            settings["extra"] = extra
        kind, _, target = name.partition(":")
        home: registry.Kind = "providers" if registry.has("providers", kind) else "agents"
        if not registry.has(home, kind):
            raise UserError(f"unknown model {name!r}{_hint(name)}")
        if kind != "policy" and (wrong := [key for key in _OF_POLICIES if key in settings]):
            raise UserError(f"model {text!r}: {' and '.join(wrong)}: settings of policies, and it is none")
        if kind not in ("gguf", "local") and (wrong := [key for key in _OF_FILES if key in settings]):
            raise UserError(f"model {name!r}: {' and '.join(wrong)}: settings of gguf:PATH and local alone")
        for setting in ("reasoning_effort", "api_version", "extra"):
            if kind != "openai" and setting in settings:
                named = extra[0][0] if setting == "extra" else setting
                raise UserError(f"model {name!r}: {named} is a setting of openai:NAME alone")
        target, urls = _split_urls(text, target)
        if len(urls) > 1:
            _check_replicas(name, kind, urls)
            settings["replicas"] = tuple(urls[1:])
        base_url = urls[0] if urls else None
        spec = cls.model_validate({"kind": kind, "target": target, "base_url": base_url, **settings})
        complete = getattr(registry.load(home, kind), "complete", None)
        try:
            return complete(spec) if complete else spec
        except UserError as error:
            raise UserError(f"a model of kind {kind!r}: {error}") from None  # the rest may hold a password

    @property
    def chats(self) -> bool:
        """Whether it is a chat model, which thinks by a planner's prompts; else it is an agent of its own."""
        return registry.has("providers", self.kind)

    @property
    def holds_to_max_tokens(self) -> bool:
        """Whether no answer may have more than `max_tokens`, whatever its form needs: it was set."""
        return "max_tokens" in self.model_fields_set

    @property
    def form_in_prompt(self) -> bool:
        """Whether the form of an answer is likely to count among the prompt's tokens.

        It does at OpenAI; servers of one's own hold a model to it by a grammar.
        """
        if self.mode in ("json_object", "prompt"):
            return True
        return self.kind not in ("gguf", "local") and self.base_url is None

    @property
    def name(self) -> str:
        """How records name the model: the spec without its settings."""
        named = f"{self.kind}:{self.target}" if self.target else self.kind
        return f"{named}@{','.join(self.servers)}" if self.servers else named

    @property
    def servers(self) -> tuple[str, ...]:
        """The URLs of its servers, as far as they are named."""
        return () if self.base_url is None else (self.base_url, *self.replicas)

    def __str__(self) -> str:
        fields = type(self).model_fields
        # An agent may have settings of its own that a named one overrides, even with what is usual here.
        named = self.model_fields_set & {"max_tokens"} if self.chats else self.model_fields_set
        values = {
            key: getattr(self, key)
            for key in _SETTINGS
            if key in named or getattr(self, key) != fields[key].default
        }
        changed = [f"{key}={str(value).removesuffix('.0')}" for key, value in values.items()]
        changed += [f"{key}={escaped(value)}" for key, value in self.extra]
        return f"{self.name}?{'&'.join(changed)}" if changed else self.name


def resolve_spec(text: str | None = None) -> ModelSpec:
    """Return the model asked for: `text`, else the one `NEGOSIM_MODEL` names, else the simulated negotiator.

    Raises:
        UserError: the name is wrong.

    """
    return ModelSpec.parse(text or os.environ.get(MODEL_VARIABLE) or SIMULATED)


def _split_urls(text: str, target: str) -> tuple[str, list[str]]:
    """Split "NAME@http://host:port/v1,http://other:port/v1"."""
    at = max(target.rfind("@http://"), target.rfind("@https://"))
    if at < 0:
        return target, []
    if at == 0:
        raise UserError(f"model {text!r} lacks the model's name before '@'")
    urls = [url.strip() for url in target[at + 1 :].split(",")]
    if not all(urls):
        raise UserError(f"model {text!r}: between or after the commas a server's URL is missing")
    return target[:at], list(map(checked_url, urls))


def _check_replicas(name: str, kind: str, urls: list[str]) -> None:
    """Check several servers of one model.

    Raises:
        UserError: such a model has one, or one is named twice or cannot be among them.

    """
    if kind != "openai":
        raise UserError(f"model {name!r}: several servers are for openai:NAME@URL,URL alone; name one")
    if twice := next((url for url in urls if urls.count(url) > 1), None):
        raise UserError(f"model {name!r}: the server {twice} is named twice; keep one")
    if OPENAI_URL in urls:
        raise UserError(f"model {name!r}: OpenAI's own server spreads its load itself; name it alone")


def _refuse_user_info(text: str) -> None:
    """Refuse a URL with a user or password, whatever else is wrong with it.

    Records carry the URL, so they would be published with every run; nor are they repeated here.
    """
    if "@" in text.partition("://")[2]:
        raise UserError("a model's URL must not hold a user or password; put the key into NEGOSIM_API_KEY")


def checked_url(url: str) -> str:
    """Return a server's URL without the final slash.

    Raises:
        UserError: it is none, or holds a password, which is not repeated.

    """
    _refuse_user_info(url)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UserError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UserError(f"{url!r} is not the URL of a server, such as http://127.0.0.1:8000/v1")
    return url.rstrip("/")


_NUMBERS: Mapping[str, tuple[Callable[[str], float], float, float, str]] = {
    "temperature": (float, 0, 2, "a number from 0 to 2"),
    "max_tokens": (int, 1, 1_000_000, "a whole number of tokens, at least 1"),
    "seed": (int, 0, 2**63 - 1, "a whole number, at least 0"),
    "timeout": (float, 0.001, 86_400, "a number of seconds above 0"),
    "max_in_flight": (int, 1, 1_000_000, "a whole number of requests, at least 1"),
    "rpm": (int, 1, 1_000_000_000, "a whole number of requests a minute, at least 1"),
    "tpm": (int, 1, 1_000_000_000, "a whole number of tokens a minute, at least 1"),
    "threads": (int, 1, 1024, "a whole number of threads, at least 1"),
    "context": (int, 512, 1_048_576, "a whole number of tokens, at least 512"),
    "advantage": (float, 0, math.inf, "a number, at least 0"),
    "top_k": (int, 1, 1_000_000, "a whole number of tokens, at least 1"),
    "min_p": (float, 0, 0.999999, "a share from 0 to below 1"),
}
_TEXTS = ("api_version",)
_VERSION = re.compile(r"[\w.-]{1,40}")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mode": get_args(AnswerMode),
    "reasoning_effort": get_args(ReasoningEffort),
    "kv_cache": get_args(KVCache),
}
_SETTINGS = (*_NUMBERS, *_CHOICES, *_TEXTS)
_OF_POLICIES = ("advantage", "top_k", "min_p")
_OF_FILES = ("threads", "context", "kv_cache")


def _settings(text: str, pairs: Iterable[tuple[str, str]]) -> dict[str, float | str]:
    settings: dict[str, float | str] = {}
    for key, given in pairs:
        if key not in _SETTINGS:
            raise UserError(f"model {text!r}: unknown setting {key!r}; {suggest(key, _SETTINGS)}")
        if key in settings:
            raise UserError(f"model {text!r}: {key} is given twice; keep one")
        if key in _TEXTS:
            if not _VERSION.fullmatch(given):
                raise UserError(f"model {text!r}: {key} must be a version such as 2024-10-21, not {given!r}")
            settings[key] = given
            continue
        if key in _CHOICES:
            if given not in _CHOICES[key]:
                raise UserError(f"model {text!r}: unknown {key} {given!r}; {suggest(given, _CHOICES[key])}")
            settings[key] = given
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


def _hint(name: str) -> str:
    kind, colon, _ = name.partition(":")
    known = [*registry.plugins("providers"), *registry.plugins("agents")]
    if not colon and name.lower().endswith(".gguf"):
        return f"; did you mean gguf:{name}?"
    if not colon and kind.startswith(("gpt-", "o1", "o3", "o4", "chatgpt")):
        return f"; did you mean openai:{name}?"
    return f"; {suggest(kind, known)} (openai:NAME@http://host:port/v1 is any OpenAI-compatible server)"
