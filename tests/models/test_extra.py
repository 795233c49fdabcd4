"""Extra fields and headers of requests, Azure's version, tokens of reasoning."""

import pytest

from negosim import ModelSpec
from negosim.errors import UserError
from negosim.models import Ledger, Usage, open_model
from negosim.models._completion import read_usage

from .speaking import GOOD, REQUEST, complete

SECRET = "s3cret-canary-0123456789"


async def test_extra_fields_and_headers_go_with_every_request(loopback, monkeypatch):
    monkeypatch.setenv("MY_TEAM_KEY", SECRET)
    said = {"error": {"message": f"bad key {SECRET}"}, "status": 400}
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(GOOD)) as server:
        await complete(server, '?body.top_p=0.9&body.provider={"order":["a"]}&header.X-Key=$MY_TEAM_KEY')
    (body,), (headers,) = server.bodies, server.headers
    assert (body["top_p"], body["provider"]) == (0.9, {"order": ["a"]})
    assert headers["X-Key"] == SECRET
    with (
        loopback.LoopbackServer(lambda body: loopback.ScriptedReply(**said)) as server,
        pytest.raises(Exception, match="bad key") as caught,
    ):
        await complete(server, "?header.X-Key=$MY_TEAM_KEY")
    assert SECRET not in str(caught.value)


async def test_azures_version_is_in_the_address_and_its_key_in_its_header(loopback, monkeypatch):
    monkeypatch.setenv("NEGOSIM_API_KEY", SECRET)
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(GOOD)) as server:
        model = open_model(ModelSpec.parse(f"openai:gpt@{server.url}?api-version=2024-10-21"))
        await model.complete(REQUEST)
        await model.close()
    (headers,) = server.headers
    assert headers["api-key"] == SECRET
    assert "Authorization" not in headers


def test_extras_are_part_of_the_name_and_secrets_are_not():
    given = ModelSpec.parse("openai:x", body={"top_k": 3, "odd": "a&b,%"}, headers={"api-key": "$MINE"})
    assert str(given) == 'openai:x?body.top_k=3&body.odd="a%26b%2C%25"&header.api-key=$MINE'
    assert ModelSpec.parse(str(given)) == given


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"openai:x?header.api-key={SECRET}", "header.api-key=$MY_SECRET"),
        (f"openai:x?body.api_key={SECRET}", "NEGOSIM_API_KEY"),
        ("openai:x?body.max_completion_tokens=9", "?max_tokens=N"),
        ("openai:x?body.messages=[]", "negosim makes it"),
        ("openai:x?header.Host=a", "negosim sets it"),
        ("openai:x?body.top_p=1&body.top_p=2", "given twice"),
        ("gguf:x?body.top_p=1", "a setting of openai:NAME alone"),
        ("openai:x?api_version=a b", "a version such as"),
    ],
)
def test_what_cannot_be_sent_is_told_and_no_secret_with_it(text, says):
    with pytest.raises(UserError) as caught:
        ModelSpec.parse(text)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_header_whose_variable_is_not_set_is_told_before_anything_is_sent(monkeypatch):
    monkeypatch.delenv("MY_TEAM_KEY", raising=False)
    with pytest.raises(UserError, match="MY_TEAM_KEY, which is not set"):
        open_model(ModelSpec.parse("openai:x@http://127.0.0.1:9/v1?header.X-Key=$MY_TEAM_KEY"))


@pytest.mark.parametrize(("total", "tokens_out"), [(160, 60), (200, 100), (None, 60)])
def test_tokens_of_reasoning_are_counted_once_wherever_the_server_counts_them(total, tokens_out):
    """OpenAI's are among the completion's, xAI's in the total alone."""
    used = {"prompt_tokens": 100, "completion_tokens": 60, "total_tokens": total}
    used["completion_tokens_details"] = {"reasoning_tokens": 40}
    usage = read_usage(used)
    assert usage == Usage(100, tokens_out, 0, 40)
    ledger = Ledger()
    ledger.add(stage="speak", role=0, model="gpt-5", calls=1, usage=usage, seconds=1)
    (row,) = ledger.rows()
    assert row.tokens_reasoning == 40
    assert row.usd == pytest.approx((100 * 1.25 + tokens_out * 10) / 1e6)
