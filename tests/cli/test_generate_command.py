import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

from negosim.cli import generate as generate_command
from negosim.config import SAFETY_STOP, Calls, JudgeForm, JudgeView, Objective, RunConfig, Votes
from negosim.records import Condition, Dialogue
from negosim.store import Run

NOTICE = (
    "no model configured: the embedded simulated negotiator plays (model: sim); it is no language model\n"
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """Do not play; collect the configurations that would have been played."""
    configs: list[RunConfig] = []

    def generate(config: RunConfig, *, out: Path | None, **means: Any) -> Any:
        configs.append(config)
        return Run(out or Path("somewhere"), None)  # type: ignore[arg-type]

    monkeypatch.setattr("negosim.engine.generate", generate)
    return configs


def test_the_first_command_of_the_readme(cli: Any) -> None:
    done = cli("generate", "--scenario", "viatex", "--deceptive")
    assert done.code == 0
    assert done.err == NOTICE
    (run,) = Path("runs").iterdir()
    lines = done.out.splitlines()
    assert lines[0].startswith("Viatex: ")
    assert "condition: DECEPTIVE: agent 2 (Owen Adeyemi) may lie" in lines
    (dialogue,) = Run.open(run)
    spoken = [line for line in lines if re.match(r"\d+ [\w ]+ \(agent [12]\): ", line)]
    assert len(spoken) == len(dialogue.turns)
    assert lines[-2:] == [f"stored in {run}", f"read it again: negosim show {run}"]
    assert "\x1b" not in done.out


def test_json_prints_the_stored_lines_and_nothing_else(cli: Any) -> None:
    done = cli(
        "generate",
        "-s",
        "viatex",
        "-s",
        "sally-soprano",
        "-n",
        2,
        "--both-conditions",
        "--json",
        "--out",
        "run",
    )
    assert done.code == 0
    printed = [Dialogue.model_validate(json.loads(line)) for line in done.out.splitlines()]
    assert printed == list(Run.open("run"))
    assert len(printed) == 8
    assert done.err == NOTICE + "stored in run\nread it again: negosim show run\n"


def test_many_dialogues_without_a_terminal(cli: Any) -> None:
    done = cli("generate", "-s", "viatex", "-n", 3, "--model", "sim", "--out", "run")
    lines = done.out.splitlines()
    assert [line[:5] for line in lines[:3]] == ["[1/3]", "[2/3]", "[3/3]"]
    assert re.match(r"viatex honest: 3 dialogues, 0 failed, \d \(\d+%\) agreed", lines[3])
    assert done.err == ""


@pytest.mark.parametrize(
    ("arguments", "conditions"),
    [
        ([], ["honest"]),
        (["--deceptive"], ["deceptive-2"]),
        (["--deceptive", "--seed", "3"], ["deceptive-2"]),
        (["--deceptive", "-n", "3"], ["deceptive-2"]),
        (["--deceptive", "1"], ["deceptive-1"]),
        (["--deceptive=both"], ["deceptive-1-2"]),
        (["--deceptive", "both", "--seed", "3"], ["deceptive-1-2"]),
        (["--deceptive", "none"], ["honest"]),
        (["--deceptive", "3"], ["deceptive-3"]),
        (["--both-conditions"], ["honest", "deceptive-2"]),
        (["--both-conditions", "--deceptive", "1"], ["honest", "deceptive-1"]),
    ],
)
def test_conditions(arguments: list[str], conditions: list[str], cli: Any, asked: list[RunConfig]) -> None:
    done = cli("generate", "-s", "viatex", *arguments)
    assert done.code == 0, done.err
    assert [condition.name for condition in asked[0].conditions] == conditions


@pytest.mark.parametrize(
    ("arguments", "variable", "models"),
    [
        ([], None, ("sim",)),
        ([], "", ("sim",)),
        ([], "openai:env", ("openai:env",)),
        (["--model", "openai:a"], "openai:env", ("openai:a",)),
        (["--agent1-model", "openai:b"], None, ("openai:b", "sim")),
        (["--agent2-model", "openai:b"], "openai:env", ("openai:env", "openai:b")),
        (["--agent2-model", "openai:b", "--model", "local"], None, ("local", "openai:b")),
        (["--agent1-model", "sim", "--agent2-model", "openai:b"], None, ("sim", "openai:b")),
    ],
)
def test_models(
    arguments: list[str],
    variable: str | None,
    models: tuple[str, ...],
    cli: Any,
    asked: list[RunConfig],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if variable is not None:
        monkeypatch.setenv("NEGOSIM_MODEL", variable)
    assert cli("generate", "-s", "viatex", *arguments).code == 0
    assert asked[0].models == models


@pytest.mark.parametrize(
    ("arguments", "models"),
    [
        (["--agent3-model", "openai:c"], ("sim", "sim", "openai:c")),
        (["--agent3-model=openai:c", "--agent1-model", "local"], ("local", "sim", "openai:c")),
        (["--model-for", "noodle-maker=openai:c", "--model-for", "1=local"], ("local", "sim", "openai:c")),
    ],
)
def test_models_of_three(arguments: list[str], models: Any, cli: Any, asked: list[RunConfig]) -> None:
    done = cli("generate", "-s", "heron-mill", "--deceptive", "1,3", "--order", "chair:owner", *arguments)
    assert done.code == 0, done.err
    (config,) = asked
    assert config.models == models
    assert [condition.name for condition in config.conditions] == ["deceptive-1-3"]
    assert str(config.order) == "chair:owner"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--agent4-model", "sim"], "there is no agent 4; there are 1 to 3"),
        (["--agent3-model", "sim", "--model-for", "noodle-maker=sim"], "agent 3 is given two models"),
        (["--model-for", "miller=sim"], "'miller' is not the same role in every scenario"),
        (["--model-for", "3"], "write ROLE=MODEL, as in 3=sim"),
        (["--order", "chair"], "'chair' is no order"),
        (["-s", "viatex", "--deceptive", "all"], "have 2 or 3 roles"),
    ],
)
def test_what_does_not_fit_three_is_said(arguments: list[str], said: str, cli: Any) -> None:
    done = cli("generate", "-s", "heron-mill", *arguments)
    assert done.code == 2
    assert said in " ".join(done.err.split())


