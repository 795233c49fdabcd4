"""Retries, pauses of all calls, and shared connections and limits of the HTTP transport."""

import asyncio
import time
from dataclasses import replace
from email.utils import formatdate

import orjson
import pytest
import tenacity

from negosim.errors import ModelError
from negosim.models import Ledger, Message, ModelClient, open_model

from .speaking import GOOD, REQUEST, Speech, complete, spec

pytestmark = pytest.mark.usefixtures("no_pauses")


def in_turn(*replies):
    """Answer with each in turn, then with the last for good."""
    left = list(replies)
    return lambda body: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    "bad",
    [
        {"status": 500, "error": "oops"},
        {"status": 503, "raw": b"<html>Bad gateway</html>"},
        {"status": 429, "error": "slow down", "headers": {"Retry-After": "0"}},
        {"raw": b'{"choices": [{"mess'},
        {"cut": True},
        {"delay": 0.6},
    ],
)
async def test_what_passes_is_sent_again_and_every_request_counted(loopback, bad):
    replies = in_turn(
        loopback.ScriptedReply(**bad), loopback.ScriptedReply(**bad), loopback.ScriptedReply(GOOD)
    )
    with loopback.LoopbackServer(replies) as server:
        (response,) = await complete(server, "?timeout=0.3")
    assert response.text == '{"text":"Good morning."}'
    assert response.requests == len(server.bodies) == 3


async def test_retries_are_bounded_and_the_account_has_them(loopback):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(status=500, error="on fire")) as server:
        model, ledger = open_model(spec(server)), Ledger()
        client = ModelClient(model, temperature=0.5, max_tokens=99)
        with pytest.raises(ModelError, match=r"status 500 \(4 attempts\); .*says: on fire"):
            await client.ask(REQUEST.messages, Speech, stage="speak", role=0, seed=1, ledger=ledger)
        await model.close()
    # Four as it is usually asked, four without the form that may be the reason.
    assert len(server.bodies) == ledger.rows()[0].calls == 8


@pytest.mark.parametrize("as_date", [False, True])
async def test_retry_after_is_waited_for(loopback, as_date):
    # A date has whole seconds, so two of them are at least one away.
    header = formatdate(time.time() + 2, usegmt=True) if as_date else "0.4"
    busy = loopback.ScriptedReply(status=429, error="busy", headers={"Retry-After": header})
    start = time.monotonic()
    with loopback.LoopbackServer(in_turn(busy, loopback.ScriptedReply(GOOD))) as server:
        await complete(server)
    assert time.monotonic() - start >= 0.4
    assert len(server.bodies) == 2


async def test_a_reply_without_an_answer_is_an_error_of_the_provider(loopback):
    with (
        loopback.LoopbackServer(lambda body: loopback.ScriptedReply(raw=b'{"choices": []}')) as server,
        pytest.raises(ModelError, match="holds no answer"),
    ):
        await complete(server)


async def test_an_overloaded_server_is_waited_for_however_often_it_refuses(loopback):
    busy = [loopback.ScriptedReply(status=status, error="busy") for status in (429, 503, 529) * 3]
    with loopback.LoopbackServer(in_turn(*busy, loopback.ScriptedReply(GOOD))) as server:
        (response,) = await complete(server)
    assert response.requests == 10


async def test_a_server_that_refuses_everything_is_given_up_in_the_end(loopback, monkeypatch):
    monkeypatch.setattr("negosim.models._sending.PATIENCE", 0.05)
    busy = loopback.ScriptedReply(status=429, error="busy", headers={"Retry-After": "0.03"})
    with (
        loopback.LoopbackServer(lambda body: busy) as server,
        pytest.raises(ModelError, match=r"has refused all requests for .* resume later") as caught,
    ):
        await complete(server)
    assert caught.value.concerns_all
    assert caught.value.requests == len(server.bodies) >= 2


async def test_a_request_that_is_refused_for_ever_while_others_are_answered_is_given_up(
    loopback, monkeypatch
):
    monkeypatch.setattr("negosim.models._sending.PATIENCE", 0.2)

    def behave(body):
        busy = loopback.ScriptedReply(status=429, error="busy", headers={"Retry-After": "0.01"})
        return busy if "Unlucky" in body["messages"][-1]["content"] else loopback.ScriptedReply(GOOD)

    unlucky = replace(REQUEST, messages=(Message("user", "Unlucky."),))
    with loopback.LoopbackServer(behave) as server:
        model = open_model(spec(server))
        lost = asyncio.ensure_future(model.complete(unlucky))
        while not lost.done():
            await model.complete(REQUEST)
        with pytest.raises(ModelError, match="has refused this request for") as caught:
            await lost
        await model.close()
    assert not caught.value.concerns_all


