"""What holds of every transport, at servers as they are: each quirk is scripted on loopback.

A second transport is one more entry in `TRANSPORTS`.
"""

import asyncio
import gzip
import itertools
import json
import zlib
from contextlib import asynccontextmanager

import orjson
import pytest
import tenacity
from pydantic import BaseModel, Field

from negosim.errors import ContextLengthError, ModelError, ProtocolError
from negosim.models import Budget, Door, Ledger, Message, open_model
from negosim.models._budget import BudgetedModel

TRANSPORTS = {"http": open_model}
"""By name: a function from a model's spec ("openai:NAME@URL?SETTINGS") to the model."""

PROMPT = (Message("system", "You sell a car."), Message("user", "Greet the buyer."))
GOOD = '{"text":"Good morning."}'
numbers = itertools.count()


class Greeting(BaseModel):
    text: str = Field(max_length=60)


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return TRANSPORTS[request.param]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("negosim.models._http._backoff", tenacity.wait_none())
    monkeypatch.setattr("negosim.models._limiter.FIRST_PAUSE", 0.0)


def completion(content=GOOD, finish="stop", usage=None, **message):
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish,
    }
    return {"id": "1", "choices": [choice], "usage": usage or {"prompt_tokens": 40, "completion_tokens": 5}}


class Asked:
    """What came of some calls: the texts, the account, and the model for what is asked next."""

    def __init__(self, model, budget=None):
        self.door = Door(BudgetedModel(model, budget) if budget else model, temperature=0.5, max_tokens=99)
        self.ledger = Ledger()

    async def once(self, seed=1):
        answer = await self.door.ask(PROMPT, Greeting, stage="speak", role=0, seed=seed, ledger=self.ledger)
        return answer.text

    @property
    def calls(self):
        return sum(row.calls for row in self.ledger.rows())


@asynccontextmanager
async def asking(transport, url, settings="", budget=None):
    # What a server takes is remembered by its URL and the model, so each test has a model of its own.
    model = transport(f"openai:model-{next(numbers)}@{url}{settings}")
    try:
        yield Asked(model, budget)
    finally:
        await model.close()


async def ask(transport, url, settings=""):
    async with asking(transport, url, settings) as asked:
        return await asked.once()


def serve(loopback, behave):
    """Answer with what a function of a request says: a completion, an error with its status, or bytes."""

    def reply(body):
        done = behave(body)
        status, content = done if isinstance(done, tuple) else (200, done)
        raw = content if isinstance(content, bytes) else orjson.dumps(content)
        return loopback.Reply(raw=raw, status=status)

    return loopback.LoopbackServer(reply)


# How an answer stands in a reply

THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": '{"text": "draft"}'}]}


@pytest.mark.parametrize(
    "data",
    [
        completion([{"type": "text", "text": GOOD}]),
        completion([THOUGHT, {"type": "text", "text": GOOD[:5]}, {"type": "text", "text": GOOD[5:]}]),
        completion([{"type": "reasoning", "text": "hm"}, GOOD]),
        completion(None, reasoning_content=GOOD),
        completion("", reasoning=f" {GOOD}\n"),
        completion(None, "tool_calls", tool_calls=[{"function": {"name": "f", "arguments": GOOD}}]),
        completion(f'<think>\nLike {{"text": ...}}?\n</think>\n\n{GOOD}'),
        completion(f"They want JSON.\n</think>\n{GOOD}"),
        completion(f"<think></think>{GOOD}", reasoning_content="hm"),
        completion(f"```json {GOOD} ```"),
        completion(f"Here you are:\n```json\n{GOOD}\n```\nAnother tone?"),
        completion(GOOD, None),
        completion(GOOD, "EOS"),
        {**completion(), "usage": None, "error": None},
    ],
)
@pytest.mark.parametrize("frame", [b"%b", b"\n\n \n%b\n", b"\xef\xbb\xbf%b"])
async def test_an_answer_is_found_wherever_servers_put_it(loopback, transport, data, frame):
    with serve(loopback, lambda body: frame % orjson.dumps(data)) as server:
        assert await ask(transport, server.url) == "Good morning."
    assert len(server.bodies) == 1