def test_every_option_reaches_the_configuration(cli: Any, asked: list[RunConfig]) -> None:
    options = (
        "-s viatex -s all -s viatex -n 7 --deceptive 1 --seed 5 --planner reflect --k 2 --calls fused "
        "--objective own --judge-view oracle --max-turns 0 --opener corvane --tactics t --techniques d "
        "--prompts p --model local --agent1-model sim --judge-model openai:j --swap-roles --concurrency 4 "
        "--out somewhere/else"
    )
    done = cli("generate", *options.split())
    assert done.out == "stored in somewhere/else\nread it again: negosim show somewhere/else\n"
    (config,) = asked
    assert config.scenarios[0] == "viatex"
    assert len(config.scenarios) == len(set(config.scenarios)) >= 10
    assert config.model_copy(update={"scenarios": ("viatex",)}) == RunConfig(
        scenarios=("viatex",),
        dialogues=7,
        conditions=(Condition(deceptive=(0,)),),
        seed=5,
        models=("sim", "local", "local"),
        judge_model="openai:j",
        swap_roles=True,
        planner="reflect",
        k=2,
        calls="fused",
        objective="own",
        judge_view="oracle",
        max_turns=0,
        opener="corvane",
        tactics="t",
        techniques="d",
        prompts="p",
        concurrency=4,
    )


def test_the_defaults_are_those_of_the_configuration(cli: Any, asked: list[RunConfig]) -> None:
    cli("generate", "-s", "viatex")
    assert asked[0] == RunConfig(scenarios=("viatex",))


