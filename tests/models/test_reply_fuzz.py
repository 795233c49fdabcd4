"""Ten thousand replies, each a valid one with something changed: whatever comes, it is read or refused."""

import gzip
import json
import random

import orjson
import pytest
from pydantic import BaseModel

from negosim.models import ChatResponse
from negosim.models._body import BodyError, unpack
from negosim.models._client import read_response
from negosim.models._completion import read_completion
from negosim.models._reply import LONGEST_QUOTE, Reply

GOOD = '{"text": "Good morning."}'
SEEDS = [
    {
        "id": "1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": GOOD}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}},
    },
    {"choices": [{"message": {"content": [{"type": "text", "text": GOOD}], "reasoning_content": "Hm."}}]},
    {"choices": [{"message": {"content": f"<think>{GOOD}</think>{GOOD}", "tool_calls": [{"function": {}}]}}]},
    {"error": {"message": "no", "code": 400, "metadata": {"raw": '{"error": {"message": "no"}}'}}},
    [{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}],
    {"detail": [{"loc": ["body", 1], "msg": "no"}], "errors": [{"message": "no"}, "no"]},
]
ODD = [
    None, True, 0, -1, 0.5, 10**400, float("nan"), float("inf"), "", "7", "\ud800", "\x00", "{" * 50,
    "x" * 5000,
    "</think>" * 20, [], {}, [[]], [None], {"": {}}, {"message": {}}, {"text": 5}, [{"type": "text"}], GOOD,
]  # fmt: skip


class Greeting(BaseModel):
    text: str


def spots(data, path=()):
    """Yield where a value stands in some data."""
    yield path
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from spots(data[key], (*path, key))


def changed(data, rng):
    """Return some data with one value replaced, removed, wrapped or moved."""
    path = rng.choice([*spots(data)])
    if not path:
        return rng.choice([rng.choice(ODD), [data], {"error": data}, {"choices": data}])
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    kind = rng.randrange(4)
    if kind == 0:
        del holder[path[-1]]
    else:
        holder[path[-1]] = (rng.choice(ODD), [old] * rng.randint(1, 3), {"text": old})[kind - 1]
    return data


def garbled(body, rng):
    """Return a body with some bytes changed, cut, doubled or packed."""
    place = rng.randrange(len(body) + 1)
    return rng.choice(
        [
            body,
            body[:place],
            body[:place] + rng.randbytes(3) + body[place + 3 :],
            body[:place] + body,
            body.decode(errors="replace").encode("utf-16"),
            gzip.compress(body),
            gzip.compress(body)[: place + 2],
        ]
    )


def read(status, body, encoding):
    """Read a reply in all the ways it is read in a call."""
    try:
        reply = Reply.read(status, unpack(body, encoding), 1)
    except BodyError:
        return None
    for part in (reply, reply.as_error() or reply):
        assert part.message.isprintable()
        assert 0 < len(part.message) <= LONGEST_QUOTE
        assert isinstance(part.code + part.parameter + part.kind, str)
    try:
        done = read_completion(reply.data)
    except ValueError:
        return None
    done.text.encode()
    usage = done.usage
    assert all(0 <= count < 2**31 for count in (usage.tokens_in, usage.tokens_out, usage.tokens_cached))
    try:
        return read_response(ChatResponse(done.text, done.finish, usage), Greeting, 99).text
    except ValueError:
        return None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_is_read_or_refused(seed):
    rng, texts = random.Random(seed), []
    for _ in range(2500):
        data = orjson.loads(orjson.dumps(rng.choice(SEEDS)))
        for _ in range(rng.randint(0, 3)):
            if isinstance(data, dict | list):
                data = changed(data, rng)
        body = json.dumps(data).encode()
        if rng.random() < 0.3:
            body = garbled(body, rng)
        texts.append(read(rng.choice((200, 400, 500)), body, rng.choice(("", "gzip", "deflate", "br"))))
    assert 200 < sum(text == "Good morning." for text in texts) < 2000
