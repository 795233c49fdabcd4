"""Failed dialogues are played again by `resume`: the provider's failures always, others on request."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tenacity

from negosim import Run, RunConfig, generate, resume
from negosim.engine import DialogueFinished, RunStarted
from negosim.errors import ContextLengthError, ModelError
from negosim.models import ChatRequest, ScriptedModel

Player = Callable[..., ScriptedModel]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_none())


def config(**settings: Any) -> RunConfig:
    return RunConfig(
        **{
            "scenarios": ("viatex",),
            "models": ("m",),
            "planner": "direct",
            "max_turns": 4,
            "votes": "always",
            **settings,
        }
    )


def at_calls(*numbers: int, give: Any) -> Callable[[ChatRequest], Any]:
    """Answer as usual, but for the calls of these numbers."""
    calls = iter(range(10**6))
    return lambda request: give if next(calls) in numbers else None


def statuses(run: Run) -> dict[int, str]:
    return {dialogue.index: dialogue.status for dialogue in run}


def test_a_dialogue_that_failed_through_the_provider_goes_on_after_its_last_turn(
    player: Player, tmp_path: Path
) -> None:
    whole = generate(config(dialogues=3), out=tmp_path / "whole", chat_models={"m": player()})
    model = player(Speak=at_calls(6, give=ModelError("status 500 (4 attempts)")))
    run = generate(config(dialogues=3), out=tmp_path / "run", chat_models={"m": model})
    assert statuses(run) == {0: "complete", 1: "failed", 2: "complete"}
    assert len(run) == 3
    again = player()
    events: list[Any] = []
    run = resume(tmp_path / "run", chat_models={"m": again}, watch=events.append)
    assert statuses(run) == {0: "complete", 1: "complete", 2: "complete"}
    assert sum(request.schema_name == "Speak" for request in again.requests) == 2  # not the finished two
    assert {d.id: d.transcript() for d in run} == {d.id: d.transcript() for d in whole}
    assert [event.again for event in events if isinstance(event, RunStarted)] == [{"viatex.honest.0001"}]
    assert sum(isinstance(event, DialogueFinished) for event in events) == 1
    assert not list((tmp_path / "run").glob("progress*"))
    assert not resume(tmp_path / "run", chat_models={"m": (quiet := player())}).path.joinpath("x").exists()
    assert quiet.requests == []


def test_the_last_line_of_a_dialogue_counts_wherever_it_is_read(player: Player, tmp_path: Path) -> None:
    model = player(Speak=at_calls(1, give=ModelError("gone")))
    generate(config(dialogues=2), out=tmp_path / "run", chat_models={"m": model})
    run = resume(tmp_path / "run", chat_models={"m": player()})
    lines = [json.loads(line) for line in (run.path / "dialogues.jsonl").read_text().splitlines()]
    assert [(line["index"], line["status"]) for line in lines] == [
        (0, "failed"), (1, "complete"), (0, "complete"),
    ]  # fmt: skip
    assert len(run) == len(list(run)) == len(run.to_frame()) == run.header.planned == 2
    assert run.dialogue("viatex.honest.0000").status == run.dialogue(2).status == "complete"


def test_what_failed_otherwise_is_played_again_only_if_asked_for(player: Player, tmp_path: Path) -> None:
    def badly(request: ChatRequest) -> Any:
        return "no JSON at all"

    generate(config(dialogues=2), out=tmp_path / "run", chat_models={"m": player(Speak=badly)})
    model = player()
    run = resume(tmp_path / "run", chat_models={"m": model})
    assert statuses(run) == {0: "failed", 1: "failed"}
    assert model.requests == []
    run = resume(tmp_path / "run", chat_models={"m": model}, retry_failed=True)
    assert statuses(run) == {0: "complete", 1: "complete"}


def test_a_prompt_that_was_too_long_is_not_sent_again_unasked(player: Player, tmp_path: Path) -> None:
    model = player(Speak=at_calls(2, give=ContextLengthError("too long")))
    generate(config(), out=tmp_path / "run", chat_models={"m": model})
    assert statuses(resume(tmp_path / "run", chat_models={"m": player()})) == {0: "failed"}
    run = resume(tmp_path / "run", chat_models={"m": player()}, retry_failed=True)
    assert statuses(run) == {0: "complete"}


def test_one_that_fails_again_is_there_once_with_its_last_reason(player: Player, tmp_path: Path) -> None:
    for message in ("first", "second"):
        model = player(Speak=ModelError(message))
        if message == "first":
            generate(config(), out=tmp_path / "run", chat_models={"m": model})
        else:
            resume(tmp_path / "run", chat_models={"m": model})
    (dialogue,) = Run.open(tmp_path / "run")
    assert dialogue.failure is not None
    assert dialogue.failure.message == "second"


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_outage_leaves_unmade_what_it_keeps_from_being_made(
    loopback: ModuleType, tmp_path: Path, concurrency: int
) -> None:
    fails = False

    def behave(body: dict[str, Any]) -> Any:
        nonlocal fails
        fails = len(server.bodies) > 14 if not healed else False
        return loopback.ScriptedReply(status=500, raw=b"<html>Oops</html>") if fails else loopback.talk(body)

    healed = False
    with loopback.LoopbackServer(behave) as server:
        asked = config(
            models=(f"openai:out-{concurrency}@{server.url}",), dialogues=6, concurrency=concurrency
        )
        with pytest.raises(ModelError, match="resume when the server is up again") as stopped:
            generate(asked, out=tmp_path / "run", cache=False)
        assert stopped.value.fault == "outage"
        assert set(statuses(Run.open(tmp_path / "run")).values()) <= {"complete"}
        healed = True
        run = resume(tmp_path / "run", cache=False)
    assert list(statuses(run).values()) == ["complete"] * 6


def test_out_of_credit_stops_the_run_and_burns_nothing(loopback: ModuleType, tmp_path: Path) -> None:
    def behave(body: dict[str, Any]) -> Any:
        paid = len(server.bodies) <= 10 or topped_up
        return (
            loopback.talk(body) if paid else loopback.ScriptedReply(status=402, error="Insufficient Balance")
        )

    topped_up = False
    with loopback.LoopbackServer(behave) as server:
        asked = config(models=(f"openai:poor@{server.url}",), dialogues=6, concurrency=3)
        with pytest.raises(ModelError, match="out of credit"):
            generate(asked, out=tmp_path / "run", cache=False)
        assert len(server.bodies) <= 10 + 3 * 2  # what was under way: two votes of each dialogue, at most
        assert set(statuses(Run.open(tmp_path / "run")).values()) <= {"complete"}
        topped_up, before = True, len(server.bodies)
        run = resume(tmp_path / "run", cache=False)
    assert list(statuses(run).values()) == ["complete"] * 6
    spoken = sum(body["response_format"]["json_schema"]["name"] == "Speak" for body in server.bodies[before:])
    assert spoken < 6 * 4  # turns that were finished are not paid for twice


def test_the_command_plays_again_what_failed_and_counts_each_dialogue_once(
    loopback: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from negosim.cli import main

    def command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(["generate", *arguments])
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out + printed.err

    def behave(body: dict[str, Any]) -> Any:
        return "no JSON" if bad and len(server.bodies) in range(4, 7) else loopback.talk(body)

    bad, run = True, str(tmp_path / "run")
    with loopback.LoopbackServer(behave) as server:
        how = ["-s", "viatex", "-n", "3", "--planner", "direct", "--max-turns", "2", "--no-cache"]
        code, said = command(*how, "--model", f"openai:again@{server.url}", "--out", run)
        assert (code, "1 dialogue of 3 failed" in said) == (1, True)
        bad = False
        code, said = command("--resume", run, "--no-cache")
        assert (code, "1 dialogue of 3 failed" in said, len(server.bodies)) == (1, True, 8)
        assert "--retry-failed" in said
        code, said = command("--resume", run, "--retry-failed", "--no-cache")
    assert code == 0
    assert "3 dialogues" in said
    assert list(statuses(Run.open(run)).values()) == ["complete"] * 3
    code, said = command("-s", "viatex", "--retry-failed")
    assert code == 2
    assert "--resume" in said
