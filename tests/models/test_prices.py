import os
import re

import orjson
import pytest

from negosim.errors import UserError
from negosim.models import Price, Usage, price_of

USAGE = Usage(tokens_in=1_000_000, tokens_out=500_000, tokens_cached=400_000)
ROW = {"tokens_in": 2, "tokens_out": 4.5}


@pytest.fixture
def prices(tmp_path, monkeypatch):
    """Write a file of prices and name it in the environment."""

    def write(content):
        path = tmp_path / f"prices{len(os.listdir(tmp_path))}.json"
        path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
        monkeypatch.setenv("NEGOSIM_PRICES", str(path))
        return path

    return write


def test_a_call_costs_its_tokens_each_at_its_price():
    assert Price(tokens_in=2, tokens_out=4).cost(USAGE) == pytest.approx(2 + 2)
    assert Price(tokens_in=2, tokens_cached=0.5, tokens_out=4).cost(USAGE) == pytest.approx(1.2 + 0.2 + 2)


@pytest.mark.parametrize(
    ("given", "model"),
    [
        ("openai:qwen@http://127.0.0.1:8000/v1", "openai:qwen@http://127.0.0.1:8000/v1"),
        ("qwen@http://127.0.0.1:8000/v1", "openai:qwen@http://127.0.0.1:8000/v1"),
        ("gpt-99", "openai:gpt-99"),
        ("openai:gpt-99", "openai:gpt-99-2031-01-31"),
        ("gpt-4o-mini", "openai:gpt-4o-mini"),
        ("openai:gpt-4o-mini", "openai:gpt-4o-mini"),
        ("gguf:/models/large.gguf", "gguf:/models/large.gguf"),
        ("my own model", "my own model"),
    ],
)
def test_a_file_adds_prices_and_replaces_built_in_ones(prices, given, model):
    before = price_of(model)
    assert before is None or before.tokens_in != 2
    prices({"models": {given: ROW}})
    assert price_of(model) == Price(tokens_in=2, tokens_out=4.5)
    assert price_of("openai:gpt-4o") == Price(tokens_in=2.5, tokens_cached=1.25, tokens_out=10)
    assert price_of("local:smollm2") == Price(tokens_in=0, tokens_out=0)


def test_the_price_at_one_server_is_not_that_at_another(prices):
    prices({"models": {"openai:gpt-4o-mini@http://a/v1": ROW}})
    assert price_of("openai:gpt-4o-mini@http://b/v1") is None
    assert price_of("openai:gpt-4o-mini") == Price(tokens_in=0.15, tokens_cached=0.075, tokens_out=0.6)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"models": {', "line 1: not valid JSON"),
        (b"\xff", "not UTF-8"),
        ({}, "models: missing"),
        ({"models": {"a": ROW}, "currency": "EUR"}, "currency: unknown field"),
        ({"models": {"a": {"tokens_in": 1}}}, "models.a.tokens_out: missing"),
        (
            {"models": {"a": {**ROW, "tokens_in": -1}}},
            "models.a.tokens_in: .*greater than or equal to 0, not -1",
        ),
        ({"models": {"a": {**ROW, "tokens_in": "1"}}}, "models.a.tokens_in: .*valid number, not '1'"),
        ({"models": {"a": {**ROW, "tokens_cached": 3}}}, "models.a: .*tokens_cached 3 is above tokens_in 2"),
        ({"models": {"a": {**ROW, "price": 3}}}, "models.a.price: unknown field"),
        (b'{"models": {"a": {"tokens_in": 1, "tokens_in": 2, "tokens_out": 1}}}', "tokens_in: given twice"),
        ([], "dictionary|object"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_the_place(prices, content, says):
    path = prices(content)
    with pytest.raises(UserError) as error:
        price_of("openai:gpt-4o")
    assert str(path) in str(error.value)
    assert "NEGOSIM_PRICES" in str(error.value)
    assert re.search(says, str(error.value))


def test_a_file_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("NEGOSIM_PRICES", "nowhere.json")
    with pytest.raises(UserError, match=r"nowhere\.json \(NEGOSIM_PRICES\) cannot be read: No such file"):
        price_of("openai:gpt-4o")


def test_a_file_that_was_changed_is_read_again(prices):
    path = prices({"models": {"gpt-99": ROW}})
    assert price_of("openai:gpt-99").tokens_out == 4.5
    path.write_bytes(orjson.dumps({"models": {"gpt-99": {**ROW, "tokens_out": 9}}}))
    os.utime(path, (1, 1))
    assert price_of("openai:gpt-99").tokens_out == 9
