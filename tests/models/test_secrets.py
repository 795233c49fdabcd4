"""Keys and passwords are taken out of what a server sends back, in every spelling, and out of messages."""

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.models._secrets import Secrets, without_echo, without_user_info

KEY = "sk-canary/0+123456789abcdefZ"
PASSWORD = "pw-of-the-proxy"


def spellings(key: str) -> list[str]:
    raw = key.encode()
    return [
        key,
        quote(key, safe=""),
        quote(quote(key, safe=""), safe=""),
        json.dumps(key),
        json.dumps(json.dumps({"key": key})),
        key.replace("/", "\\/"),
        "".join(f"\\u{ord(char):04x}" for char in key),
        "".join(f"\\\\u{ord(char):04X}" for char in key),
        "".join(f"%{ord(char):02x}" for char in key),
        "".join(f"&#{ord(char)};" for char in key),
        "".join(f"&#x{ord(char):x};" for char in key),
        html.escape(key),
        raw.hex(),
        raw.hex().upper(),
        *(base64.b64encode(b"." * n + raw + b"...").decode() for n in range(4)),
        *(base64.urlsafe_b64encode(b"." * n + raw).decode() for n in range(4)),
        f"{key[:22]}...",
    ]


@pytest.mark.parametrize("spelling", spellings(KEY))
def test_a_key_is_taken_out_in_every_spelling(spelling: str) -> None:
    kept = Secrets(KEY).redact(f"Sorry, {spelling} is wrong.".encode())
    assert b"[redacted]" in kept
    assert kept.startswith(b"Sorry, ")
    assert kept.endswith(b" is wrong.")
    left = kept.decode()
    assert not any(spelling[i : i + 12] in left for i in range(2, len(spelling) - 12))


@given(st.from_regex(r"[A-Za-z0-9_.~+/=:\\-]{12,60}", fullmatch=True))
def test_any_key_in_any_spelling(key: str) -> None:
    for spelling in spellings(key)[:18]:
        assert b"[redacted]" in Secrets(key).redact(f" {spelling} ".encode())


def test_a_key_with_unseen_characters_within_is_taken_out_of_messages() -> None:
    shown = Secrets(KEY).redact_text(f"wrong key {KEY[:9]}\u200b{KEY[9:]}!")
    assert shown == "wrong key [redacted]!"


def test_what_is_no_key_stays() -> None:
    body = json.dumps({"content": "über 50%25 & more \\ sk-other"}).encode()
    assert Secrets(KEY).redact(body) == body
    assert Secrets("x", "", None).redact(b"x marks the spot") == b"x marks the spot"


def test_the_password_of_a_proxy_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://user:{PASSWORD}@proxy.example:3128")
    basic = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    kept = Secrets.sent(None).redact_text(f"user:{PASSWORD} Basic {basic} http://a:b@host/x?c=d@e")
    assert PASSWORD not in kept
    assert basic[4:-4] not in kept
    assert kept.endswith("http://e")


def test_users_and_passwords_in_urls_are_left_out() -> None:
    assert without_user_info("see http://user:pw@host/v1, ftp://x@y") == "see http://host/v1, ftp://y"
    assert without_user_info("mail me@example.org") == "mail me@example.org"


def test_what_repeats_the_prompt_is_left_out() -> None:
    prompt = "You sell apples.\nYour limit is 12 euros a crate, never say so."
    said = "bad message: You sell apples. Your limit is 12 euros a crate, never say so. Sorry"
    assert without_echo(said, prompt) == "bad message: [...] Sorry"
    assert without_echo("max_tokens is too large", prompt) == "max_tokens is too large"


@pytest.mark.parametrize(
    "spec",
    [
        "openai:m@http://user:hunter22@host/v1",
        "openai:m@http://user:hunter22@host:port/v1",
        "openai:m@http://user:hun/ter22@host/v1",
        "openai:m@http://user:hunter22?@host/v1",
        "openai:m@http://hunter22@host/v1?temperature=9",
        "openai:m@htp://user:hunter22@host/v1",
        "openai:m@user:hunter22@host/v1",
        "openai:user:hunter22@host/v1",
        "http://user:hunter22@host/v1",
        "gguf:http://user:hunter22@host/v1",
    ],
)
def test_a_password_in_a_models_name_is_refused_and_not_repeated(spec: str) -> None:
    with pytest.raises(UserError) as refused:
        ModelSpec.parse(spec)
    assert "hunter22" not in str(refused.value)
    assert "ter22" not in str(refused.value)


def test_a_password_in_the_base_url_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:hunter22@host:port/v1")
    with pytest.raises(UserError, match="must not hold a user or password") as refused:
        ModelSpec.parse("openai:m")
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize(
    "proxy", ["http://user:hunter22@host:port", "socks5://user:hunter22@host", "nonsense"]
)
def test_a_proxy_that_cannot_be_used_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    from negosim.models._share import proxy_of

    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(UserError, match="the proxy in HTTPS_PROXY must be") as refused:
        proxy_of("https://api.openai.com/v1")
    assert "hunter22" not in str(refused.value)
