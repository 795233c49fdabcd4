"""Secrets: the keys and passwords a server is sent, taken out of whatever it sends back.

What a model server replies passes `Secrets.redact` before anything of it is read. So no key gets into a
record, a log, the cache or a message by way of a reply, in whatever part of it the server repeats it.
"""

import base64
import math
import re
import urllib.request
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote, urlsplit

REDACTED = b"[redacted]"
SHORTEST = 8
"""Characters a secret has at least. What is shorter ("x", "EMPTY") is none, and would be in every text."""
ENOUGH = 2 / 3
"""The part of a secret that gives it away: what begins with it is taken out to the end of the word."""
LEAST_ECHO = 24
"""Characters in a row that a server's words share with a prompt where they repeat it."""

_CODE = re.compile(
    rb"\\\\*(?:u00|x)([2-7][0-9a-fA-F])|%(?:25)*([2-7][0-9a-fA-F])|"
    rb"&#[xX]0*([2-7][0-9a-fA-F]);|&#0*([1-9]\d{1,2});"
)
"""How a character of ASCII is written as a code in JSON, a URL, HTML."""
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
"""Characters that are not seen, and could stand within a secret."""
_USER_INFO = re.compile(r"(\w+:/{1,2})[^\s'\"<>]*@")


class Secrets:
    """What must not come back from a server."""

    def __init__(self, *secrets: str | None) -> None:
        """Say what is secret; None and what is too short are not."""
        self._secrets = tuple(dict.fromkeys(text for text in secrets if text and len(text) >= SHORTEST))

    @classmethod
    def sent(cls, *keys: str | None) -> "Secrets":
        """Return what is sent with a request: the key, and the password of a proxy."""
        return cls(*keys, *_proxy_secrets())

    def redact(self, body: bytes) -> bytes:
        """Take every secret out of a text, as it is or encoded: in a URL, in JSON or HTML, base64, hex."""
        # The pattern takes milliseconds for a long text; whether it is needed is known in microseconds.
        plain = _plain(body) if self._secrets else b""
        if not any(start in plain for start in self._starts):
            return body
        return self._pattern.sub(REDACTED, body)

    def redact_text(self, text: str) -> str:
        """Take every secret out of a text, and users and passwords out of the URLs in it."""
        text = _UNSEEN.sub("", text)
        return without_user_info(self.redact(text.encode(errors="replace")).decode(errors="replace"))

    @cached_property
    def _starts(self) -> tuple[bytes, ...]:
        return tuple(_start(form).replace(b"\\", b"") for form in _forms(self._secrets))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(_in_any_spelling(form) for form in _forms(self._secrets)))


def without_user_info(text: str) -> str:
    """Return a text without the user and the password of any URL in it."""
    return _USER_INFO.sub(r"\1", text)


def without_echo(text: str, prompt: str) -> str:
    """Return a server's words with "[...]" for what they repeat of a prompt, which is private to a role."""
    prompt = " ".join(prompt.split())
    repeated = [False] * len(text)
    for start in range(len(text) - LEAST_ECHO + 1):
        if text[start : start + LEAST_ECHO] in prompt:
            repeated[start : start + LEAST_ECHO] = [True] * LEAST_ECHO
    kept = "".join("\0" if echo else char for char, echo in zip(text, repeated, strict=True))
    return re.sub("\0+", "[...]", kept)


def _proxy_secrets() -> Iterator[str]:
    """Yield the passwords of the proxies the environment names, and what is sent for them."""
    for url in urllib.request.getproxies().values():
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        if parts.password is not None:
            password = unquote(parts.password)
            yield password
            yield f"{unquote(parts.username or '')}:{password}"


def _forms(secrets: tuple[str, ...]) -> Iterator[bytes]:
    for secret in secrets:
        text = secret.encode()
        yield text
        yield text.hex().encode()
        yield text.hex().upper().encode()
        for form in _base64_forms(text):
            yield form
            if form != (other := form.translate(bytes.maketrans(b"+/", b"-_"))):
                yield other


def _base64_forms(text: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of a text within another, by where it begins there; the ends depend on it."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + text)
        yield encoded[math.ceil(before * 8 / 6) : (before + len(text)) * 8 // 6]


def _start(form: bytes) -> bytes:
    """Return as much of a secret as gives it away."""
    return form[: max(SHORTEST, math.ceil(len(form) * ENOUGH))]


def _plain(body: bytes) -> bytes:
    """Return a text with its ASCII characters as they are, none of them written as a code or escaped."""
    if b"%" in body or b"\\" in body or b"&#" in body:
        return _CODE.sub(lambda found: bytes([_value(found)]), body).replace(b"\\", b"")
    return body


def _value(found: re.Match[bytes]) -> int:
    hexadecimal, decimal = found[1] or found[2] or found[3], found[4]
    return int(decimal) % 128 if decimal else int(hexadecimal, 16)


def _in_any_spelling(form: bytes) -> bytes:
    """Return a pattern of what begins with a secret, in which any character may be written as a code."""
    return b"".join(map(_character, _start(form))) + rb"[A-Za-z0-9_\-+/=.%\\&#;]*"


def _character(code: int) -> bytes:
    plain = re.escape(bytes([code]))
    if not chr(code).isalnum():
        plain = rb"\\*" + plain
    digits = b"".join(
        b"[%c%c]" % (ord(d), ord(d.upper())) if d.isalpha() else d.encode() for d in f"{code:02x}"
    )
    return rb"(?:%s|\\+u00%s|\\+x%s|%%(?:25)*%s|&#0*%d;|&#[xX]0*%s;)" % (
        plain,
        digits,
        digits,
        digits,
        code,
        digits,
    )
