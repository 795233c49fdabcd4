"""Run folders: shards, compression, cut lines, full disks, several processes."""

import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from negosim import Run, RunConfig, UserError, generate, resume
from negosim.store import _shards


def make(out: Path, dialogues: int = 3, **means: object) -> Run:
    config = RunConfig(scenarios=("viatex",), planner="direct", max_turns=4, dialogues=dialogues)
    return generate(config, out=out, **means)  # type: ignore[arg-type]


def transcripts(run: Run) -> dict[str, bytes]:
    return {dialogue.id: dialogue.transcript() for dialogue in run}


@pytest.mark.parametrize("compress", [False, True])
def test_large_runs_are_sharded_and_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: bool
) -> None:
    whole = make(tmp_path / "whole", 7)
    monkeypatch.setattr(_shards, "SHARD", 3)
    run = make(tmp_path / "run", 7, compress=compress)
    suffix = ".jsonl.zst" if compress else ".jsonl"
    assert [shard.name for shard in _shards.shards(run.path)] == [
        f"dialogues-0000{n}{suffix}" for n in (1, 2, 3)
    ]
    assert len(run) == 7
    assert transcripts(Run.open(run.path)) == transcripts(whole)
    if compress:
        first = _shards.shards(run.path)[0].read_bytes()
        text = zstandard.ZstdDecompressor().stream_reader(first, read_across_frames=True).read()
        assert text.count(b"\n") == 3


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("cut", [1, 40, 500])
def test_a_cut_end_is_passed_over_and_made_again(tmp_path: Path, compress: bool, cut: int) -> None:
    run = make(tmp_path / "run", compress=compress)
    before = transcripts(run)
    (shard,) = _shards.shards(run.path)
    shard.write_bytes(shard.read_bytes()[:-cut])
    assert len(run) == 2
    assert len(list(run)) == 2
    assert transcripts(resume(run.path)) == before


def test_damage_within_is_reported_with_file_and_line(tmp_path: Path) -> None:
    run = make(tmp_path / "plain")
    (shard,) = _shards.shards(run.path)
    lines = shard.read_bytes().splitlines(keepends=True)
    shard.write_bytes(lines[0] + b'{"id": 5}\n' + lines[2])
    with pytest.raises(UserError, match=r"dialogues\.jsonl, line 2: "):
        list(run)
    packed = make(tmp_path / "packed", compress=True)
    (shard,) = _shards.shards(packed.path)
    shard.write_bytes(b"no zstd" + shard.read_bytes())
    with pytest.raises(UserError, match="not readable as zstd"):
        list(packed)


def test_several_processes_make_the_same_dialogues(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole", 45)
    run = make(tmp_path / "run", 45, workers=2)
    assert transcripts(run) == transcripts(whole)


def test_several_processes_are_not_for_models(tmp_path: Path) -> None:
    config = RunConfig(scenarios=("viatex",), models=("openai:m@http://127.0.0.1:9/v1",))
    with pytest.raises(UserError, match="raise the concurrency"):
        generate(config, out=tmp_path / "run", workers=2)
    assert not (tmp_path / "run").exists()


FULL_DISK = """
import resource, signal, sys
from negosim import RunConfig, UserError, generate
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    generate(RunConfig(scenarios=("viatex",), planner="direct", dialogues=50), out=sys.argv[1])
except UserError as error:
    print(error)
"""


def test_a_full_disk_stops_the_run_and_leaves_what_was_finished(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "run")], capture_output=True, text=True, check=True
    )
    assert "cannot be written: " in result.stdout
    assert "resume the run" in result.stdout
    run = Run.open(tmp_path / "run")
    stored = len(list(run))
    assert 0 < stored < 50
    assert run.path.joinpath("dialogues.jsonl").read_bytes().endswith(b"\n")
    assert len(resume(run.path)) == 50


def test_an_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    make(tmp_path / "run")
    with pytest.raises(UserError, match="not empty"):
        make(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        make(tmp_path / "file")
