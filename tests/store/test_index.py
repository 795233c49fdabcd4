"""The index of a run follows its files, whatever happens to them."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import negosim
from negosim.errors import UserError
from negosim.store import Run, RunIndex
from negosim.store._index import INDEX, VERSION


@pytest.fixture(params=[False, True], ids=["plain", "compressed"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    config = negosim.RunConfig(scenarios="rose-lane", dialogues=3)
    return negosim.generate(config, out=tmp_path / "run", compress=request.param)


def test_an_index_finds_every_dialogue(run: Run) -> None:
    index = RunIndex(run)
    assert index.refresh()
    assert [index.dialogue(number) for number in (1, 2, 3)] == list(run)
    assert index.sums()["stored"] == index.count() == 3
    assert index.number_of("rose-lane.honest.0001") == 2
    with pytest.raises(UserError, match="no dialogue 4"):
        index.dialogue(4)


def test_an_index_is_carried_on_and_keeps_numbers_when_a_dialogue_is_played_again(run: Run) -> None:
    index = RunIndex(run)
    index.refresh()
    first, *_ = run
    with run.writing() as writer:
        writer.append(first.model_copy(update={"id": "rose-lane.honest.0009", "status": "failed"}))
        writer.append(first.model_copy(update={"id": "rose-lane.honest.0010"}))
    assert index.refresh()
    assert index.count() == 5
    assert index.count("status='failed'") == 1
    with run.writing() as writer:
        writer.append(first.model_copy(update={"id": "rose-lane.honest.0009"}))
    index.refresh()
    assert [found.id[-2:] for found in index.find()] == ["00", "01", "02", "09", "10"]
    assert index.count("status='failed'") == 0
    assert index.dialogue(4).status == "complete"


def test_what_is_cut_off_or_rewritten_is_noticed(run: Run) -> None:
    index = RunIndex(run)
    index.refresh()
    (shard,) = run.path.glob("dialogues.jsonl*")
    content = shard.read_bytes()
    with shard.open("ab") as file:
        file.write(content[:100] if shard.suffix == ".zst" else b'{"id": "half')
    assert index.refresh()
    assert index.count() == 3
    copy = run.path / "copy"
    copy.write_bytes(b"")
    copy.replace(shard)
    assert index.refresh()
    assert index.count() == 0


def test_a_damaged_line_is_named_and_the_others_are_there(run: Run) -> None:
    (shard,) = run.path.glob("dialogues.jsonl*")
    if shard.suffix == ".zst":
        pytest.skip("zstd finds its own damage")
    content = bytearray(shard.read_bytes())
    content[200] ^= 1
    shard.write_bytes(bytes(content))
    index = RunIndex(run)
    assert index.refresh()
    assert index.count() == 2
    ((file, start, wrong),) = index.damaged()
    assert (file, start) == (shard.name, 0)
    assert "checksum" in wrong


def test_an_index_that_was_copied_with_its_run_is_made_again(run: Run, tmp_path: Path) -> None:
    RunIndex(run).refresh()
    assert (run.path / INDEX).exists()
    shutil.copytree(run.path, tmp_path / "other")
    index = RunIndex(Run.open(tmp_path / "other"))
    index.refresh()
    assert index.dialogue(3).id == "rose-lane.honest.0002"


@pytest.mark.parametrize("harm", ["pages", "no table", "another's"])
def test_a_damaged_index_is_made_again(run: Run, harm: str) -> None:
    RunIndex(run).refresh()
    place = run.path / INDEX
    if harm == "pages":
        content = bytearray(place.read_bytes())
        content[4096:] = bytes(byte ^ 0x5A for byte in content[4096:])
        place.write_bytes(content)
    else:
        place.unlink(missing_ok=harm == "no table")
        with closing(sqlite3.connect(place)) as base:
            base.execute("CREATE TABLE dialogues (x)")
            base.execute(f"PRAGMA user_version={VERSION if harm == 'no table' else 99}")
            base.commit()
    index = RunIndex(run)
    assert index.refresh()
    assert index.count() == 3
    assert index.dialogue(2).id == "rose-lane.honest.0001"


def test_an_index_that_breaks_while_it_is_read_is_named(run: Run) -> None:
    index = RunIndex(run)
    index.refresh()
    with closing(sqlite3.connect(run.path / INDEX)) as base:
        base.execute("DROP TABLE sheets")
    with pytest.raises(UserError, match=r"index\.sqlite: the index .* remove it, it is made again"):
        index.sheets("rose-lane.honest.0001")
