"""Conformance of every transport: wrong replies, ends and counts of servers as they are.

Each quirk is scripted on loopback. A second transport is one more entry in `TRANSPORTS` of `transports.py`;
the ladder of structured output and what is no HTTP are in the two files beside this one.
"""

import gzip
import json

import orjson
import pytest

from negosim.errors import ModelError
from negosim.models import Budget

from .transports import GOOD, PROMPT, ask, asking, completion, serve, wrapped

pytestmark = pytest.mark.usefixtures("no_pauses")

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
        ({"prompt_tokens": 40, "completion_tokens": 5, "prompt_cache_hit_tokens": 32}, (40, 5, 32)),
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
