"""Rates of false claims say what they are shares of, and whose verdicts they are."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from negosim import Run
from negosim.judging import judge
from negosim.records import THIRD_PARTY, Judgement, Sheet
from negosim.reports import Number, Report, report_on
from negosim.reports._model import ReportTable
from negosim.reports._terminal import print_report

from .conftest import append, make_run


def claim(turn: int, subject: str, value: str) -> Judgement:
    detail = {"subject": subject, "issue": None, "stated": None, "actual": None, "technique": None}
    return Judgement(question="claim", agent=0, turn=turn, status="ok", value=value, detail=detail)


def said(turn: int, status: str, value: bool | None = None) -> Judgement:
    return Judgement.model_validate(
        {"question": "false-claim", "agent": 0, "turn": turn, "status": status, "value": value}
    )


def reported(folder: Path) -> Report:
    """Report on a run whose record and whose made-up judge say different things."""
    run: Run = make_run(folder / "run", scenarios=("viatex",), conditions=("deceptive-1",), dialogues=1)
    judge(run, judges=["oracle"], questions=["claims"])
    (dialogue,) = run
    judgements = (
        *(claim(0, "fact", value) for value in ("true", "false", "unverifiable", "unverifiable")),
        claim(2, "deadline", "misleading"),
        said(0, "ok", True),
        said(2, "ok", False),
        said(4, "not_applicable"),
        said(6, "invalid"),
    )
    sheet = Sheet(
        dialogue=dialogue.id,
        questions="claims",
        perspective=THIRD_PARTY,
        judge="m",
        fingerprint="m",
        judgements=judgements,
    )
    append(run, [sheet])
    return report_on([run])


def table(report: Report, key: str, words: str) -> ReportTable:
    (section,) = (one for one in report.sections if one.key == "claims")
    (found,) = (one for one in section.tables if one.key.endswith(key) and words in one.title)
    return found


def row(found: ReportTable, *labels: str) -> list[float | None]:
    (cells,) = (cells for cells in found.rows if cells[: len(labels)] == labels)
    return [cell.value for cell in cells if isinstance(cell, Number)]


def test_false_claims_are_shares_of_the_decided_and_of_all(tmp_path: Path) -> None:
    report = reported(tmp_path)
    subjects = table(report, "-subjects", "by m")
    assert subjects.columns == (
        "about",
        "claims",
        "undecided",
        "false of decided",
        "false of all",
        "corrected",
    )
    assert row(subjects, "fact") == [4, 0.5, 0.5, 0.25, None]
    assert row(subjects, "deadline") == [1, 0, 0, 0, None]
    assert row(subjects, "all") == [5, 0.4, 1 / 3, 0.2, None]
    utterances = table(report, "-utterances", "by m")
    assert row(utterances, utterances.rows[0][0], "agent 1") == [4, 0.5, 0.5, 0.25, None]  # type: ignore[arg-type]


def test_flags_of_the_record_and_verdicts_of_the_check_are_told_apart(tmp_path: Path) -> None:
    report = reported(tmp_path)
    flags, verdicts = table(report, "-subjects", "in the record"), table(report, "-subjects", "by m")
    assert flags.columns[-1] == "false of all", "the truth needs no correction"
    assert "own flags" in str(flags.caption)
    assert "Verdicts of the lie check" in str(verdicts.caption)
    assert row(flags, "all") != row(verdicts, "all")


def test_the_short_report_shows_both_each_in_a_table_of_its_own(tmp_path: Path) -> None:
    report = reported(tmp_path)
    (section,) = (one for one in report.sections if one.key == "claims")
    shown = [one for one in (section.brief, *section.more) if one is not None]
    assert [dict(one.about)["source"] for one in shown] == ["flags of the record", "verdicts of the check"]
    console = Console(file=StringIO(), width=100)
    print_report(console, report)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.index("own flags") < printed.index("Verdicts of the lie check")
    assert all(one.key != "others" or not one.blocks for one in report.sections), (
        "listed once, with what is open"
    )
