"""Several servers of one model: sticky, balanced, one dying and coming back."""

import logging
from collections import Counter
from typing import Any

import pytest

from benchmarks.loopback_server import LoopbackServer, ScriptedReply
from negosim.cli.options import listed
from negosim.errors import UserError
from negosim.models import ModelSpec, calls_are_of, confirm_servers, open_model
from negosim.models._types import ChatRequest, Message

REQUEST = ChatRequest(
    messages=(Message("user", "Well?"),),
    schema={"type": "object", "properties": {"word": {"type": "string"}}},
    schema_name="word",
    seed=1,
    temperature=0.0,
    max_tokens=50,
)


def spec_of(*servers: LoopbackServer) -> ModelSpec:
    return ModelSpec.parse("openai:any@" + ",".join(server.url for server in servers))


async def ask(model: Any, dialogue: str, servers: tuple[LoopbackServer, ...]) -> int:
    """Ask once for a dialogue; return which server answered."""
    before = [len(server.bodies) for server in servers]
    calls_are_of(dialogue)
    await model.complete(REQUEST)
    after = [len(server.bodies) for server in servers]
    return next(place for place, count in enumerate(after) if count > before[place])


async def test_a_dialogue_stays_and_new_ones_are_spread() -> None:
    with LoopbackServer() as one, LoopbackServer() as two:
        model = open_model(spec_of(one, two))
        homes = {str(number): await ask(model, str(number), (one, two)) for number in range(10)}
        assert Counter(homes.values()) == {0: 5, 1: 5}
        assert {name: await ask(model, name, (one, two)) for name in homes} == homes
        await model.close()


async def test_a_dead_server_is_taken_out_and_put_back_in(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, no_pauses: None
) -> None:
    rest = "negosim.models._servers.FIRST_REST"
    monkeypatch.setattr(rest, 1000.0)
    down = False

    def behave(body: dict[str, Any]) -> ScriptedReply:
        return ScriptedReply(status=500, error="gone") if down else ScriptedReply()

    with LoopbackServer(behave) as one, LoopbackServer() as two:
        model = open_model(spec_of(one, two))
        homes = {name: await ask(model, name, (one, two)) for name in "abcd"}
        down = True
        with caplog.at_level(logging.WARNING, "negosim.models"):
            for name in homes:
                calls_are_of(name)
                await model.complete(REQUEST)
            asked = len(one.bodies)
            moved = {name: await ask(model, name, (one, two)) for name in homes}
        assert set(moved.values()) == {1}
        assert len(one.bodies) == asked, "it is left alone"
        assert "taken out" in caplog.text
        down = False
        servers = model._server._places  # type: ignore[attr-defined]
        servers[0].until = 0.0
        with caplog.at_level(logging.WARNING, "negosim.models"):
            fresh = [await ask(model, f"new {number}", (one, two)) for number in range(6)]
        assert fresh[0] == 0, "it has been given fewer"
        assert 2 <= sum(fresh) <= 4, "it is not given all from then on"
        assert "put back in" in caplog.text
        assert {name: await ask(model, name, (one, two)) for name in homes} == moved, (
            "they stay where they are"
        )
        await model.close()


async def test_one_that_is_not_there_is_passed_over_and_none_is_an_error() -> None:
    with LoopbackServer() as one, LoopbackServer() as two:
        gone = ModelSpec.parse(f"openai:any@{one.url},http://127.0.0.1:9/v1")
        model = open_model(gone)
        await model.preflight()
        assert {await ask(model, str(number), (one, two)) for number in range(4)} == {0}
        await model.close()
    model = open_model(ModelSpec.parse("openai:any@http://127.0.0.1:9/v1,http://127.0.0.1:1/v1"))
    with pytest.raises(UserError, match="no model server"):
        await model.preflight()
    await model.close()


@pytest.mark.parametrize(
    ("urls", "why"),
    [
        ("http://a:1/v1,", "URL is missing"),
        ("http://a:1/v1,b:2/v1", "'b:2/v1' is not the URL"),
        ("http://a:1/v1,http://a:1/v1/", "named twice"),
        ("http://a:1/v1,https://api.openai.com/v1", "OpenAI's own"),
    ],
)
def test_bad_lists(urls: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        ModelSpec.parse(f"openai:any@{urls}")


def test_each_server_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEGOSIM_API_KEY", "a-key-of-some-length")
    spec = ModelSpec.parse("openai:any@http://one.example/v1,http://two.example/v1?max_in_flight=4")
    assert str(spec) == "openai:any@http://one.example/v1,http://two.example/v1?max_in_flight=4"
    with pytest.raises(UserError, match=r"two\.example"):
        confirm_servers([spec], ["http://one.example/v1"])
    confirm_servers([spec], spec.servers)


def test_servers_of_a_model_are_one_part_of_a_list() -> None:
    one, two = "openai:a@http://one/v1,http://two/v1?seed=1", "openai:b@http://three/v1"
    assert listed(f"oracle,{one},{two}") == ["oracle", one, two]
