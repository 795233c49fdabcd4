"""`negosim judge` and `negosim questions`, as typed."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from negosim import Run, RunConfig, generate

Cli = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = RunConfig(scenarios=("viatex",), dialogues=2, max_turns=6, conditions=("honest", "deceptive-2"))
    return generate(config, out=tmp_path / "run")


def test_the_oracle_by_default(cli: Cli, run: Run) -> None:
    result = cli("judge", run.path)
    assert result.code == 0
    assert "the oracle reads what the record of the simulated dialogues says" in result.err
    assert result.out.endswith(f"stored in {run.path}/judgements.jsonl\n")
    rows = {line.split()[1]: line.split() for line in result.out.splitlines() if line.startswith("oracle")}
    assert rows["agreement"][2] == "4"
    assert rows["quality"][2:] == ["4", "0", "52"]
    again = cli("judge", run.path, "--questions", "agreement,deception")
    assert again.code == 0
    assert "8 sheets had been filled in before" in again.out


def reply(body: dict[str, Any]) -> dict[str, Any]:
    fields = body["response_format"]["json_schema"]["schema"]["properties"]
    return {name: {"reason": "so", "quotes": [], "answer": 4} for name in fields}


def test_a_server_as_judge(cli: Cli, run: Run, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(reply) as server:
        model = f"openai:small@{server.url}"
        result = cli("judge", run.path, "--judge-model", model, "--questions", "quality", "--sample", "1")
        assert result.code == 0, result.err
        lines = result.out.splitlines()
        progress = [line.split(": ", 1)[1] for line in lines if line.startswith("[")]
        assert progress == ["1 sheet, answers: 13 ok"] * 2
        heading = next(line for line in lines if line.startswith("judge "))
        assert heading.split() == ["judge", "questions", "sheets", "ok", "calls", "in", "out", "cost"]
        row = next(line for line in lines if line.startswith(model))
        assert row.split()[1:5] == ["quality", "2", "26", "2"]
        assert row.split()[-1] == "unknown"
        frame = run.judgement_frame()
        assert set(frame["judge"]) == {model}
        assert set(frame["value"]) == {4}
        twice = cli(
            "judge", run.path, "--judges", f"{model},oracle", "--questions", "quality", "--repeats", "2"
        )
        assert twice.code == 0, twice.err
        assert "2 sheets had been filled in before" in twice.out
    assert len(list(run.judgements())) == 4 * 2 + 4


def test_a_judge_that_talks_nonsense(cli: Cli, run: Run, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(lambda body: {"verdict": "guilty"}) as server:
        model = f"openai:small@{server.url}"
        result = cli("judge", run.path, "--judge-model", model, "--questions", "agreement", "--sample", "1")
    assert result.code == 0
    assert "invalid" in result.out
    frame = run.judgement_frame()
    assert set(frame["status"]) == {"invalid"}
    assert frame["value"].isna().all()


def test_what_the_user_can_mend(cli: Cli, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, message in (
        (["nowhere"], "no run at 'nowhere'"),
        ([run.path, "--judge-model", "sim"], "plays and is no judge"),
        ([run.path, "--judge-model", "openai:x"], "OPENAI_API_KEY"),
        ([run.path, "--judge-model", "openai:x@http://127.0.0.1:9/v1"], "cannot connect"),
        ([run.path, "--judges", "oracle,oracle"], "named twice"),
        ([run.path, "--judges", "oracle", "--judge-model", "local"], "not both"),
        ([run.path, "--questions", "agrement"], "did you mean agreement"),
        ([run.path, "--questions", ""], "'' names nothing"),
        ([run.path, "--judges", ","], "',' names nothing"),
        ([run.path, "--calibrate", "--csv", run.path], "is a folder; name a file"),
        ([run.path, "--calibrate", "--csv", run.path / "no" / "f.csv"], "a folder that does not exist"),
        ([run.path, "--repeats", "0"], "--repeats"),
    ):
        result = cli("judge", *arguments)
        assert result.code == 2, message
        assert message in result.err
    assert not (run.path / "judgements.jsonl").exists()


def test_a_broken_line_is_named(cli: Cli, run: Run) -> None:
    assert cli("judge", run.path, "--questions", "agreement").code == 0
    place = run.path / "judgements.jsonl"
    place.write_bytes(place.read_bytes().replace(b'"judge":', b'"jugde":', 1))
    before = place.read_bytes()
    result = cli("judge", run.path, "--questions", "agreement")
    assert result.code == 2
    assert "line 1: no sheet of judgements: damaged: it is not what was written" in result.err
    assert "remove the line" in result.err
    assert "goes on" not in result.err
    assert place.read_bytes() == before


def test_a_provider_that_fails(cli: Cli, run: Run, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(
        lambda body: loopback.ScriptedReply(status=401, error="no such key")
    ) as server:
        result = cli("judge", run.path, "--judge-model", f"openai:small@{server.url}")
    assert result.code == 1
    assert "wants a key; set NEGOSIM_API_KEY" in result.err
    assert f"stopped: 0 sheets are stored in {run.path}; the same command goes on" in result.err
    assert list(run.judgements()) == []


def test_a_provider_that_fails_now_and_then(cli: Cli, run: Run, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(
        lambda body: loopback.ScriptedReply(status=400, error="bad request")
    ) as server:
        arguments = (
            "judge",
            run.path,
            "--judge-model",
            f"openai:small@{server.url}",
            "--questions",
            "quality",
        )
        result = cli(*arguments)
        assert result.code == 1
        assert "52 answers could not be had from a provider; the same command asks again" in result.err
        assert cli(*arguments).code == 1
    assert set(run.judgement_frame()["status"]) == {"error"}


def test_questions(cli: Cli, tmp_path: Path) -> None:
    listed = cli("questions", "list")
    assert listed.code == 0
    assert re.search(r"^quality +13  third party", listed.out, re.MULTILINE)
    assert cli("questions", "list", "--json").out.count("\n") >= 4
    shown = cli("questions", "show", "deception").out
    assert "deception-degree, for each agent" in shown
    assert orjson.loads(cli("questions", "show", "deception", "--json").out)["id"] == "deception"
    assert "What price per bottle" in cli("questions", "show", "resolution", "-s", "viatex").out
    assert cli("questions", "show", "resolution").code == 2
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: bad\ntitle: Bad\nperspectives: []\nquestions: []\n")
    result = cli("questions", "validate", "agreement", bad)
    assert result.code == 2
    assert result.out == "agreement: ok: 2 questions\n"
    assert "line 3: perspectives: give at least 1, not 0" in result.err
