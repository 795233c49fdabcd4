"""Long runs are read by place, once, and in parts."""

import sqlite3
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pyarrow.parquet as pq
import pytest

import negosim
from negosim.errors import UserError
from negosim.judging import judge
from negosim.measures import (
    _bootstrap,
    _tables,
    belief_rows,
    dialogue_rows,
    estimate,
    offer_rows,
    run_tables,
    tactic_rows,
)
from negosim.store import PARQUET_TABLES, Run, _frame, _index, _judgements, _parquet, export_parquet


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "compressed"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = negosim.RunConfig(scenarios="rose-lane", dialogues=4, conditions=("honest", "deceptive-2"))
    folder = tmp_path_factory.mktemp("runs") / "run"
    made = negosim.generate(config, out=folder, compress=request.param)
    return judge(made, judges=["oracle"], questions=["agreement", "claims"])


def test_the_line_of_one_dialogue_alone_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    every = list(run)
    monkeypatch.setattr(Run, "read_as", lambda *_: pytest.fail("all dialogues are read"))
    assert run.dialogue(every[-1].id) == run.dialogue(len(every)) == every[-1]


def test_without_a_place_for_an_index_the_run_is_read_through(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(place: Path) -> NoReturn:
        raise sqlite3.OperationalError("unable to open database file")

    every = list(run)
    monkeypatch.setattr(_index, "_connect", nowhere)
    assert run.dialogue(every[-1].id) == run.dialogue(len(every)) == every[-1]
    for wrong, says in (("9", "it has 8"), ("x", "no dialogue 'x'"), ("", "names 8 dialogues")):
        with pytest.raises(UserError, match=says):
            run.dialogue(wrong)


def test_a_file_edited_in_place_is_looked_through_again(run: Run) -> None:
    every = list(run)
    (shard,) = run.path.glob("dialogues.jsonl*")
    if shard.suffix == ".zst":
        pytest.skip("no editor edits it")
    whole = shard.read_bytes()
    run.dialogue(every[-1].id)
    with shard.open("r+b") as file:  # the same inode, and longer than before
        first = whole.index(b"\n") + 1
        file.write(whole[:first] + whole)
    assert run.dialogue(every[-1].id) == every[-1]
    shard.write_bytes(whole)


def test_a_run_is_read_once_for_all_tables(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [dialogue_rows(run), tactic_rows(run), offer_rows(run), belief_rows(run)]
    readings: list[Run] = []
    read = _tables.spoken
    monkeypatch.setattr(_tables, "spoken", lambda run: readings.append(run) or read(run))
    tables = run_tables(run)
    together = [tables.dialogues, tables.tactics, tables.offers, tables.beliefs]
    for one, other in zip(alone, together, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert readings == [run]


def test_frames_made_in_parts_are_those_made_whole(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run.to_frame(), dialogue_rows(run), offer_rows(run), run.judgement_frame()
    monkeypatch.setattr(_frame, "CHUNK", 3)
    monkeypatch.setattr(_judgements, "PART", 5)
    parts = run.to_frame(), dialogue_rows(run), offer_rows(run), run.judgement_frame()
    for one, other in zip(whole, parts, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_parquet_has_every_row(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parquet, "ROWS", 3)
    counts = export_parquet(run, tmp_path / "tables")
    tables = {name: pq.read_table(tmp_path / "tables" / f"{name}.parquet") for name in PARQUET_TABLES}
    assert {name: table.num_rows for name, table in tables.items()} == counts
    for name, columns in PARQUET_TABLES.items():
        assert tables[name].column_names == [column for column, _, _ in columns]
    every = list(run)
    assert tables["dialogues"]["dialogue"].to_pylist() == [one.id for one in every]
    said = [turn.utterance.text for one in every for turn in one.turns]
    assert tables["turns"]["text"].to_pylist() == said
    assert counts["claims"] == sum(len(turn.claims) for one in every for turn in one.turns) > 0
    assert counts["judgements"] == len(run.judgement_frame())
    with pytest.raises(UserError, match="is there already"):
        export_parquet(run, tmp_path / "tables")


def test_many_clusters_are_drawn_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"dialogue": map(str, range(4000)), "scenario": "a", "condition": "honest"})
    frame = frame.assign(index=range(4000), x=[float(n % 7) for n in range(4000)])
    alone = estimate(frame, "x")
    monkeypatch.setattr(_bootstrap, "GROUPS", 500)
    grouped = estimate(frame, "x")
    assert grouped.value == alone.value
    assert grouped.low == pytest.approx(alone.low, abs=0.02)
    assert grouped.high == pytest.approx(alone.high, abs=0.02)


def test_the_schema_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
    for table, columns in PARQUET_TABLES.items():
        assert f"| `{table}` |" in page
        assert all(f"| `{name}` | {kind} | {meaning} |" in page for name, kind, meaning in columns)
