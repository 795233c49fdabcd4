"""Messages of the terminal about runs that stop and dialogues that fail alone."""

from types import ModuleType

import pytest

from .conftest import Cli

RUN = ("generate", "-s", "viatex", "--planner", "direct", "--max-turns", 2, "--no-cache", "--out", "run")


def test_what_a_server_says_of_one_dialogue_is_shown_and_not_stored(cli: Cli, loopback: ModuleType) -> None:
    def behave(body: dict[str, object]) -> object:
        if body["seed"] == first[0]:
            return loopback.ScriptedReply(status=400, error="the moon is in the way")
        return loopback.ScriptedReply(loopback.talk(body))

    first: list[object] = []
    with loopback.LoopbackServer(lambda body: (first.append(body["seed"]), behave(body))[1]) as server:
        done = cli(*RUN, "-n", 2, "--model", f"openai:m@{server.url}")
        assert done.code == 1
        assert "viatex.honest.0000: the server says: the moon is in the way\n" in done.err
        stored = cli("show", "run", "--json").out
    assert '"status":"failed"' in stored
    assert "moon" not in stored


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ({"status": 400, "error": "max_tokens is too large; at most 64"}, "begin another one with what is"),
        ({"status": 402, "error": "pay"}, "go on with: negosim generate --resume run"),
    ],
)
def test_advice_after_a_stop_does_not_contradict_the_error(
    cli: Cli, loopback: ModuleType, error: dict[str, object], advice: str
) -> None:
    def behave(body: dict[str, object]) -> object:
        return (
            loopback.ScriptedReply(loopback.talk(body))
            if len(server.bodies) < 9
            else loopback.ScriptedReply(**error)
        )

    with loopback.LoopbackServer(behave) as server:
        done = cli(*RUN, "-n", 6, "--model", f"openai:m@{server.url}?max_tokens=600")
    assert done.code == 1
    assert any(line.startswith(("a run keeps", advice)) and advice in line for line in done.err.splitlines())
