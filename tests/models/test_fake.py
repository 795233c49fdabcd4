import asyncio

import pytest

from negosim.models import ChatRequest, ChatResponse, Message, ScriptedModel, Usage

REQUEST = ChatRequest((Message("user", "12345678"),), {}, "Answer", 0, 0.0, 10)


def test_a_list_is_answered_in_order_and_then_ends():
    model = ScriptedModel(["a", {"b": 1}, ChatResponse("c", "length", Usage())])
    texts = [asyncio.run(model.complete(REQUEST)).text for _ in range(3)]
    assert texts == ["a", '{"b":1}', "c"]
    with pytest.raises(LookupError, match="3 answers"):
        asyncio.run(model.complete(REQUEST))
    assert len(model.requests) == 4


def test_a_function_sees_the_request_and_may_be_asynchronous():
    async def slow(request):
        await asyncio.sleep(0)
        return {"seed": request.seed}

    response = asyncio.run(ScriptedModel(slow).complete(REQUEST))
    assert response.text == '{"seed":0}'
    assert response.usage == Usage(tokens_in=2, tokens_out=3)


def test_an_exception_is_raised_not_returned():
    with pytest.raises(TimeoutError):
        asyncio.run(ScriptedModel([TimeoutError()]).complete(REQUEST))
