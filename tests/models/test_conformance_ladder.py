"""Conformance of every transport: the ladder of structured output, and settings a server refuses."""

import pytest

from negosim.errors import ContextLengthError, ModelError, ProtocolError

from .transports import GOOD, ask, asking, completion, serve, wrapped

pytestmark = pytest.mark.usefixtures("no_pauses")


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
        (429, {"error": "Request too large for gpt-x on tokens per min (TPM): Limit 9, Requested 12."}),
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
