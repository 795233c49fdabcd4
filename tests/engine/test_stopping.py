"""Failures that concern all dialogues stop the run; those of one fail that one alone."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from negosim import Run, RunConfig, generate, resume
from negosim.errors import ContextLengthError, ModelError
from negosim.models import ChatRequest, ScriptedModel

Player = Callable[..., ScriptedModel]


def config(**settings: Any) -> RunConfig:
    return RunConfig(
        **{
            "scenarios": ("viatex",),
            "models": ("m",),
            "planner": "direct",
            "max_turns": 2,
            "votes": "always",
            **settings,
        }
    )


def failing_from(call: int, error: ModelError) -> Callable[[ChatRequest], Any]:
    """Answer as usual, and raise an error from a call on."""
    calls = iter(range(10**6))
    return lambda request: error if next(calls) >= call else None


def permanent() -> ModelError:
    error = ModelError("http://x/v1 refused the key in NEGOSIM_API_KEY")
    error.fault = "key"
    return error


@pytest.mark.parametrize("form", ["Speak", "ConcludeAnswer"])
def test_a_permanent_error_stops_the_run_and_keeps_what_is_finished(
    player: Player, tmp_path: Path, form: str
) -> None:
    model = player(**{form: failing_from(6, permanent())})
    with pytest.raises(ModelError, match="refused the key"):
        generate(config(dialogues=20), out=tmp_path / "run", chat_models={"m": model})
    stored = list(Run.open(tmp_path / "run"))
    assert [dialogue.status for dialogue in stored] == ["complete"] * 3
    assert len(model.requests) <= 3 * 4 + 4  # nothing was sent for the other dialogues
    run = resume(tmp_path / "run", chat_models={"m": player()})
    assert [dialogue.status for dialogue in run] == ["complete"] * 20


def test_a_transient_error_fails_its_dialogue_alone(player: Player, tmp_path: Path) -> None:
    calls = iter(range(10**6))

    def once(request: ChatRequest) -> Any:
        return ModelError("status 500 (4 attempts)") if next(calls) == 2 else None

    run = generate(config(dialogues=4), out=tmp_path / "run", chat_models={"m": player(Speak=once)})
    assert [dialogue.status for dialogue in run] == ["complete", "failed", "complete", "complete"]


def test_a_prompt_grown_too_long_fails_its_dialogue_alone(player: Player, tmp_path: Path) -> None:
    def full(request: ChatRequest) -> Any:
        return ContextLengthError("the prompt is too long") if "[2] " in request.messages[1].content else None

    run = generate(
        config(dialogues=2, max_turns=4), out=tmp_path / "run", chat_models={"m": player(Speak=full)}
    )
    assert [(len(dialogue.turns), dialogue.status) for dialogue in run] == [(2, "failed")] * 2
    assert {dialogue.failure.error for dialogue in run if dialogue.failure} == {"ContextLengthError"}


def test_a_prompt_too_long_before_the_first_word_stops_the_run(player: Player, tmp_path: Path) -> None:
    model = player(Speak=ContextLengthError("the prompt is too long"))
    with pytest.raises(ContextLengthError):
        generate(config(dialogues=9), out=tmp_path / "run", chat_models={"m": model})
    assert len(model.requests) == 1


def test_a_failed_rollout_does_not_cut_off_the_others(player: Player, tmp_path: Path) -> None:
    rollouts = iter(range(10**6))

    def first_fails(request: ChatRequest) -> Any:
        return ModelError("status 500 (4 attempts)") if next(rollouts) == 0 else None

    model = player(RolloutAnswer=first_fails)
    (dialogue,) = generate(config(planner="rollout", k=4), out=tmp_path / "run", chat_models={"m": model})
    assert dialogue.failure is not None
    assert (dialogue.failure.stage, dialogue.failure.error) == ("rollout", "ModelError")
    account = {row.stage: row for row in dialogue.account}
    assert account["rollout"].calls == 4
    assert account["rollout"].tokens_out > 0


def test_the_command_says_what_happened_and_how_to_go_on(
    loopback: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from negosim.cli import main

    count = iter(range(10**6))

    def behave(body: dict[str, Any]) -> Any:
        if next(count) < 8:
            return loopback.talk(body)
        return loopback.ScriptedReply(status=401, error="expired")

    how = ["generate", "-s", "viatex", "-n", "20", "--planner", "direct", "--max-turns", "2"]
    with loopback.LoopbackServer(behave) as server, pytest.raises(SystemExit) as stopped:
        main([*how, "--model", f"openai:expiring@{server.url}", "--out", str(tmp_path / "run")])
    err = capsys.readouterr().err
    assert stopped.value.code == 1
    assert len(server.bodies) == 9
    assert f"stopped: 4 dialogues are stored in {tmp_path / 'run'}" in err
    assert f"go on with: negosim generate --resume {tmp_path / 'run'}" in err
    assert "Error: " in err
    assert "wants a key; set NEGOSIM_API_KEY" in err
