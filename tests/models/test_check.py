import pytest

from negosim.errors import UserError
from negosim.models import check_model

OFFER = {"text": "Lot 7 for you.", "price": 191}


async def test_a_good_server_gets_a_full_report(loopback):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(OFFER, cached=900)) as server:
        report = await check_model(f"openai:good@{server.url}")
    assert (report.answered, report.problem, report.mode, report.usage) == (True, None, "json_schema", True)
    assert report.tokens_cached == 900 < report.tokens_in
    first, second = (body["messages"] for body in server.bodies)
    assert first[0] == second[0]
    assert first[1] != second[1]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({"answer": "Sure!"}, "no JSON object"),
        ({"answer": {"text": "Hi", "price": 99}}, "price"),
        ({"answer": OFFER, "finish": "length"}, "cut off at max_tokens"),
        ({"answer": OFFER, "refusal": "no"}, "refused"),
        ({"status": 404, "error": "no such model"}, "has no model"),
    ],
)
async def test_what_does_not_work_is_told(loopback, reply, says):
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(**reply)) as server:
        report = await check_model(f"openai:bad@{server.url}")
    assert not report.answered
    assert report.problem is not None
    assert says in report.problem


async def test_a_server_that_counts_nothing_is_noticed(loopback):
    raw = (
        b'{"choices":[{"message":{"content":"{\\"text\\":\\"a\\",\\"price\\":100}"},"finish_reason":"stop"}]}'
    )
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(raw=raw)) as server:
        report = await check_model(f"openai:silent@{server.url}")
    assert report.answered
    assert not report.usage
    assert report.tokens_per_second is None


async def test_a_server_that_is_not_there_is_the_users_to_mend():
    with pytest.raises(UserError, match="no model server at"):
        await check_model("openai:x@http://127.0.0.1:9/v1")
