"""The command line answers quickly: what it does not need, it does not import."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from negosim import RunConfig, generate

HEAVY = {"langgraph", "langchain_core", "pandas", "numpy", "matplotlib", "yaml", "orjson", "rapidfuzz"}

PROBE = """
import json, sys
from negosim.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stopped:
    print(json.dumps([stopped.code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY | {"pydantic"}),
        (["--version"], HEAVY | {"pydantic"}),
        (["generate", "--help"], HEAVY),  # typer itself needs pydantic for a command's options
        (["scenarios", "--help"], HEAVY),
    ],
)
def test_help_and_version_import_nothing_heavy(arguments: list[str], heavy: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert not heavy & set(modules)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_take_less_than_half_a_second(argument: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "negosim", argument], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_listing_scenarios_does_not_start_the_engine() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "scenarios", "list"], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert not {"langgraph", "langchain_core", "pandas"} & set(modules)


def test_resuming_a_finished_run_does_not_start_the_engine(tmp_path: Path) -> None:
    generate(RunConfig(scenarios=("viatex",), planner="direct", max_turns=2), out=tmp_path / "run")
    arguments = ["generate", "--resume", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert not {"langgraph", "langchain_core", "pandas"} & set(modules)
