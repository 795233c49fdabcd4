"""Extra fields and headers of a model's requests: "?body.top_p=0.9&header.X-Team=$TEAM" behind its name."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

import orjson

from negosim.errors import UserError

BODY, HEADER = "body.", "header."
OURS = {
    **dict.fromkeys(("model", "messages"), "negosim makes it"),
    **dict.fromkeys(("stream", "n"), "negosim reads one whole answer"),
    **dict.fromkeys(("response_format", "tools"), "set ?mode=... for how the form is asked for"),
    **dict.fromkeys(("max_tokens", "max_completion_tokens"), "set ?max_tokens=N, sent by the name wanted"),
    **{name: f"set ?{name}=..." for name in ("temperature", "seed", "reasoning_effort")},
}
"""Fields of a request that have a way of their own."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = ("content-type", "content-length", "host", "accept-encoding", "transfer-encoding")
_SECRET = re.compile(r"auth|key|token|secret|password|cookie|credential|signature", re.IGNORECASE)
_SECRET_FIELD = re.compile(
    r"(?:api|access|secret)?[-_]?(?:key|token|secret|password|authorization)", re.IGNORECASE
)
_VARIABLE = re.compile(r"\$(\w+)")

Pairs = Iterable[tuple[str, str]]


def extra_settings(
    model: str, pairs: Pairs, body: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[list[tuple[str, str]], tuple[tuple[str, str], ...]]:
    """Divide settings into the usual ones and those that go with every request as they are.

    Raises:
        UserError: one cannot be sent, or is a secret that records would carry.

    """
    usual, extra = list[tuple[str, str]](), dict[str, str]()
    written = [(BODY + name, orjson.dumps(value).decode()) for name, value in body.items()]
    written += [(HEADER + name, value) for name, value in headers.items()]
    for key, value in [*((key, unquote(value)) for key, value in pairs), *written]:
        if not key.startswith((BODY, HEADER)):
            usual.append(("api_version" if key == "api-version" else key, value))
            continue
        if key in extra:
            raise UserError(f"model {model!r}: {key} is given twice; keep one")
        problem = _body_problem(key) if key.startswith(BODY) else _header_problem(key, value)
        if problem:
            raise UserError(f"model {model!r}: {key}: {problem}")
        extra[key] = value
    return usual, tuple(extra.items())


def _body_problem(key: str) -> str:
    name = key.removeprefix(BODY)
    if _SECRET_FIELD.fullmatch(name):
        return "records would carry it; a key goes into NEGOSIM_API_KEY, or a header: header.NAME=$MY_SECRET"
    return "name the field, as in body.top_p=0.9" if not name else OURS.get(name, "")


def _header_problem(key: str, value: str) -> str:
    """Say what is wrong with a header; nothing of its value is repeated."""
    name = key.removeprefix(HEADER)
    if not _HEADER_NAME.fullmatch(name):
        return "is no header's name, as in header.X-Team=research"
    if name.lower() in _OWN_HEADERS:
        return "negosim sets it"
    if _VARIABLE.fullmatch(value):
        return ""
    if _SECRET.search(name):
        return f"records would carry it; put it into a variable and name that: {key}=$MY_SECRET"
    return "" if value.isprintable() else "its value has characters that no header has"


def body_of(extra: Pairs) -> dict[str, Any]:
    """Return the fields that go into every request: JSON where the text is some, else the text."""
    found: dict[str, Any] = {}
    for key, value in extra:
        if key.startswith(BODY):
            try:
                found[key.removeprefix(BODY)] = orjson.loads(value)
            except orjson.JSONDecodeError:
                found[key.removeprefix(BODY)] = value
    return found


def variables_of(extra: Pairs) -> list[str]:
    """Return the variables of the environment whose values go with every request."""
    found = (_VARIABLE.fullmatch(value) for key, value in extra if key.startswith(HEADER))
    return [variable[1] for variable in found if variable]


def headers_of(extra: Pairs) -> tuple[dict[str, str], list[str]]:
    """Return the headers that go with every request, and which of their values are secret.

    Raises:
        UserError: the variable that one names is not set.

    """
    found, secrets = dict[str, str](), list[str]()
    for key, value in extra:
        if not key.startswith(HEADER):
            continue
        variable = _VARIABLE.fullmatch(value)
        if variable:
            value = os.environ.get(variable[1], "")
            if not value:
                raise UserError(f"{key} names the variable {variable[1]}, which is not set")
            secrets.append(value.removeprefix("Bearer "))
        found[key.removeprefix(HEADER)] = value
    return found, secrets


def escaped(value: str) -> str:
    """Return a value as it stands in a model's name."""
    return quote(value, safe="$:/{}[]\"'!*()@;=+~ ")
