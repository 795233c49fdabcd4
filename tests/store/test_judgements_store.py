"""Sheets in a run's folder: appended whole, the last of a key counts, nothing becomes a number."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from negosim import Run, RunConfig, UserError, generate
from negosim.records import Judgement, Sheet
from negosim.store import JUDGEMENT_COLUMNS, answered_keys, read_judges


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return generate(RunConfig(scenarios=("viatex",), max_turns=2), out=tmp_path / "run")


def sheet(*statuses: str, **changes: Any) -> Sheet:
    judgements = tuple(
        Judgement.model_validate(
            {
                "question": f"q{number}",
                "agent": number % 2,
                "status": status,
                "value": number if status == "ok" else None,
            }
        )
        for number, status in enumerate(statuses)
    )
    given = {
        "dialogue": "d",
        "questions": "set",
        "perspective": "truth",
        "judge": "m",
        "fingerprint": "f",
        "judgements": judgements,
        **changes,
    }
    return Sheet.model_validate(given)


def test_nothing_judged_yet(run: Run) -> None:
    frame = run.judgement_frame()
    assert frame.empty
    assert tuple(frame.columns) == JUDGEMENT_COLUMNS
    assert list(run.judgements()) == []
    assert read_judges(run.path) == {}


def test_a_row_a_judgement(run: Run) -> None:
    first = sheet("ok", "invalid", "refused", calls=3, tokens_in=30, usd=0.3, seconds=1.5)
    with run.judging() as writer:
        writer.append(first)
        writer.append(sheet("ok", repeat=1, usd=None))
    assert list(run.judgements()) == [first, sheet("ok", repeat=1, usd=None)]
    frame = run.judgement_frame()
    assert tuple(frame.columns) == JUDGEMENT_COLUMNS
    assert frame["value"].tolist() == [0, None, None, 0]
    assert frame["status"].tolist() == ["ok", "invalid", "refused", "ok"]
    assert frame["repeat"].tolist() == [0, 0, 0, 1]
    assert frame["agent"].tolist() == [0, 1, 0, 0]
    assert frame["turn"].isna().all()
    of_first = frame[frame.repeat == 0]
    assert of_first[["calls", "tokens_in", "usd", "seconds"]].sum().tolist() == pytest.approx(
        [3, 30, 0.3, 1.5]
    )
    assert frame["usd"].isna().tolist() == [False, False, False, True]


def test_the_last_sheet_of_a_key_counts(run: Run) -> None:
    with run.judging() as writer:
        writer.append(sheet("error"))
        writer.append(sheet("ok", judge="other"))
    assert answered_keys(run.path) == {sheet("ok", judge="other").key}
    with run.judging() as writer:
        writer.append(sheet("ok"))
    assert answered_keys(run.path) == {sheet("ok").key, sheet("ok", judge="other").key}
    assert [item.judge for item in run.judgements()] == ["other", "m"]
    assert run.judgement_frame()["status"].tolist() == ["ok", "ok"]
    assert len((run.path / "judgements.jsonl").read_bytes().splitlines()) == 3


def test_a_line_cut_off_is_passed_over_and_removed(run: Run) -> None:
    with run.judging() as writer:
        writer.append(sheet("ok"))
    place = run.path / "judgements.jsonl"
    whole = place.read_bytes()
    place.write_bytes(whole + whole[:50])
    assert len(list(run.judgements())) == 1
    assert len(run.judgement_frame()) == 1
    with run.judging() as writer:
        writer.append(sheet("ok", repeat=1))
    assert place.read_bytes().startswith(whole)
    assert [item.repeat for item in run.judgements()] == [0, 1]


def test_a_broken_line_is_named(run: Run) -> None:
    with run.judging() as writer:
        writer.append(sheet("ok"))
    place = run.path / "judgements.jsonl"
    good = place.read_bytes()
    for bad in (b"nonsense\n", b"[1]\n", b"{}\n"):
        place.write_bytes(good + bad)
        for read in (run.judgement_frame, lambda: list(run.judgements())):
            with pytest.raises(UserError, match=r"judgements\.jsonl, line 2"):
                read()
    row = orjson.loads(good)
    del row["crc32"]
    row["judgements"][0]["value"] = None
    place.write_bytes(orjson.dumps(row) + b"\n")
    with pytest.raises(UserError, match="line 1: judgements"):
        list(run.judgements())


def test_lost_and_damaged_sheets_are_noticed(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with run.judging() as writer:
        writer.append(sheet("ok", "ok"), sheet("ok", repeat=1))
    place = run.path / "judgements.jsonl"
    whole = place.read_bytes()
    place.write_bytes(whole.replace(b'"value":1', b'"value":3', 1))
    for read in (run.judgement_frame, lambda: list(run.judgements()), lambda: answered_keys(run.path)):
        with pytest.raises(UserError, match=r"judgements\.jsonl, line 1: .*damaged.*remove the line"):
            read()
    place.write_bytes(whole.splitlines(keepends=True)[0])
    for read in (run.judgement_frame, lambda: list(run.judgements()), lambda: answered_keys(run.path)):
        with pytest.raises(UserError, match=r"had 2 lines and has 1: it was cut; .*judgements\.count"):
            read()
    with run.judging() as writer:
        assert "1 lines were lost since" in caplog.text
        writer.append(sheet("ok", repeat=1))
    assert [item.repeat for item in run.judgements()] == [0, 1]
    place.unlink()
    assert list(run.judgements()) == []
    with run.judging() as writer:
        writer.append(sheet("ok"))
    assert len(list(run.judgements())) == 1


def test_what_a_fingerprint_stands_for(run: Run) -> None:
    with run.judging() as writer:
        writer.describe_judge("f", {"judge": "m"})
        writer.describe_judge("g", {"judge": "n"})
        writer.describe_judge("f", {"judge": "m"})
    assert read_judges(run.path) == {"f": {"judge": "m"}, "g": {"judge": "n"}}
    (run.path / "judges.json").write_text("[]")
    with pytest.raises(UserError, match="JSON object"):
        read_judges(run.path)


def test_people_of_earlier_runs_are_called_as_they_are_now(run: Run) -> None:
    row = orjson.loads(sheet("ok", judge="person:ann").model_dump_json())
    (run.path / "judgements.jsonl").write_bytes(orjson.dumps({**row, "judge": "human:ann"}) + b"\n")
    assert [each.judge for each in run.judgements()] == ["person:ann"]
    assert run.judgement_frame()["judge"].tolist() == ["person:ann"]
    assert {key[3] for key in answered_keys(run.path)} == {"person:ann"}
