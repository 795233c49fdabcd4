"""The command line answers quickly: what it does not need, it does not import."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from negosim import RunConfig, generate
from negosim.cli.app import COMMANDS, GROUPS, RL
from negosim.cli.lazy import LazyCommand

HEAVY = {"langgraph", "langchain_core", "pandas", "numpy", "matplotlib", "yaml", "orjson", "rapidfuzz"}

PROBE = """
import json, sys
from negosim.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stopped:
    print(json.dumps([stopped.code, sorted(sys.modules)]))
"""


def modules_of(*arguments: str) -> set[str]:
    """Return what a command has imported when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY | {"pydantic"}),
        (["--version"], HEAVY | {"pydantic"}),
        (["scenarios", "--help"], HEAVY),
        (["rl", "--help"], HEAVY),
        (["generate", "--help"], {"langgraph", "langchain_core", "pandas", "matplotlib", "aiohttp"}),
        (["rl", "train", "--help"], {"torch", "transformers", "pandas", "matplotlib"}),
    ],
)
def test_help_and_version_import_nothing_heavy(arguments: list[str], heavy: set[str]) -> None:
    assert not heavy & modules_of(*arguments)


def test_the_list_of_commands_imports_none_of_them() -> None:
    loaded = {name for name in modules_of("--help") if name.startswith("negosim.cli.")}
    assert loaded == {f"negosim.cli.{name}" for name in ("app", "collector", "lazy", "entry_point")}


LISTED = [
    *COMMANDS.values(),
    *RL.values(),
    *(
        LazyCommand(f"negosim.cli.{group}:{name}", summary)
        for group, (_, functions) in GROUPS.items()
        for name, summary in functions.items()
    ),
]


@pytest.mark.parametrize("command", LISTED, ids=lambda command: command.target.rpartition(".")[2])
def test_the_list_says_of_a_command_what_its_help_says(command: LazyCommand) -> None:
    loaded = command.load("name", None)
    assert " ".join(loaded.help.partition("\n\n")[0].split()) == command.summary


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_take_less_than_half_a_second(argument: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "negosim", argument], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_listing_scenarios_does_not_start_the_engine() -> None:
    assert not {"langgraph", "langchain_core", "pandas"} & modules_of("scenarios", "list")


def test_resuming_a_finished_run_does_not_start_the_engine(tmp_path: Path) -> None:
    generate(RunConfig(scenarios=("viatex",), planner="direct", max_turns=2), out=tmp_path / "run")
    modules = modules_of("generate", "--resume", str(tmp_path / "run"))
    assert not {"langgraph", "langchain_core", "pandas"} & modules


def test_a_rerun_from_the_cache_loads_no_http_client(loopback: ModuleType, tmp_path: Path) -> None:
    def speech(body: Any) -> dict[str, Any]:
        return {"utterance": "What would you settle for?", "move": {"action": "talk", "offer": None}}

    with loopback.LoopbackServer(speech) as server:
        model = f"openai:small@{server.url}"
        settings = RunConfig(scenarios=("viatex",), models=(model,), planner="direct", max_turns=1)
        generate(settings, out=tmp_path / "first")
    command = ["generate", "-s", "viatex", "--planner", "direct", "--max-turns", "1", "--model", model]
    assert "aiohttp" not in modules_of(*command, "--out", str(tmp_path / "again"))
