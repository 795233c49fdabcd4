"""Run folders: shards, compression, cut lines, full disks, several processes."""

import re
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
def test_a_cut_end_is_noticed_and_made_again(
    tmp_path: Path, compress: bool, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    run = make(tmp_path / "run", compress=compress)
    before = transcripts(run)
    (shard,) = _shards.shards(run.path)
    shard.write_bytes(shard.read_bytes()[:-cut])
    for read in (run.to_frame, run.check, lambda: list(run)):
        with pytest.raises(UserError, match="had 3 dialogues and has 2: its file was cut"):
            read()
    assert transcripts(resume(run.path)) == before
    assert "1 lines were lost since" in caplog.text
    (run.path / "dialogues.count").unlink()  # as a process leaves it that is killed
    shard.write_bytes(shard.read_bytes()[:-cut])
    assert len(list(run)) == len(run) == 2
    assert transcripts(resume(run.path)) == before


def test_a_file_cut_between_two_lines_is_noticed(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    (shard,) = _shards.shards(run.path)
    whole = shard.read_bytes()
    shard.write_bytes(b"".join(whole.splitlines(keepends=True)[:1]))
    with pytest.raises(UserError, match=r"had 3 .* has 1.*--resume .*run; or remove .*dialogues\.count"):
        list(run)
    shard.write_bytes(whole)
    (run.path / "dialogues.count").write_text('{"lines":4,"crc32":"00000000"}')
    with pytest.raises(UserError, match=r"dialogues\.count: damaged: .*; remove it"):
        list(run)


@pytest.mark.parametrize("compress", [False, True])
def test_damage_within_is_named_and_can_be_taken_out(tmp_path: Path, compress: bool) -> None:
    run = make(tmp_path / "run", compress=compress)
    before = transcripts(run)
    (shard,) = _shards.shards(run.path)
    whole = shard.read_bytes()
    ends = [0, *(end for _, end in _shards.lines(shard))]
    if compress:
        place = (ends[1] + ends[2]) // 2
    else:
        place = whole.index(b"utterance", ends[1]) + len(b'utterance":{"text":"') + 3
    shard.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    named = f"from byte {ends[1]}" if compress else r"line 2 \(dialogue viatex\.honest\.0001\)"
    with pytest.raises(UserError, match=rf"dialogues\.jsonl.*, {named}: damaged.*--drop-damaged"):
        list(run)
    with pytest.raises(UserError, match="damaged"):
        resume(run.path)
    assert transcripts(resume(run.path, drop_damaged=True)) == before
    assert (run.path / "dialogues.damaged").stat().st_size == ends[2] - ends[1]


def test_a_frame_that_swallows_others_is_not_taken_for_the_end(tmp_path: Path) -> None:
    run = make(tmp_path / "run", compress=True)
    (run.path / "dialogues.count").unlink()
    (shard,) = _shards.shards(run.path)
    whole = shard.read_bytes()
    end = next(end for _, end in _shards.lines(shard))
    shard.write_bytes(whole[: end - 8] + whole[end:])
    with pytest.raises(UserError, match="from byte 0: damaged"):
        list(run)
    with pytest.raises(UserError, match="from byte 0: damaged"):
        resume(run.path)
    assert len(shard.read_bytes()) == len(whole) - 8


def test_lines_without_a_checksum_are_read_as_they_are(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    before = transcripts(run)
    for name in ("run.json", "dialogues.jsonl"):
        place = run.path / name
        place.write_text(re.sub(r',\s*"crc32":\s*"\w+"', "", place.read_text(encoding="utf-8")), "utf-8")
    assert transcripts(Run.open(run.path)) == before
    place.write_text(place.read_text(encoding="utf-8") + '{"id": 5}\n', "utf-8")
    with pytest.raises(UserError, match=r"dialogues\.jsonl, line 4: id: Input should be a valid string"):
        list(run)


def test_a_damaged_header_is_refused(tmp_path: Path) -> None:
    place = make(tmp_path / "run").path / "run.json"
    place.write_bytes(place.read_bytes().replace(b"Viatex", b"Vjatex", 1))
    with pytest.raises(UserError, match=r"run\.json: damaged: .*restore it from a copy"):
        Run.open(tmp_path / "run")


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
