import asyncio
import random
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from negosim.errors import BudgetError, ModelError, UserError
from negosim.models import (
    Budget,
    BudgetedModel,
    CachedModel,
    ChatRequest,
    ChatResponse,
    Ledger,
    Message,
    ModelClient,
    ResponseCache,
    ScriptedModel,
    Usage,
    open_model,
    price_of,
)
from negosim.models._budget import Spending, most_usage

REQUEST = ChatRequest(
    messages=(Message("system", "s" * 100), Message("user", "ü" * 50)),
    schema={"type": "object"},
    schema_name="Speech",
    seed=7,
    temperature=0.7,
    max_tokens=100,
)
MOST = most_usage(REQUEST)
NAME = "openai:gpt-4o-mini"


def test_the_most_a_call_can_use_counts_a_byte_a_token_the_schema_and_the_longest_answer():
    assert MOST.tokens_out == 100
    assert MOST.tokens_in > len("s" * 100) + len(("ü" * 50).encode()) + len('{"type":"object"}')
    assert MOST.tokens_cached == 0


@pytest.mark.real_model
@pytest.mark.xdist_group("real_model")
def test_the_bound_holds_for_a_real_tokenizer(smollm2):
    """llama.cpp's own count, with its chat template, for text that tokenizers take badly."""
    awkward = [
        text * 9 for text in ("12,345.67 euros ", "żółć 交渉 переговоры 🤝🏽", "\x00\x01\ufeff\u200d", "¶¶")
    ]

    async def counts():
        model = open_model("local")
        try:
            made = []
            for text in awkward:
                request = replace(
                    REQUEST,
                    messages=(Message("system", text), Message("user", f"{text} Say yes.")),
                    schema={
                        "type": "object",
                        "properties": {},
                        "required": [],
                        "additionalProperties": False,
                    },
                    max_tokens=8,
                )
                made.append(((await model.complete(request)).usage, most_usage(request)))
            return made
        finally:
            await model.close()

    for usage, most in asyncio.run(counts()):
        assert 0 < usage.tokens_in <= most.tokens_in
        assert usage.tokens_out <= most.tokens_out


def budgeted(script, *, name=NAME, **limits):
    model, budget = ScriptedModel(script, name=name), Budget(**limits)
    return BudgetedModel(model, budget), model, budget


def answered(tokens_in=100, tokens_out=10):
    return ChatResponse("{}", "stop", Usage(tokens_in, tokens_out))


async def test_what_a_call_used_is_settled_and_not_what_was_reserved():
    model, _, budget = budgeted([answered()] * 3, tokens=10_000, usd=1)
    for number in (1, 2, 3):
        await model.complete(REQUEST)
        assert budget.spent.tokens == 110 * number
        assert budget.spent.usd == pytest.approx(number * (100 * 0.15 + 10 * 0.6) / 1e6)


async def test_a_call_that_might_exceed_is_not_sent():
    most = MOST.tokens_in + MOST.tokens_out
    model, sent, _ = budgeted([answered()] * 9, tokens=most + 110 * 3)
    for _ in range(4):
        await model.complete(REQUEST)
    with pytest.raises(BudgetError, match=rf"440 of {most + 330:,} tokens are used, .* may use {most}"):
        await model.complete(REQUEST)
    assert len(sent.requests) == 4


async def test_a_budget_in_dollars_is_kept_and_told():
    most = price_of(NAME).cost(MOST)
    model, sent, budget = budgeted([answered()] * 9, usd=most * 1.01)
    await model.complete(REQUEST)
    with pytest.raises(BudgetError, match=r"\$0\.0000 of \$0\.000\d+ .* may cost \$0\.0002"):
        await model.complete(REQUEST)
    assert len(sent.requests) == 1
    assert 0 < budget.spent.usd < most


async def test_with_nothing_to_spend_what_is_free_goes_on():
    free, _, _ = budgeted([answered()], name="local:smollm2", usd=0)
    assert (await free.complete(REQUEST)).text == "{}"
    paid, model, _ = budgeted([answered()], usd=0)
    with pytest.raises(BudgetError):
        await paid.complete(REQUEST)
    assert model.requests == []


async def test_cached_answers_need_no_budget():
    cache = ResponseCache()
    try:
        await CachedModel(ScriptedModel([answered()], name=NAME), cache).complete(REQUEST)
        model, _, budget = budgeted([], usd=0, tokens=0)
        assert (await CachedModel(model, cache).complete(REQUEST)).cached
        assert budget.spent == Spending(0, 0)
    finally:
        cache.close()


async def test_calls_wait_for_those_in_flight_while_the_budget_may_still_hold_them():
    most = MOST.tokens_in + MOST.tokens_out
    flights = []

    async def slowly(request):
        flights.append(len(flights))
        await asyncio.sleep(0.005)
        return answered()

    model, sent, budget = budgeted(slowly, tokens=most + 900)
    await asyncio.gather(*(model.complete(REQUEST) for _ in range(9)))
    assert len(sent.requests) == 9
    assert budget.spent.tokens == 990


