"""Disks that are full, names that are no files': one message, exit code 2, nothing half-made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from negosim import RunConfig, UserError, generate
from negosim._files import whole_file, write_all, write_whole
from negosim.logs import logged_to
from negosim.store import Run

from .conftest import Cli

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")


def test_output_that_cannot_be_written() -> None:
    script = Path(__file__).with_name("full_output.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 20
    for one in found:
        assert one["code"] == 2, one
        assert one["told"].endswith("Error: the output cannot be written: No space left on device\n"), one
        assert "Traceback" not in one["told"], one
        assert set(one["left"]) <= {"run", "traj"}, one  # made before it was told of


def test_a_log_whose_disk_is_full_stops_nothing_and_is_said_once() -> None:
    config = RunConfig(scenarios=("viatex",), max_turns=2, dialogues=2)
    told = pytest.raises(UserError, match=r"log file '/dev/full' cannot be written: No space left")
    with told, logged_to(Path("/dev/full")):
        generate(config, out="run")
    assert len(Run.open("run")) == 2


def test_a_run_that_cannot_be_begun_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    config = RunConfig(scenarios=("viatex",), max_turns=2)
    for where in ("negosim._files.Path.write_bytes", "negosim.store._shards.append_whole"):
        with monkeypatch.context() as patched:
            patched.setattr(where, full)
            with pytest.raises(UserError, match="cannot be written: No space left on device"):
                generate(config, out="made/run")
        assert not Path("made/run").exists()


def test_files_are_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(Path("a.txt"), b"before")
    with pytest.raises(UserError, match=r"'a.txt/b' cannot be written"):
        write_all({Path("a.txt"): b"after", Path("a.txt/b"): b"none"})
    assert Path("a.txt").read_bytes() == b"before"
    Path("link").symlink_to("a.txt")
    write_whole(Path("link"), b"through")
    assert Path("link").is_symlink()
    assert Path("a.txt").read_bytes() == b"through"
    for name in ("x" * 300, "new/" + "x" * 300, "nul\0", "."):
        with pytest.raises(UserError, match=r"cannot be written|is a folder"):
            write_whole(Path(name), b"")
    with pytest.raises(ZeroDivisionError), whole_file(Path("deep/er/file")) as part:
        part.write_bytes(b"half" * (1 // 0))
    with pytest.raises(UserError, match="No space left"):
        write_whole(Path("/dev/full"), b"x")
    assert sorted(os.listdir()) == ["a.txt", "link"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["rl", "evaluate", "policy:a\0b", "--task", "donation", "-n", "4"], "NUL character"),
        (["rl", "evaluate", "habit:0.3", "--task", "donation", "--out", "."], "write 'report.pdf'"),
    ],
)
def test_names_that_are_no_files(cli: Cli, line: list[str], says: str) -> None:
    done = cli(*line)
    assert done.code == 2
    assert says in done.err