def test_the_choices_are_those_of_the_configuration() -> None:
    def choices(function: Any, name: str) -> set[str]:
        return set(get_args(get_args(function.__annotations__[name])[0]))

    assert choices(generate_command.generate, "calls") == set(get_args(Calls))
    assert choices(generate_command.generate, "objective") == set(get_args(Objective))
    assert choices(generate_command.generate, "judge_view") == set(get_args(JudgeView))
    assert choices(generate_command.generate, "judge_form") == set(get_args(JudgeForm))
    assert choices(generate_command.generate, "votes") == set(get_args(Votes))
    assert (
        f"stopped at {SAFETY_STOP}"
        in get_args(generate_command.generate.__annotations__["max_turns"])[1].help
    )


def test_a_failed_dialogue_is_stored_and_told(cli: Any, loopback: ModuleType) -> None:
    with loopback.LoopbackServer(lambda body: {"nonsense": True}) as server:
        done = cli(
            "generate",
            "-s",
            "viatex",
            "--model",
            f"openai:fake@{server.url}",
            "--planner",
            "direct",
            "--out",
            "run",
        )
    assert done.code == 1
    assert "FAILED at utterance 1 (Nadia Ferrante, stage speak): ProtocolError" in done.out
    assert done.err == (
        "1 dialogue of 1 failed\nplay again with: negosim generate --resume run --retry-failed\n"
    )
    (dialogue,) = Run.open("run")
    assert dialogue.status == "failed"


def test_ctrl_c_leaves_a_readable_run_and_says_how_much_is_stored() -> None:
    command = [sys.executable, "-m", "negosim", "generate", "-s", "viatex", "-n", "5000", "--out", "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("[3/"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=600)
    assert process.returncode == 130
    run = Run.open("run")
    stored = [dialogue.id for dialogue in run]
    assert 3 <= len(stored) < 5000
    assert err.splitlines()[-2:] == [
        f"stopped: {len(stored)} dialogues are stored in run",
        "go on with: negosim generate --resume run",
    ]
    assert "Traceback" not in out + err


def test_ctrl_c_before_the_first_utterance(loopback: ModuleType) -> None:
    with loopback.LoopbackServer(lambda body: loopback.ScriptedReply(delay=30)) as server:
        model = f"openai:slow@{server.url}"
        command = [
            sys.executable,
            "-m",
            "negosim",
            "generate",
            "-s",
            "viatex",
            "--model",
            model,
            "--out",
            "run",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + 600
            while not server.bodies and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=600)
    assert process.returncode == 130
    assert err.splitlines()[-2] == "stopped: 0 dialogues are stored in run"
    assert "Traceback" not in out + err
    assert len(Run.open("run")) == 0


def test_resume_finishes_a_run(cli: Any) -> None:
    cli("generate", "-s", "viatex", "-n", 3, "--out", "whole")
    cli("generate", "-s", "viatex", "-n", 3, "--out", "runs/part")
    stored = Path("runs/part/dialogues.jsonl")
    lines = stored.read_bytes().splitlines(keepends=True)
    stored.write_bytes(lines[0] + lines[1][:100])
    done = cli("generate", "--resume", "part")
    assert done.code == 0
    assert [line[:5] for line in done.out.splitlines()[:2]] == ["[2/3]", "[3/3]"]
    assert [d.transcript() for d in Run.open("runs/part")] == [d.transcript() for d in Run.open("whole")]
    again = cli("generate", "--resume", "part", "--json")
    assert (again.code, again.out) == (0, "")
    same = cli("generate", "--resume", "part", "-s", "viatex", "-n", 3, "--model", "sim")
    assert same.code == 0
    other = cli("generate", "--resume", "part", "--seed", 9, "--deceptive", "--agent1-model", "local")
    assert other.code == 2
    for difference in ("seed: was 0, is 9", "conditions: was", "models: was"):
        assert f"  {difference}" in other.err
    assert "dialogues: was" not in other.err


def test_a_reader_that_goes_away_is_no_crash() -> None:
    command = f"{sys.executable} -m negosim generate -s viatex -n 20 --json --out run | head -n 1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
