"""A disk that is full or closed, for any command: one message, nothing half-made, the same bytes later."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COMPILER = shutil.which("cc")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs a C compiler, and preloading as Linux has it"
)


@pytest.fixture(scope="session")
def full_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("library") / "full_disk.so"
    compile = [str(COMPILER), "-shared", "-fPIC", "-o", str(library), str(HERE / "full_disk.c"), "-ldl"]
    subprocess.run(compile, check=True)
    return library


@pytest.mark.slow
@pytest.mark.parametrize(
    "cases",
    [
        "generate compress log progress cache judge sheet",
        "report prepare parquet hindsight export train evaluate",
    ],
)
def test_a_disk_that_is_full_or_closed(full_disk: Path, tmp_path: Path, cases: str) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "commands.py"), str(tmp_path), *cases.split()],
        env={"LD_PRELOAD": str(full_disk), **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["case"] for one in found] == cases.split()
    assert not [(one["case"], problem) for one in found for problem in one["problems"]]
    assert all(one["writes"] > 1 and one["points"] for one in found)