NO_ANSWERS = [
    completion(42),
    completion(True),
    completion({"text": "x"}),
    completion([1]),
    completion([None]),
    completion([{"type": "text", "text": 7}]),
    completion([[]]),
    completion(GOOD, "error"),
    completion(GOOD, 5),
    completion(GOOD, "who knows"),
    {"choices": {}},
    {"choices": [[]]},
    {"choices": "x"},
    {"choices": [{"text": GOOD}]},
    {"choices": [{"message": GOOD}]},
    {},
    [],
    "x",
    7,
    None,
    {"choices": [{"error": {"message": "upstream gone", "code": 502}, **completion()["choices"][0]}]},
    {"error": {"message": "try later"}, "choices": []},
    b"",
    b"<html>wait</html>",
    b"data: {}\n\n",
    b"\xff\xfe",
    b"[" * 100_000,
    orjson.dumps(completion()) + b"{}",
    b'{"choices": [], "choices": []}',
    orjson.dumps(completion()).replace(b"Good", b"\\ud800"),
    orjson.dumps(completion())[:-9],
    b'{"a":' + b"9" * 5000,
]


@pytest.mark.parametrize("bad", NO_ANSWERS, ids=range(len(NO_ANSWERS)))
async def test_one_reply_that_is_no_answer_costs_one_more_request(loopback, transport, bad):
    replies = [bad, completion()]
    with serve(loopback, lambda body: replies.pop(0)) as server:
        async with asking(transport, server.url) as asked:
            assert await asked.once() == "Good morning."
    assert asked.calls == len(server.bodies) == 2


@pytest.mark.parametrize("bad", NO_ANSWERS, ids=range(len(NO_ANSWERS)))
async def test_replies_that_are_never_an_answer_are_one_failure_that_quotes_nothing(loopback, transport, bad):
    with serve(loopback, lambda body: bad) as server:
        async with asking(transport, server.url) as asked:
            with pytest.raises(ModelError) as caught:
                await asked.once()
    assert "Good" not in str(caught.value)
    assert "draft" not in str(caught.value)
    assert not caught.value.concerns_all


# What a server counts


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        (
            {"prompt_tokens": 40, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 99}},
            (40, 5, 40),
        ),
        ({"prompt_tokens": "40", "completion_tokens": 4.2}, (40, 5, 0)),
        ({"prompt_tokens": -40, "completion_tokens": 5}, (0, 5, 0)),
        ({"prompt_tokens": 40}, (40, 0, 0)),
        ({"prompt_tokens": 10**30, "completion_tokens": 2**63}, (0, 0, 0)),
        ({"prompt_tokens": True, "completion_tokens": [5], "prompt_tokens_details": 3}, (0, 0, 0)),
        (
            {"prompt_tokens": 40, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": -9}},
            (40, 5, 0),
        ),
        (b"NaN", (0, 0, 0)),
        (b'{"prompt_tokens": NaN, "completion_tokens": 1e999}', (0, 0, 0)),
        (b'"many"', (0, 0, 0)),
        (b"[]", (0, 0, 0)),
    ],
)
async def test_a_count_that_cannot_be_is_none_and_the_budget_counts_the_most(
    loopback, transport, usage, known
):
    raw = usage if isinstance(usage, bytes) else json.dumps(usage).encode()
    whole = orjson.dumps({**completion(), "usage": 0}).replace(b'"usage":0', b'"usage":' + raw)
    budget = Budget(tokens=100_000)
    with serve(loopback, lambda body: whole) as server:
        async with asking(transport, server.url, budget=budget) as asked:
            await asked.once()
    (row,) = asked.ledger.rows()
    assert (row.tokens_in, row.tokens_out, row.tokens_cached) == known
    prompt = sum(len(message.content) for message in PROMPT)
    assert budget.spent.tokens >= (known[0] or prompt) + (known[1] or 99)


# What a server says is wrong

SAYS = "the moon is in the way"


def wrapped(said):
    """An error inside that of a gateway, as text."""
    return orjson.dumps({"error": {"message": said}}).decode()


ERRORS = [
    {"error": {"message": SAYS}},
    {"error": SAYS},
    [{"error": {"code": 400, "message": SAYS}}],
    {"detail": SAYS},
    {"errors": [{"message": SAYS, "code": 5025}], "success": False},
    {"errors": [SAYS]},
    {"message": SAYS},
    {"error_msg": SAYS, "error_code": 336003},
    {"errors": {"message": SAYS}},
    {"error": {"errors": [{"message": SAYS}]}},
    {"error": {"message": "Provider returned error", "metadata": {"raw": wrapped(SAYS)}}},
    {"error": {"message": "upstream", "metadata": {"raw": SAYS}}},
    {"detail": [{"loc": ["body"], "msg": SAYS, "input": "x"}]},
    {"error": wrapped(SAYS)},
    {"error": {"detail": SAYS}},
    {"title": SAYS},
    SAYS.encode(),
    f"<!DOCTYPE html><title>{SAYS}</title><p>x".encode(),
    f"<html><h1>\n{SAYS}</h1>".encode(),
    SAYS,
    gzip.compress(orjson.dumps({"error": {"message": SAYS}})),
]


