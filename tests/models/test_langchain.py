"""Models through LangChain: objects and names, classes that rest on OpenAI's SDK and others."""

import asyncio
import json
import subprocess
import sys

import orjson
import pytest
from langchain_core.exceptions import ContextOverflowError, ModelRefusalError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import Field, SecretStr

import negosim
from negosim import ModelSpec, RunConfig
from negosim.errors import ContextLengthError, ModelError, UserError
from negosim.models import Budget, Ledger, Message, ModelClient, name_of, open_model, price_of, recorded

from .transports import GOOD, Greeting, completion, serve

PROMPT = [Message("system", "You sell a car."), Message("user", "Greet the buyer.")]


class Scripted(BaseChatModel):
    """A chat model of somebody's own: answers what it is made with, or raises it."""

    model: str = "own"
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    api_key: SecretStr | None = None
    says: list = Field(default_factory=list)
    asked: list = Field(default_factory=list)

    @property
    def _llm_type(self):
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        self.asked.append((messages, kwargs, self.temperature, self.max_tokens, self.seed))
        said = self.says[min(len(self.asked), len(self.says)) - 1]
        if isinstance(said, Exception):
            raise said
        message = said if isinstance(said, AIMessage) else AIMessage(said)
        return ChatResult(generations=[ChatGeneration(message=message)])


class WithTools(Scripted):
    """One that answers in a form by the call of a tool."""

    def bind_tools(self, tools, **kwargs):
        return self.bind(tools=tools, **kwargs)


async def ask(given, budget=None, ledger=None, **settings):
    spec = ModelSpec.parse(name_of(given), **settings)
    model = open_model(spec, budget=budget)
    try:
        client = ModelClient(model, temperature=spec.temperature, max_tokens=spec.max_tokens)
        answer = await client.ask(
            PROMPT, Greeting, stage="speak", role=0, seed=1, ledger=ledger if ledger is not None else Ledger()
        )
    finally:
        await model.close()
    return answer.text


async def test_any_chat_model_is_asked_in_words_where_it_knows_no_forms():
    model, ledger = Scripted(says=[GOOD]), Ledger()
    assert await ask(model, ledger=ledger, temperature=0.2, max_tokens=77) == "Good morning."
    messages, kwargs, temperature, length, seed = model.asked[0]
    assert [message.type for message in messages] == ["system", "human"]
    assert '"required":["text"]' in messages[1].content
    assert (kwargs, temperature, length, type(seed)) == ({}, 0.2, 77, int)
    assert ledger.rows()[0].calls == 1


async def test_a_class_that_knows_tools_is_held_to_the_form_by_one():
    called = AIMessage("Here:", tool_calls=[{"name": "Greeting", "args": {"text": "Hi."}, "id": "1"}])
    model = WithTools(says=[called])
    assert await ask(model) == "Hi."
    _, kwargs, *_ = model.asked[0]
    assert kwargs["tools"][0]["properties"]["text"]["maxLength"] == 60


USED = {
    "input_tokens": 50,
    "output_tokens": 9,
    "total_tokens": 59,
    "input_token_details": {"cache_read": 40},
    "output_token_details": {"reasoning": 4},
}


async def test_tokens_are_counted_and_unknown_ones_taken_for_the_most():
    ledger, budget = Ledger(), Budget(tokens=10_000)
    await ask(Scripted(says=[AIMessage(GOOD, usage_metadata=USED)]), budget, ledger)
    row = ledger.rows()[0]
    assert (row.tokens_in, row.tokens_out, row.tokens_cached) == (50, 9, 40)
    assert budget.spent.tokens == 59
    await ask(Scripted(says=[GOOD]), budget)
    assert budget.spent.tokens > 59 + 1024


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"finish_reason": "MAX_TOKENS"}, "cut off at max_tokens"),
        ({"stop_reason": "max_tokens"}, "cut off at max_tokens"),
        ({"done_reason": "length"}, "cut off at max_tokens"),
        ({"incomplete_details": {"reason": "max_output_tokens"}}, "cut off at max_tokens"),
        ({"stop_reason": "refusal"}, "refused to answer"),
        ({"finish_reason": "SAFETY"}, "content filter"),
    ],
)
async def test_cut_offs_and_refusals_of_every_provider_are_known(metadata, problem):
    with pytest.raises(negosim.errors.ProtocolError, match=problem):
        await ask(Scripted(says=[AIMessage(GOOD[:9], response_metadata=metadata)]))


