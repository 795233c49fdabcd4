"""`negosim generate --workers --compress --log`."""

import json
from pathlib import Path

import pytest

from negosim import Run, RunConfig, generate
from negosim.cli import main
from negosim.logs import logged_to
from negosim.models import ScriptedModel


def cli(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    return int(exit_.value.code or 0)


def test_a_run_in_two_processes_compressed_and_logged(tmp_path: Path) -> None:
    common = ("generate", "-s", "viatex", "-n", "25", "--planner", "direct", "--max-turns", "4")
    run, log = tmp_path / "run", tmp_path / "log.jsonl"
    assert cli(*common, "--workers", "2", "--compress", "--log", str(log), "--out", str(run)) == 0
    assert (run / "dialogues.jsonl.zst").is_file()
    assert len(list(Run.open(run))) == 25
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["event"] for event in events] == ["run started"] + ["dialogue finished"] * 25
    assert {"time", "level", "logger", "dialogue", "end", "turns", "seconds"} <= events[1].keys()


def test_workers_are_refused_for_models(capsys: pytest.CaptureFixture[str]) -> None:
    model = "openai:m@http://127.0.0.1:9/v1"
    assert cli("generate", "-s", "viatex", "--model", model, "--workers", "2") == 2
    assert "raise the concurrency" in capsys.readouterr().err


def test_an_unwritable_log_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("generate", "-s", "viatex", "--log", str(tmp_path / "no" / "log")) == 2
    assert "log file" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_failures_and_retries_are_logged_without_prompts_or_answers(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    config = RunConfig(scenarios=("viatex",), models=("m",), planner="direct")
    with logged_to(log):
        generate(
            config, out=tmp_path / "run", chat_models={"m": ScriptedModel(lambda request: "SECRET answer")}
        )
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["event"] for event in events] == [
        "run started",
        *["unusable answer"] * 3,
        "dialogue failed",
    ]
    assert events[-1]["error"] == "ProtocolError"
    assert "SECRET" not in log.read_text()
    assert "Viatex" not in log.read_text()