async def test_when_one_is_refused_all_wait_and_fewer_go_out(loopback):
    refused, arrived = 0.0, []

    def behave(body):
        nonlocal refused
        arrived.append(time.monotonic())
        if len(arrived) == 8:
            refused = time.monotonic()
            return loopback.ScriptedReply(status=429, error="busy", headers={"Retry-After": "0.3"})
        return loopback.ScriptedReply(GOOD, delay=0.05)

    with loopback.LoopbackServer(behave) as server:
        model = open_model(spec(server, "?max_in_flight=8"))
        await asyncio.gather(*(model.complete(REQUEST) for _ in range(20)))
        assert server.most_in_flight == 8
        window = model._server._sender.share().limiter(model._model).window
        await model.close()
    assert len(arrived) == 21
    late = [at - refused for at in arrived[8:]]
    # Those that were already on their way before the refusal was read may arrive until then.
    assert sum(wait < 0.25 for wait in late) <= 1
    assert 4 <= window < 8


async def test_the_limits_of_a_model_hold_for_all_who_use_it_and_for_no_other(loopback):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(GOOD, delay=0.05)) as server:
        named = spec(server)
        first, second = open_model(f"{named}?max_in_flight=3"), open_model(f"{named}?temperature=0.1")
        await asyncio.gather(*(model.complete(REQUEST) for model in (first, second) for _ in range(6)))
        assert server.most_in_flight == 3
        other = open_model(spec(server))
        await asyncio.gather(*(other.complete(REQUEST) for _ in range(6)))
        assert server.most_in_flight == 6
        for model in (first, second, other):
            await model.close()


async def test_the_tokens_the_server_counted_are_what_a_minute_is_charged(loopback):
    def behave(body):
        usage = {"prompt_tokens": 300, "completion_tokens": 200, "total_tokens": 500}
        return loopback.ScriptedReply(
            raw=orjson.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage})
        )

    with loopback.LoopbackServer(behave) as server:
        model = open_model(spec(server, "?tpm=6000"))
        start = time.monotonic()
        await model.complete(REQUEST)
        assert time.monotonic() - start < 1  # 500 may be used at once
        second = asyncio.create_task(model.complete(REQUEST))
        await asyncio.sleep(0.3)
        assert len(server.bodies) == 1  # and they are used up
        second.cancel()
        await model.close()


async def test_calls_go_out_together_over_one_session(loopback):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(GOOD, delay=0.1)) as server:
        first, second = open_model(spec(server)), open_model(spec(server))
        await asyncio.gather(*(model.complete(REQUEST) for model in (first, second) for _ in range(30)))
        await first.close()
        await second.complete(REQUEST)  # still open
        await second.close()
    assert server.most_in_flight == 60


def test_a_model_outlives_an_event_loop(loopback):
    with loopback.LoopbackServer(lambda body: GOOD) as server:
        model = open_model(spec(server))

        async def once():
            await model.complete(REQUEST)
            await model.close()

        asyncio.run(once())
        asyncio.run(once())
    assert len(server.bodies) == 2


def test_a_proxy_without_a_password_file(monkeypatch):
    from negosim.models._share import proxy_of

    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_of("https://api.openai.com/v1") == "http://proxy:3128"
    assert proxy_of("https://inside.example/v1") is None
    assert proxy_of("http://127.0.0.1:8000/v1") is None


async def test_requests_that_never_left_are_not_counted(loopback):
    with loopback.LoopbackServer() as server:
        url = server.url
    model = open_model(f"openai:gone@{url}")
    with pytest.raises(ModelError, match=r"cannot connect \(Connection refused\) \(4 attempts\)") as caught:
        await model.complete(REQUEST)
    await model.close()
    assert caught.value.requests == 0
    assert caught.value.concerns_all


async def test_a_server_without_tls_is_not_asked_again(loopback):
    with loopback.LoopbackServer() as server:
        model = open_model(f"openai:tls@{server.url.replace('http', 'https')}")
        with pytest.raises(ModelError, match=r"cannot connect \(.*SSL") as caught:
            await model.complete(REQUEST)
        await model.close()
    assert "attempts" not in str(caught.value)


async def test_a_server_that_fails_for_a_while_is_waited_for(loopback, monkeypatch, caplog):
    monkeypatch.setattr("negosim.models._limiter.SILENCE", 30.0)
    failing = [loopback.ScriptedReply(status=502, error="restarting")] * 9
    replies = in_turn(loopback.ScriptedReply(GOOD), *failing, loopback.ScriptedReply(GOOD))
    with loopback.LoopbackServer(replies) as server:
        _, response = await complete(server, times=2)
    assert response.requests == 10
    assert [record.message for record in caplog.records if "waiting for the server" in record.message] == [
        f"{server.url}: status 502; waiting for the server"
    ]


async def test_a_request_that_fails_while_others_are_answered_is_not_waited_for(loopback, monkeypatch):
    monkeypatch.setattr("negosim.models._limiter.SILENCE", 30.0)
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_fixed(0.02))
    poison = replace(REQUEST, messages=(Message("user", "poison"),))

    def behave(body):
        return (
            loopback.ScriptedReply(status=502, error="oops")
            if "poison" in str(body)
            else loopback.ScriptedReply(GOOD)
        )

    with loopback.LoopbackServer(behave) as server:
        model = open_model(spec(server))
        failing = asyncio.create_task(model.complete(poison))
        while not failing.done():
            await model.complete(REQUEST)
        with pytest.raises(ModelError, match=r"\(4 attempts\)") as caught:
            await failing
        await model.close()
    assert not caught.value.concerns_all