async def test_thoughts_in_parts_stay_out_of_the_answer():
    parts = [{"type": "thinking", "thinking": "{draft}"}, {"type": "text", "text": GOOD}]
    assert await ask(Scripted(says=[AIMessage(parts)])) == "Good morning."


class StatusError(Exception):
    def __init__(self, status, said):
        super().__init__(said)
        self.status_code = status


class ConnectError(Exception):
    pass


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("raised", "fault", "asked"),
    [
        (StatusError(401, "bad key"), "key", 1),
        (StatusError(402, "pay"), "credit", 1),
        (StatusError(404, "no such model"), "model", 1),
        (StatusError(500, "oops"), "request", 4),
        (ConnectError("nobody"), "outage", 4),
        (TypeError("f() got an unexpected keyword argument 'seed'"), "setting", 1),
        (ValueError("API key not valid"), "key", 1),
        (KeyError("choices"), "request", 4),
        (RuntimeError("Event loop is closed"), "request", 4),
        (ZeroDivisionError("own"), "request", 1),
    ],
)
async def test_what_a_package_raises_says_who_is_concerned(raised, fault, asked):
    model = Scripted(says=[raised])
    with pytest.raises(ModelError) as caught:
        await ask(model)
    assert caught.value.fault == fault
    assert len(model.asked) == caught.value.requests + (asked if fault == "outage" else 0) == asked


async def test_a_passing_failure_is_asked_again_and_a_refusal_and_a_long_prompt_are_known():
    assert await ask(Scripted(says=[StatusError(408, "slow"), GOOD])) == "Good morning."
    with pytest.raises(negosim.errors.ProtocolError, match="refused"):
        await ask(Scripted(says=[ModelRefusalError("no")]))
    with pytest.raises(ContextLengthError):
        await ask(Scripted(says=[ContextOverflowError("long")]))


async def test_what_takes_too_long_is_given_up(no_pauses):
    class Slow(Scripted):
        async def _agenerate(self, *args, **kwargs):
            self.asked.append(1)
            await asyncio.sleep(60)

    model = Slow(says=[GOOD])
    with pytest.raises(ModelError, match=r"no answer within 0\.01 s"):
        await ask(model, timeout=0.01)
    assert len(model.asked) == 4


def test_an_object_is_named_by_class_model_and_settings_without_its_secrets():
    key, password = "sk-0123456789abcdef", "hunter2hunter2"
    model = ChatOpenAI(
        model="m",
        api_key=key,
        base_url="http://127.0.0.1:9/v1",
        temperature=0.3,
        max_tokens=500,
        default_headers={"Authorization": f"Bearer {password}"},
        model_kwargs={"user": "me", "proxy": f"http://u:{password}@host"},
    )
    (name,) = RunConfig(scenarios="viatex", models=model).models
    assert name.startswith("langchain:object:ChatOpenAI:m#")
    assert name.endswith("@http://127.0.0.1:9/v1?temperature=0.3&max_tokens=500")
    kept = json.dumps(recorded(ModelSpec.parse(name)))
    assert key not in kept
    assert password not in kept
    assert '"user": "me"' in kept
    assert name_of(model.model_copy(update={"openai_api_key": SecretStr("another-key-0")})) == name
    assert name_of(model.model_copy(update={"top_p": 0.5})) != name


def test_an_object_plays_is_recorded_and_goes_on_when_given_again(loopback, tmp_path, monkeypatch):
    with loopback.LoopbackServer(loopback.talk) as server:
        model = ChatOpenAI(model="m", api_key="sk-0123456789abcdef", base_url=server.url)
        config = RunConfig(scenarios="viatex", models=[model], max_turns=2, planner="direct", dialogues=2)
        run = negosim.generate(config, out=tmp_path / "run", cache=False)
        assert [dialogue.status for dialogue in run] == ["complete"] * 2
        lines = (run.path / "dialogues.jsonl").read_bytes().splitlines(keepends=True)
        (run.path / "dialogues.jsonl").write_bytes(lines[0])
        monkeypatch.setattr("negosim.models._langchain_objects._objects", {})
        with pytest.raises(UserError, match="given as a Python object"):
            negosim.resume(run.path, cache=False)
        again = RunConfig(scenarios="viatex", models=[model], max_turns=2, planner="direct", dialogues=2)
        negosim.resume(run.path, config=again, cache=False)
        assert (run.path / "dialogues.jsonl").read_bytes().count(b"\n") == 2
    assert b"sk-0123456789abcdef" not in (run.path / "run.json").read_bytes()