@pytest.mark.parametrize("error", ERRORS, ids=range(len(ERRORS)))
async def test_what_a_server_says_is_wrong_reaches_the_user(loopback, transport, error):
    with serve(loopback, lambda body: (400, error)) as server, pytest.raises(ModelError, match=SAYS):
        await ask(transport, server.url)


@pytest.mark.parametrize(
    "error", [{}, [], None, 7, {"error": None}, {"error": [[[[]]]]}, b"", b"\xff", {"error": {"message": 5}}]
)
async def test_an_error_that_says_nothing_is_told_by_its_status(loopback, transport, error):
    with serve(loopback, lambda body: (400, error)) as server, pytest.raises(ModelError, match="400"):
        await ask(transport, server.url)


# The ladder of structured output


def mode_of(body):
    return body.get("response_format", {}).get("type", "prompt")


FORMAT = "response_format json_schema is not supported"
REFUSALS = [
    (400, {"error": {"message": FORMAT}}),
    (422, {"detail": FORMAT}),
    (400, [{"error": {"message": FORMAT}}]),
    (500, {"error": {"message": "failed to load grammar: failed to parse grammar"}}),
    (404, {"error": FORMAT}),
    (400, {"errors": [{"message": "JSON Schema mode is not supported by this model"}]}),
    (400, {"error_msg": FORMAT}),
    (400, {"error": {"message": "x", "metadata": {"raw": wrapped(FORMAT)}}}),
    (400, {"error": {"message": "bad request"}}),
    (500, b"Internal Server Error"),
    completion("I would open with a question."),
    completion('{"reply": "Good morning."}'),
    completion("[1, 2]"),
    completion('{"text": 7}'),
    completion("<think>Hm. " + GOOD),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=range(len(REFUSALS)))
@pytest.mark.parametrize("takes", [("json_object", "prompt"), ("prompt",)])
async def test_a_step_that_does_not_work_is_left_for_the_next_and_not_tried_again(
    loopback, transport, refusal, takes
):
    with serve(loopback, lambda body: completion() if mode_of(body) in takes else refusal) as server:
        async with asking(transport, server.url) as asked:
            assert await asked.once() == "Good morning."
            first = len(server.bodies)
            assert await asked.once(seed=2) == "Good morning."
    assert mode_of(server.bodies[-1]) in takes
    assert len(server.bodies) == first + 1
    assert '"required":["text"]' in server.bodies[-1]["messages"][-1]["content"]


async def test_an_outage_teaches_nothing(loopback, transport):
    failing = [True]
    with serve(loopback, lambda body: (500, b"oops") if failing[0] else completion()) as server:
        async with asking(transport, server.url) as asked:
            with pytest.raises(ModelError):
                await asked.once()
            failing[0] = False
            await asked.once()
    assert mode_of(server.bodies[-1]) == "json_schema"


@pytest.mark.parametrize("mode", ["json_schema", "json_object", "prompt"])
async def test_a_mode_set_by_hand_is_kept(loopback, transport, mode):
    with serve(loopback, lambda body: completion("no JSON")) as server, pytest.raises(ProtocolError):
        await ask(transport, server.url, f"?mode={mode}")
    assert {mode_of(body) for body in server.bodies} == {mode}


async def test_a_mode_set_by_hand_that_is_refused_stops_the_run_and_says_so(loopback, transport):
    with (
        serve(loopback, lambda body: (400, {"error": FORMAT})) as server,
        pytest.raises(ModelError) as caught,
    ):
        await ask(transport, server.url, "?mode=json_object")
    assert caught.value.concerns_all
    assert "mode=prompt" in str(caught.value)


@pytest.mark.parametrize(
    "says", ["System role not supported", "Developer instruction is not enabled", "roles must alternate"]
)
@pytest.mark.parametrize("status", [400, 500])
async def test_a_model_without_a_system_role_gets_one_message(loopback, transport, says, status):
    def behave(body):
        return (status, {"error": says}) if body["messages"][0]["role"] == "system" else completion()

    with serve(loopback, behave) as server:
        assert await ask(transport, server.url) == "Good morning."
    (message,) = server.bodies[-1]["messages"]
    assert message["role"] == "user"
    assert message["content"].startswith("You sell a car.\n\nGreet the buyer.")


