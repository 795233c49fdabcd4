"""`negosim show --calls`: what every call was for and what it took."""

from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.cli import main
from negosim.models import ChatRequest, ScriptedModel


def answer(request: ChatRequest) -> dict[str, object]:
    if request.schema_name == "Speak":
        return {"utterance": f"Words {request.seed}.", "move": {"action": "talk", "offer": None}}
    return {"concluded": False}


def cli(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    return int(exit_.value.code or 0)


def test_every_call_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = RunConfig(scenarios=("viatex",), models=("m",), planner="direct", max_turns=2, votes="always")
    generate(config, out=tmp_path / "run", chat_models={"m": ScriptedModel(answer)})
    assert cli("show", str(tmp_path / "run"), "1", "--calls") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 2 + 2
    assert lines[0].split()[:4] == ["turn", "agent", "stage", "model"]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["1", "1", "speak"],
        ["2", "2", "speak"],
        ["2", "1", "conclude"],
        ["2", "2", "conclude"],
    ]


def test_simulated_dialogues_have_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate(RunConfig(scenarios=("viatex",), max_turns=2), out=tmp_path / "run")
    assert cli("show", str(tmp_path / "run"), "1", "--calls") == 0
    assert "no model calls" in capsys.readouterr().out