async def test_what_is_sent_is_what_is_recorded_and_keys_stay_home(loopback, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai-alone")
    monkeypatch.setenv("LANGSMITH_GATEWAY", "http://127.0.0.1:9")
    seen = []

    reply = loopback.LoopbackServer._answer

    async def answer(self, request, *rest):
        seen.append(request.headers["Authorization"])
        return await reply(self, request, *rest)

    monkeypatch.setattr(loopback.LoopbackServer, "_answer", answer)
    with serve(loopback, lambda body: completion()) as server:
        assert await ask(f"langchain:openai:gpt-5-any@{server.url}", temperature=0.2) == "Good morning."
    assert seen == ["Bearer none"]


async def test_a_setting_of_a_reasoning_model_is_sent_and_given_up_only_where_it_is_refused(loopback):
    def behave(body):
        return (
            (400, {"error": {"message": "Unsupported value", "param": "temperature"}})
            if ("temperature" in body)
            else completion()
        )

    with serve(loopback, behave) as server:
        assert await ask(f"langchain:openai:gpt-5@{server.url}", temperature=0.2) == "Good morning."
    assert [body.get("temperature") for body in server.bodies] == [0.2, None]
    assert all(body["max_tokens"] == 1024 for body in server.bodies)


async def test_the_responses_api_is_asked_in_its_own_terms(loopback, monkeypatch):
    bodies = []

    async def respond(request):
        bodies.append(orjson.loads(await request.read()))
        said = {"type": "message", "id": "m1", "role": "assistant", "status": "completed"}
        part = {"type": "output_text", "text": GOOD, "annotations": []}
        return loopback.web.json_response(
            {
                "id": "r1",
                "object": "response",
                "created_at": 1,
                "model": "m",
                "status": "completed",
                "output": [{**said, "content": [part]}],
                "parallel_tool_calls": False,
                "tool_choice": "auto",
                "tools": [],
                "usage": {
                    "input_tokens": 40,
                    "output_tokens": 9,
                    "total_tokens": 49,
                    "input_tokens_details": {"cached_tokens": 30},
                    "output_tokens_details": {"reasoning_tokens": 3},
                },
            }
        )

    app = loopback.web.Application()
    app.router.add_post("/v1/responses", respond)
    runner = loopback.web.AppRunner(app)
    await runner.setup()
    site = loopback.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    ledger = Ledger()
    model = ChatOpenAI(model="m", api_key="sk-0123456789", base_url=url, use_responses_api=True)
    try:
        assert await ask(model, ledger=ledger, max_tokens=99) == "Good morning."
    finally:
        await runner.cleanup()
    (body,) = bodies
    assert body["text"]["format"]["type"] == "json_schema"
    assert (body["max_output_tokens"], body["store"]) == (99, False)
    assert (ledger.rows()[0].tokens_in, ledger.rows()[0].tokens_cached) == (40, 30)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("langchain:openai", "langchain:PROVIDER:MODEL"),
        ("langchain:anthropic:claude-x", "pip install langchain-anthropic"),
        ("langchain:opnai:gpt-4o", "openai"),
        ("langchain:openai:gpt-4o", "OPENAI_API_KEY"),
        ("langchain:object:Own:own#01234567", "Python object"),
    ],
)
def test_a_name_that_cannot_be_opened_says_what_to_do(name, says, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UserError, match=says):
        open_model(name)


def test_prices_are_those_of_the_model_however_it_is_asked():
    by_name = price_of("openai:gpt-4o-mini")
    assert by_name == price_of("langchain:openai:gpt-4o-mini") is not None
    object_name = ModelSpec.parse(name_of(ChatOpenAI(model="gpt-4o-mini", api_key="sk-0123456789"))).name
    assert price_of(object_name) == by_name
    assert price_of("langchain:azure_openai:gpt-4o-mini") is None
    assert price_of("langchain:openai:gpt-4o-mini@http://127.0.0.1:9/v1") is None


def test_langchain_is_loaded_by_nobody_who_does_not_use_it():
    code = (
        "import sys, negosim; negosim.RunConfig(scenarios='viatex', models='langchain:openai:gpt-4o');"
        "assert not {'langchain', 'langchain_openai', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