@pytest.mark.parametrize(
    "says",
    ["max_tokens is too large: 99. At most 64 completion tokens", "maxOutputTokens must be in [1, 64]"],
)
async def test_a_length_above_the_cap_stops_the_run_and_says_what_to_set(loopback, transport, says):
    with serve(loopback, lambda body: (400, {"error": says})) as server, pytest.raises(ModelError) as caught:
        await ask(transport, server.url)
    assert "add ?max_tokens=64 to the model's name" in str(caught.value)
    assert caught.value.concerns_all
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "reply",
    [
        (400, {"error": "prompt is too long: 9 > 8"}),
        (413, b"too large"),
        (400, {"error": "input token count exceeds 9"}),
    ],
)
async def test_a_prompt_beyond_the_context_is_known(loopback, transport, reply):
    with serve(loopback, lambda body: reply) as server, pytest.raises(ContextLengthError, match="max-turns"):
        await ask(transport, server.url)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (completion(None, reasoning_content="Let me think."), "reasoning channel.*max_tokens=4000"),
        (completion("", "length"), "used up before the answer began"),
        (completion("<think>Hm", "stop"), "thought that did not end"),
        (completion('{"text": ' + "\n" * 90, "length"), "ran on in blanks"),
    ],
)
async def test_where_the_answer_went_is_said(loopback, transport, data, says):
    with serve(loopback, lambda body: data) as server, pytest.raises(ProtocolError, match=says):
        await ask(transport, server.url)


async def test_a_key_that_may_chat_need_not_list_models(loopback, transport, monkeypatch):
    async def forbidden(self, request):
        return loopback.web.Response(status=403, text='{"error": {"message": "Missing scopes: model.read"}}')

    monkeypatch.setattr(loopback.LoopbackServer, "_list", forbidden)
    with serve(loopback, lambda body: completion()) as server:
        model = transport(f"openai:any@{server.url}")
        await model.preflight()
        await model.close()


# What is no HTTP, and what never ends


@asynccontextmanager
async def socket_server(*scripts):
    """Send each connection the next script's bytes, without end where it is a generator."""
    left, counts = list(scripts), []

    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        script = left.pop(0) if len(left) > 1 else left[0]
        counts.append(0)
        try:
            for part in [script] if isinstance(script, bytes) else script():
                writer.write(part)
                await writer.drain()
                counts[-1] += len(part)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", counts


BODY = orjson.dumps(completion())


def http(body=BODY, *headers, status=b"HTTP/1.1 200 OK", length=None):
    size = b"Content-Length: %d" % (len(body) if length is None else length)
    return b"\r\n".join(
        (status, b"Content-Type: application/json", size, b"Connection: close", *headers, b"", body)
    )


BROKEN = [
    b"",
    b"\r\n",
    b"HTTP/1.1 OK 200\r\n\r\n",
    b"hello\r\n\r\n",
    http(status=b"HTTP/9.9 abc"),
    http(length=9999),
    http(status=b"HTTP/1.1 99999 X"),
    http(BODY, b"Content-Length: 3"),
    http(BODY, b"Bad Header\x00: x"),
    http(BODY, b"X: " + b"x" * 100_000),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + BODY,
    http(b"\x00\x01\xff", b"Content-Encoding: br"),
    http(gzip.compress(BODY)[:30], b"Content-Encoding: gzip"),
    http(b"\x1f\x8bnot gzip", b"Content-Encoding: gzip"),
    http(gzip.compress(b" " * (50 << 20)), b"Content-Encoding: gzip"),
    http(zlib.compress(b" " * (50 << 20)), b"Content-Encoding: deflate"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_what_is_no_http_is_a_lost_connection(transport, broken):
    async with socket_server(broken, http()) as (url, _):
        assert await ask(transport, url, "?timeout=5") == "Good morning."


@pytest.mark.parametrize(
    "packed",
    [
        http(gzip.compress(BODY), b"Content-Encoding: gzip"),
        http(gzip.compress(BODY)),
        http(BODY, b"Content-Encoding: gzip"),
        http(zlib.compress(BODY), b"Content-Encoding: deflate"),
        http(zlib.compress(BODY)[2:-4], b"Content-Encoding: deflate"),
    ],
)
async def test_a_packed_reply_is_read_though_none_was_asked_for(transport, packed):
    async with socket_server(packed) as (url, counts):
        assert await ask(transport, url, "?timeout=5") == "Good morning."
        assert len(counts) == 1


@pytest.mark.parametrize("head", [http(length=1 << 40), b"HTTP/1.1 200 OK\r\n"])
async def test_a_reply_without_end_is_cut(transport, head):
    def endless():
        yield head
        while True:
            yield b"x" * 60_000 if b"Length" in head else b"A: b\r\n" * 10_000

    async with socket_server(endless, http()) as (url, counts):
        assert await ask(transport, url, "?timeout=20") == "Good morning."
        assert counts[0] < 30 << 20
