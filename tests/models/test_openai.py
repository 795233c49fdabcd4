import asyncio
import logging
import socket

import orjson
import pytest

from negosim.errors import ContextLengthError, ModelError, UserError
from negosim.models import Usage, open_model
from negosim.models._schema import answer_schema

from .speaking import GOOD, REQUEST, Speech, complete, spec

pytestmark = pytest.mark.usefixtures("no_pauses")
KEY = "sk-canary-0123456789"


async def test_a_request_carries_everything_that_decides_the_answer(loopback):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(GOOD, cached=3)) as server:
        (response,) = await complete(server)
    (body,) = server.bodies
    assert body == {
        "model": body["model"],
        "messages": [{"role": "system", "content": "You sell."}, {"role": "user", "content": "Speak."}],
        "max_tokens": 99,
        "temperature": 0.5,
        "seed": 5,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "Speech", "strict": True, "schema": answer_schema(Speech)},
        },
    }
    assert (response.text, response.finish, response.mode, response.requests) == (
        '{"text":"Good morning."}', "stop", "json_schema", 1,
    )  # fmt: skip
    assert response.usage == Usage(tokens_in=3, tokens_out=6, tokens_cached=3)


async def test_how_long_a_model_reasons_goes_with_every_request_and_stays_if_others_are_dropped(loopback):
    def reasoning(body):
        if "temperature" in body:
            return loopback.ScriptedReply(
                status=400, error={"message": "no temperature", "param": "temperature"}
            )
        return loopback.ScriptedReply(GOOD)

    with loopback.LoopbackServer(reasoning) as server:
        await complete(server, "?reasoning_effort=low")
    assert [body["reasoning_effort"] for body in server.bodies] == ["low", "low"]
    unknown = loopback.ScriptedReply(status=400, error="reasoning_effort: not low")
    with (
        loopback.LoopbackServer(lambda _: unknown) as server,
        pytest.raises(ModelError, match="reasoning_effort"),
    ):
        await complete(server, "?reasoning_effort=low")


@pytest.mark.parametrize(
    ("reply", "finish"),
    [
        ({"finish": "length"}, "length"),
        ({"finish": "content_filter"}, "filtered"),
        ({"refusal": "I can't help with that."}, "refusal"),
        ({"status": 400, "error": {"message": "filtered", "code": "content_filter"}}, "filtered"),
        ({"status": 403, "error": {"message": "flagged by moderation"}}, "filtered"),
    ],
)
async def test_how_an_answer_ended(loopback, reply, finish):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(GOOD, **reply)) as server:
        (response,) = await complete(server)
    assert response.finish == finish
    assert len(server.bodies) == 1


async def test_a_server_without_schemas_is_asked_for_an_object_and_then_in_words(loopback):
    def old(body):
        kind = body.get("response_format", {}).get("type")
        return (
            loopback.ScriptedReply(GOOD)
            if kind is None
            else loopback.ScriptedReply(status=400, error=f"unknown {kind}")
        )

    with loopback.LoopbackServer(old) as server:
        first, second = await complete(server, times=2)
    forms = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert forms == ["json_schema", "json_schema", "json_object", None, None]
    assert (first.mode, first.requests) == ("prompt", 4)
    assert (second.mode, second.requests) == ("prompt", 1)
    last = server.bodies[-1]["messages"][-1]["content"]
    assert last.startswith("Speak.")
    assert '"required":["text"]' in last
    assert server.bodies[0]["messages"][0] == server.bodies[-1]["messages"][0]


async def test_a_strict_server_gets_the_schema_without_bounds(loopback):
    def strict(body):
        if "maxLength" in str(body):
            error = {"message": "Invalid schema: 'maxLength' is not permitted.", "param": "response_format"}
            return loopback.ScriptedReply(status=400, error=error)
        return loopback.ScriptedReply(GOOD)

    with loopback.LoopbackServer(strict) as server:
        (response,) = await complete(server)
    assert response.mode == "json_schema"
    assert server.bodies[1]["response_format"]["json_schema"]["schema"]["properties"]["text"] == {
        "type": "string"
    }


async def test_calls_in_flight_together_step_down_once(loopback):
    def old(body):
        if "maxLength" in str(body):
            return loopback.ScriptedReply(status=400, error="bad response_format", delay=0.05)
        return loopback.ScriptedReply(GOOD)

    with loopback.LoopbackServer(old) as server:
        model = open_model(spec(server))
        responses = await asyncio.gather(*(model.complete(REQUEST) for _ in range(8)))
        await model.close()
    assert {response.mode for response in responses} == {"json_schema"}
    assert len(server.bodies) == 16


@pytest.mark.parametrize(
    ("parameter", "error"),
    [
        ("temperature", {"message": "Only the default (1) value is supported.", "param": "temperature"}),
        ("seed", {"message": "Unrecognized request argument supplied: seed"}),
    ],
)
async def test_a_parameter_a_server_rejects_is_left_out_and_said_so(loopback, caplog, parameter, error):
    def picky(body):
        return (
            loopback.ScriptedReply(status=400, error=error)
            if parameter in body
            else loopback.ScriptedReply(GOOD)
        )

    with loopback.LoopbackServer(picky) as server, caplog.at_level(logging.WARNING, "negosim.models"):
        await complete(server, times=2)
    assert [parameter in body for body in server.bodies] == [True, False, False]
    assert [record.message for record in caplog.records if parameter in record.message] == [
        f"{server.bodies[0]['model']}: the server does not take {parameter!r}; going on without it"
    ]


