"""Every number of a report knows the stored rows it came from."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pandas as pd
import pytest

from negosim import Run
from negosim.records import Judgement, Sheet
from negosim.reports import Number, Report, report_on, write_trace
from negosim.reports._build import facts_of
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import Figure, Prose, ReportTable
from negosim.reports._numbers import grade, mean
from negosim.reports._trace import numbers

FIXED = {"0", "1", "2", "3", "4", "5", "95", "1978"}
"""What sentences may say by themselves: ends of scales, agents, the level of intervals, years of sources."""


def tables(report: Report) -> Iterator[ReportTable]:
    for section in report.sections:
        if section.key != "glossary":
            yield from section.tables
            yield from (figure.data for figure in section.figures)


def sentences(report: Report) -> Iterator[Prose]:
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, tuple):
                yield block
            elif isinstance(block, ReportTable | Figure):
                yield block.caption


@pytest.mark.parametrize("name", ["report", "partial_report"])
def test_numbers_in_tables_and_sentences_are_not_mere_text(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    for table in tables(report):
        for row in table.rows:
            for cell in row[table.words :]:
                assert isinstance(cell, Number) or cell == "", (table.key, row)
    for prose in sentences(report):
        for piece in prose:
            if isinstance(piece, str):
                assert set(re.findall(r"\d+(?:[.,]\d+)?", piece)) <= FIXED, piece


def test_the_trace_has_every_number_and_its_rows(report: Report, judged: Run, tmp_path: Path) -> None:
    write_trace(report, tmp_path / "trace.jsonl")
    lines = [orjson.loads(line) for line in (tmp_path / "trace.jsonl").read_bytes().splitlines()]
    sets = {line["rows"]: line for line in lines if line["kind"] == "rows"}
    traced = [line for line in lines if line["kind"] == "number"]
    assert len(traced) == sum(1 for _ in numbers(report)) > 1000
    ids = {dialogue.id for dialogue in judged}
    for line in traced:
        rows = sets[line["rows"]]
        assert set(rows["dialogues"]) <= ids
        if rows["file"] != "run.json" and line["value"] is not None and line["n"]:
            assert rows["dialogues"], line


def test_a_traced_rate_is_that_of_its_rows(report: Report, judged: Run) -> None:
    outcomes = {dialogue.id: dialogue.outcome.status == "agreement" for dialogue in judged}
    table = next(table for table in tables(report) if table.key == "outcome-efficiency")
    checked = 0
    for _, column, number in table.numbers():
        if column == "agreement":
            own = [outcomes[dialogue] for dialogue in number.rows.dialogues]
            assert number.value == pytest.approx(sum(own) / len(own))
            assert number.n == len(own)
            checked += 1
    assert checked == 6  # two scenarios and all, in two conditions


def test_a_traced_selection_finds_the_judgements_again(report: Report, judged: Run) -> None:
    frame = judged.judgement_frame()
    table = next(table for table in tables(report) if table.key == "deception-1")
    conditions = {dialogue.id: dialogue.condition.name for dialogue in judged}
    frame["condition"] = frame["dialogue"].map(conditions)
    for _, column, number in table.numbers():
        if column == "present":
            found = frame
            for key, wanted in number.rows.where.items():
                if wanted != "any value":
                    found = found[found[key] == wanted]
            assert len(found) == number.n
            assert found["value"].astype(bool).mean() == pytest.approx(number.value)


def test_failed_answers_are_counted_and_enter_no_number(report: Report, judged: Run) -> None:
    statuses = next(table for table in tables(report) if table.key == "judge-answers")
    asked = judged.judgement_frame()
    fair = asked[(asked["judge"] == "openai:fair") & (asked["questions"] == "deception")]
    (row,) = [row for row in statuses.rows if tuple(map(str, row[:2])) == ("openai:fair", "deception")]
    counted = dict(zip(statuses.columns, row, strict=True))
    assert str(counted["asked"]) == f"{len(fair):,}"
    assert str(counted["invalid"]) == str((fair["status"] == "invalid").sum())
    assert int(str(counted["refused"])) > 0


def test_calibration_tells_a_fair_judge_from_one_that_guesses(report: Report) -> None:
    table = next(table for table in tables(report) if table.key == "calibration")
    kappa = {
        str(row[0]): row[table.columns.index("κ")]
        for row in table.rows
        if row[1:3] == ("deception-presence", "third party")
    }
    fair, guess = kappa["openai:fair"], kappa["local:guess"]
    assert isinstance(fair, Number)
    assert isinstance(guess, Number)
    assert (fair.value or 0) > 0.3 > (guess.value or 0)
    judges = next(section for section in report.sections if section.key == "judges")
    said = " ".join("".join(map(str, prose)) for prose in judges.paragraphs)
    assert re.search(r"local:guess agrees best .* not shown to be better than chance on", said)


def test_an_interval_of_grades_ends_where_the_scale_does() -> None:
    given = [1, 1, 1, 3, 1, 1]
    frame = pd.DataFrame({"scenario": list("abcdef"), "index": 0, "dialogue": list("abcdef"), "grade": given})
    sample = Sample(frame, "judgements.jsonl", "judgements")
    assert (mean(sample, "grade").low or 0) < 1
    number = grade(sample, "grade")
    assert number.low == 1
    assert number.shown.startswith("1.33 [1.00, ")


def test_runs_are_reported_together_without_mixing_their_dialogues(judged: Run, unjudged: Run) -> None:
    both = Corpus([judged, unjudged])
    facts = {str(row[0]): str(row[1]) for row in facts_of(both).rows}
    assert facts["dialogues"] == "26 of 28 planned dialogues"
    assert both.dialogues.frame["id"].is_unique
    assert {row.split("/")[0] for row in both.dialogues.rows.dialogues} == {"judged", "unjudged"}
    # Equal seeds and indices stay matched.
    pairs = both.complete.only(scenario="viatex", index=0).frame
    assert sorted(pairs["run"] + " " + pairs["condition"]) == [
        "judged deceptive-2",
        "judged honest",
        "unjudged honest",
    ]


def test_questions_of_the_users_own_are_reported(
    unjudged: Run, tmp_path: Path, store: Callable[[Run, list[Sheet]], None]
) -> None:
    folder = tmp_path / "asked"
    shutil.copytree(unjudged.path, folder)
    answers = [("own-yes", True), ("own-grade", 4), ("own-choice", "price")]
    judgements = tuple(Judgement(question=key, status="ok", value=value) for key, value in answers)
    store(
        Run.open(folder),
        [
            Sheet(
                dialogue=dialogue.id,
                questions="own",
                perspective="third_party",
                judge="person:ann",
                fingerprint="f",
                judgements=judgements,
            )
            for dialogue in unjudged
        ],
    )
    report = report_on([Run.open(folder)])
    table = next(table for table in tables(report) if table.key == "other-questions")
    assert [[str(cell) for cell in row] for row in table.rows] == [
        ["own-choice", "third party, person:ann", "price", "100.0 %"],
        ["own-grade", "third party, person:ann", "mean", "4.00"],
        ["own-yes", "third party, person:ann", "yes", "100 %"],
    ]


def test_dialogues_played_in_another_way_are_no_pairs(unjudged: Run, tmp_path: Path) -> None:
    other = make_free(unjudged, tmp_path / "free")
    both = Corpus([unjudged, other])
    assert len(both.complete.only(index=0)) == len(both.complete.only(index=1)) == 1
    matched = Corpus([unjudged, other], by_index=True)
    assert len(matched.complete.only(index=0)) == 2


def make_free(run: Run, folder: Path) -> Run:
    """Copy a run as if it had been played without a cap."""
    shutil.copytree(run.path, folder)
    header = orjson.loads((folder / "run.json").read_bytes())
    header["config"]["max_turns"] = 0
    del header["crc32"]
    (folder / "run.json").write_bytes(orjson.dumps(header))
    return Run.open(folder)