async def test_when_it_is_used_up_calls_in_flight_end_before_anyone_is_told():
    most = MOST.tokens_in + MOST.tokens_out
    ended = []

    async def slowly(request):
        await asyncio.sleep(0.01 * request.seed)
        ended.append(request.seed)
        return answered(MOST.tokens_in, 100)

    model, sent, _ = budgeted(slowly, tokens=3 * most)

    async def told(request):
        with pytest.raises(BudgetError):
            await model.complete(request)
        return list(ended)

    going = [asyncio.create_task(model.complete(replace(REQUEST, seed=seed))) for seed in (1, 2, 3)]
    await asyncio.sleep(0)
    large = replace(REQUEST, messages=(Message("user", "x" * 4 * most),))
    refused = [asyncio.create_task(told(request)) for request in (large, REQUEST)]
    assert await asyncio.gather(*refused) == [[1, 2, 3]] * 2
    assert all(task.done() for task in going)
    assert len(sent.requests) == 3


async def test_a_provider_that_failed_is_not_paid_but_a_lost_answer_may_be():
    lost = ModelError("cut")
    lost.lost = True
    most = MOST.tokens_in + MOST.tokens_out
    model, _, budget = budgeted([ModelError("status 500"), lost, answered()], tokens=10_000)
    for spent in (0, most):
        with pytest.raises(ModelError):
            await model.complete(REQUEST)
        assert budget.spent.tokens == spent
    await model.complete(REQUEST)
    assert budget.spent.tokens == most + 110


async def test_a_lost_answer_is_paid_for_before_the_request_is_sent_again():
    most = MOST.tokens_in + MOST.tokens_out

    async def lose_two(request):
        await request.before_resend()
        await request.before_resend()
        return answered()

    model, _, budget = budgeted(lose_two, tokens=3 * most)
    await model.complete(REQUEST)
    assert budget.spent.tokens == 2 * most + 110
    model, _, budget = budgeted(lose_two, tokens=3 * most - 1)
    with pytest.raises(BudgetError):
        await model.complete(REQUEST)
    assert budget.spent.tokens == 2 * most


async def test_a_call_given_up_in_flight_counts_with_the_most_it_can_have_cost():
    model, _, budget = budgeted(lambda request: asyncio.sleep(9), tokens=10_000)
    task = asyncio.create_task(model.complete(REQUEST))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert budget.spent.tokens == MOST.tokens_in + MOST.tokens_out


async def test_a_server_that_counts_no_tokens_is_charged_with_the_most():
    model, _, budget = budgeted([ChatResponse("{}", "stop", Usage())], tokens=10_000)
    await model.complete(REQUEST)
    assert budget.spent.tokens == MOST.tokens_in + MOST.tokens_out


@given(st.integers(0, 2**32), st.integers(1, 24), st.integers(0, 60_000))
def test_a_server_never_charges_more_than_the_budget(seed, concurrency, limit):
    """Whatever is answered, lost, refused or sent again, in whatever order."""
    rng, charged = random.Random(seed), [0]

    async def serve(request):
        most = most_usage(request)
        while True:
            for _ in range(rng.randrange(3)):
                await asyncio.sleep(0)
            fate = rng.random()
            if fate < 0.2:
                raise ModelError("refused")
            usage = Usage(rng.randint(1, most.tokens_in), rng.randint(0, most.tokens_out))
            charged[0] += usage.tokens_in + usage.tokens_out
            if fate < 0.6:
                return ChatResponse("{}", "stop", usage if fate < 0.5 else Usage())
            if fate < 0.7:
                lost = ModelError("cut")
                lost.lost = True
                raise lost
            await request.before_resend()

    model, _, budget = budgeted(serve, tokens=limit)

    async def caller():
        while True:
            try:
                text = "x" * rng.randrange(3000)
                await model.complete(replace(REQUEST, messages=(Message("user", text),)))
            except ModelError:
                pass
            except BudgetError:
                return

    async def everybody():
        await asyncio.gather(*(caller() for _ in range(concurrency)))

    asyncio.run(everybody())
    assert charged[0] <= budget.spent.tokens <= limit
    assert budget._in_flight == 0


async def test_a_call_that_was_not_sent_is_not_in_the_account():
    model, _, _ = budgeted([], tokens=1)
    client, ledger = ModelClient(model, temperature=0.7, max_tokens=100), Ledger()

    class Speech(BaseModel):
        text: str

    with pytest.raises(BudgetError):
        await client.ask(REQUEST.messages, Speech, stage="speak", role=0, seed=1, ledger=ledger)
    assert sum(row.calls for row in ledger.rows()) == 0


@pytest.mark.parametrize(
    ("limits", "what"), [({"usd": -1}, "usd"), ({"usd": float("nan")}, "usd"), ({"tokens": -5}, "tokens")]
)
def test_a_limit_that_is_none_is_refused(limits, what):
    with pytest.raises(UserError, match=rf"\({what}\) must be a number of at least 0"):
        Budget(**limits)


def test_dollars_need_a_price_and_the_message_says_how_to_give_one(tmp_path, monkeypatch):
    name = "openai:my-model@http://127.0.0.1:8000/v1"
    budgeted([], name=name, tokens=100)
    with pytest.raises(UserError, match="NEGOSIM_PRICES") as error:
        budgeted([], name=name, usd=1)
    text = str(error.value)
    row = orjson.loads(text[text.index("{") : text.rindex("}") + 1])
    path = tmp_path / "prices.json"
    path.write_bytes(orjson.dumps(row))
    monkeypatch.setenv("NEGOSIM_PRICES", str(path))
    budgeted([], name=name, usd=1)