async def test_reasoning_models_get_their_own_name_of_the_length_limit(loopback):
    def reasoning(body):
        if "max_tokens" in body:
            message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return loopback.ScriptedReply(status=400, error={"message": message, "param": "max_tokens"})
        return loopback.ScriptedReply(GOOD)

    with loopback.LoopbackServer(reasoning) as server:
        await complete(server)
    assert server.bodies[-1]["max_completion_tokens"] == 99


@pytest.mark.parametrize(
    ("reply", "says", "permanent"),
    [
        (
            {"status": 401, "error": f"Incorrect API key provided: {KEY}"},
            "refused the key in NEGOSIM_API_KEY",
            True,
        ),
        ({"status": 403, "error": "no"}, "refused the key in NEGOSIM_API_KEY", True),
        ({"status": 404, "error": f"model not found for {KEY}"}, "has no model 'model-", True),
        (
            {"status": 400, "error": "This model's maximum context length is 8192 tokens."},
            r"longer than the model's.*shorter dialogues \(--max-turns\)",
            False,
        ),
        (
            {"status": 400, "error": {"type": "exceed_context_size_error", "message": "too big"}},
            "longer than the",
            False,
        ),
        ({"status": 400, "error": "messages: bad"}, r"rejected .* \(status 400\); .*: messages: bad", False),
        ({"status": 429, "error": {"code": "insufficient_quota", "message": "pay"}}, "out of credit", True),
        (
            {"status": 429, "error": "later", "headers": {"Retry-After": "3600"}},
            "wait 3600 s; resume later",
            True,
        ),
        ({"status": 307, "headers": {"Location": "http://127.0.0.1:9/"}}, "redirects elsewhere", True),
    ],
)
async def test_what_does_not_pass_stops_at_once_and_says_what_to_do(
    loopback, monkeypatch, reply, says, permanent
):
    monkeypatch.setenv("NEGOSIM_API_KEY", KEY)
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(**reply)) as server:
        with pytest.raises(ModelError, match=says) as caught:
            await complete(server)
        assert KEY not in str(caught.value)
    assert len(server.bodies) == (2 if "rejected" in says else 1)
    assert caught.value.concerns_all is permanent
    assert isinstance(caught.value, ContextLengthError) is ("longer" in says)


async def test_an_error_that_echoes_the_prompt_is_not_passed_on(loopback):
    detail = [{"loc": ["body", "top"], "msg": "unknown", "input": "my secret reservation value"}]
    raw = orjson.dumps({"detail": detail})
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(status=422, raw=raw)) as server:
        with pytest.raises(ModelError, match=r"body\.top: unknown") as caught:
            await complete(server)
        assert "secret" not in str(caught.value)


# Keys


async def test_the_openai_key_never_goes_to_another_server(loopback, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with loopback.LoopbackServer(lambda body: GOOD) as server:
        await complete(server)
        assert "Authorization" not in server.headers[-1]
        monkeypatch.setenv("NEGOSIM_API_KEY", "own")
        await complete(server)
        assert server.headers[-1]["Authorization"] == "Bearer own"
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        await complete(server)
        assert server.headers[-1]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(server.headers[:2])


def test_no_key_for_openai_is_told_before_any_call(monkeypatch):
    with pytest.raises(UserError, match="set OPENAI_API_KEY"):
        open_model("openai:gpt-4o-mini")
    monkeypatch.setenv("NEGOSIM_API_KEY", "own")
    with pytest.raises(UserError, match="set OPENAI_API_KEY"):
        open_model("openai:gpt-4o-mini")


async def test_a_word_in_the_place_of_a_key_stands_where_it_stands_in_answers(loopback, monkeypatch):
    monkeypatch.setenv("NEGOSIM_API_KEY", "x")
    with loopback.LoopbackServer(lambda body: {"text": "Next, six boxes."}) as server:
        (response,) = await complete(server)
    assert "Next, six boxes." in response.text


# Preflight


async def preflight(model):
    try:
        await model.preflight()
    finally:
        await model.close()


@pytest.mark.parametrize("models", [None, [], ["another"]])
async def test_preflight_accepts_a_server_without_a_list_or_with_names_of_its_own(loopback, models):
    with loopback.LoopbackServer(models=models) as server:
        await preflight(open_model(spec(server)))
    assert server.bodies == []


async def test_preflight_says_that_nothing_answers_and_what_to_start():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(UserError, match=rf"no model server at {url}: cannot connect.*refused.*llama-server"):
        await preflight(open_model(f"openai:x@{url}"))


async def test_preflight_knows_a_wrong_or_missing_key(loopback, monkeypatch):
    with loopback.LoopbackServer(models=["m"], key="right") as server:
        with pytest.raises(UserError, match="wants a key; set NEGOSIM_API_KEY"):
            await preflight(open_model(spec(server)))
        monkeypatch.setenv("NEGOSIM_API_KEY", "wrong")
        with pytest.raises(UserError, match="refused the key in NEGOSIM_API_KEY"):
            await preflight(open_model(spec(server)))
        monkeypatch.setenv("NEGOSIM_API_KEY", "right")
        await preflight(open_model(spec(server)))


async def test_preflight_at_openai_knows_a_wrong_model(loopback, monkeypatch):
    with loopback.LoopbackServer(models=["gpt-4o-mini"]) as server:
        monkeypatch.setattr("negosim.models._openai.OPENAI_URL", server.url)
        with pytest.raises(UserError, match="did you mean gpt-4o-mini"):
            await preflight(open_model(f"openai:gpt-4o-mina@{server.url}"))
        await preflight(open_model(f"openai:gpt-4o-mini@{server.url}"))
