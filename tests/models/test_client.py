import asyncio
import re

import pytest
from pydantic import BaseModel, Field

from negosim.errors import ModelError, ProtocolError
from negosim.models import ChatResponse, Ledger, Message, ModelClient, ScriptedModel, Usage, tokens_needed
from negosim.models._schema import answer_schema

PROMPT = (Message("system", "You sell a car."), Message("user", "Transcript: none.\nSpeak."))


class Speech(BaseModel):
    text: str = Field(max_length=40)


GOOD = {"text": "Good morning."}


def ask(client, ledger=None, **changes):
    ledger = Ledger() if ledger is None else ledger
    return asyncio.run(
        client.ask(PROMPT, Speech, **{"stage": "speak", "role": 0, "seed": 7, "ledger": ledger, **changes})
    )


def client_of(script, **settings):
    model = ScriptedModel(script)
    return ModelClient(model, **{"temperature": 0.5, "max_tokens": 99, **settings}), model


def test_a_good_answer_takes_one_call_with_the_prompt_as_given():
    client, model = client_of([GOOD])
    assert ask(client) == Speech(text="Good morning.")
    (request,) = model.requests
    assert request.messages == PROMPT
    assert (request.temperature, request.max_tokens, request.schema_name) == (0.5, 99, "Speech")
    assert request.schema["required"] == ["text"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("Sure!", "no JSON object"),
        ("", "empty"),
        ({"words": "hi"}, "text: Field required"),
        ({"text": "x" * 41}, "at most 40"),
        (ChatResponse('{"text": "Good', "length", Usage()), r"cut off at max_tokens \(99\)"),
        (ChatResponse("", "refusal", Usage()), "refused"),
        ("I'm sorry, but I can't help with deceiving people.", "refused"),
        (ChatResponse("", "filtered", Usage(9, 9)), "content filter"),
    ],
)
def test_an_unusable_answer_is_asked_for_again_with_the_reason_at_the_very_end(bad, reason):
    client, model = client_of([bad, GOOD])
    assert ask(client).text == "Good morning."
    first, second = model.requests
    assert second.messages[:-1] == first.messages[:-1]
    assert second.messages[-1].content.startswith(first.messages[-1].content)
    added = second.messages[-1].content.removeprefix(first.messages[-1].content)
    assert re.search(reason, added)
    assert "properties" not in added  # a small model would quote the schema
    assert first.seed != second.seed


def test_check_rejects_with_its_own_reason():
    def no_greeting(speech: Speech) -> None:
        if "morning" in speech.text:
            raise ValueError("do not greet again")

    client, model = client_of([GOOD, {"text": "100?"}])
    assert ask(client, check=no_greeting).text == "100?"
    assert "do not greet again" in model.requests[1].messages[-1].content


def test_attempts_are_bounded_and_each_reason_is_told():
    client, model = client_of(["Sure!", ChatResponse("", "refusal", Usage()), {"text": 3}, GOOD])
    with pytest.raises(
        ProtocolError, match=r"speak.*3 attempts.*\(1\).*no JSON object.*\(2\).*refused.*\(3\) text"
    ):
        ask(client)
    assert len(model.requests) == 3


def test_every_attempt_is_in_the_account():
    usage = Usage(tokens_in=100, tokens_out=10, tokens_cached=60)
    client, _ = client_of(
        [ChatResponse("?", "stop", usage, requests=3), ChatResponse('{"text": "a"}', "stop", usage)]
    )
    ledger = Ledger()
    ask(client, ledger)
    (row,) = ledger.rows()
    assert (row.stage, row.role, row.model) == ("speak", 0, "scripted")
    assert (row.calls, row.tokens_in, row.tokens_out, row.tokens_cached) == (4, 200, 20, 120)
    assert row.seconds > 0
    assert row.usd is None


def test_a_failed_provider_is_passed_on_and_its_requests_counted():
    error = ModelError("down")
    error.requests = 4
    client, model = client_of([error])
    ledger = Ledger()
    with pytest.raises(ModelError, match="down"):
        ask(client, ledger)
    assert ledger.rows()[0].calls == 4
    assert len(model.requests) == 1


def test_seeds_depend_on_the_call_and_on_the_model_seed_and_fit_31_bits():
    def seed_of(call_seed, **settings):
        client, model = client_of([GOOD], **settings)
        ask(client, seed=call_seed)
        return model.requests[0].seed

    seeds = [seed_of(1), seed_of(2**63 - 1), seed_of(1, seed=1)]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seed_of(1) == seeds[0]


class Page(BaseModel):
    text: str = Field(max_length=9000)


def test_room_is_what_the_form_can_need_and_more_after_a_cut_off():
    cut = ChatResponse('{"text": "Good', "length", Usage())
    client, model = client_of([cut, GOOD], max_tokens=1024)
    assert ask(client).text == "Good morning."
    assert [request.max_tokens for request in model.requests] == [1024, 4096]
    again = model.requests[1].messages[-1].content
    assert "room for 4096" in again
    assert "shorter" not in again
    schema = answer_schema(Page)
    assert 3000 <= tokens_needed(schema) == client.longest(schema) <= client.most
    assert client_of([], max_tokens=99)[0].longest(schema) == 99


def test_a_server_that_has_less_room_gets_the_usual_from_then_on():
    def short(request):
        return ModelError("too long", fault="setting") if request.max_tokens > 1024 else GOOD

    model = ScriptedModel(short)
    client = ModelClient(model, temperature=0, max_tokens=1024)
    for _ in range(2):
        asyncio.run(client.ask(PROMPT, Page, stage="speak", role=0, seed=7, ledger=Ledger()))
    assert [request.max_tokens > 1024 for request in model.requests] == [True, False, False]


@pytest.mark.parametrize(("written", "calls"), [(0, 1), (5, 2)])
def test_what_a_content_filter_refused_is_not_asked_three_times(written, calls):
    client, model = client_of([ChatResponse("", "filtered", Usage(9, written))] * 3)
    with pytest.raises(ProtocolError, match="content filter") as caught:
        ask(client)
    assert caught.value.refused
    assert len(model.requests) == calls
