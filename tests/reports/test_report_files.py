"""The forms of a report: PDF, figures, tables, terminal."""

import csv
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from negosim import Run
from negosim.errors import UserError
from negosim.judging import judge
from negosim.records import THIRD_PARTY, Sheet
from negosim.reports import (
    Number,
    Paper,
    Report,
    ReportTable,
    Rows,
    print_report,
    report_on,
    write_parts,
    write_pdf,
)
from negosim.reports._tables import csv_of, latex
from negosim.reports._terminal import bar

SIZES = {"a4": (595, 842), "letter": (612, 792)}


def words(path: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


@pytest.mark.parametrize(("paper", "name"), [("a4", "report"), ("letter", "partial_report")])
def test_the_pdf_has_every_section_figure_and_table(
    paper: Paper, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    report = request.getfixturevalue(name)
    write_pdf(report, tmp_path / "report.pdf", paper)
    reader = PdfReader(tmp_path / "report.pdf")
    said = words(tmp_path / "report.pdf")
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {
        SIZES[paper]
    }
    for number, section in enumerate(report.sections, 1):
        assert said.count(f"{number} {section.title}") >= 2, section.title  # contents and heading
        for table in section.tables:
            assert f"{table.title}." in said
        for figure in section.figures:
            assert f"{figure.title}." in said
    assert "no language model" in said
    assert [item.title for item in reader.outline] == [  # type: ignore[union-attr]
        f"{number}  {section.title}" for number, section in enumerate(report.sections, 1)
    ]
    # What figures are labelled with can be searched too: they are vectors with text.
    assert "own share of the offer" in said
    assert "reservation values" in said


def test_the_same_rows_give_the_same_pdf(unjudged: Run, tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        made = report_on([Run.open(unjudged.path)])
        write_pdf(replace(made, sections=made.sections[:2]), tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    day = unjudged.header.created[:10].replace("-", "")
    assert PdfReader(tmp_path / "one.pdf").metadata["/CreationDate"].startswith(f"D:{day}")  # type: ignore[index]


def test_what_is_missing_is_said_with_its_command(partial_report: Report, tmp_path: Path) -> None:
    write_pdf(partial_report, tmp_path / "partial.pdf")
    said = words(tmp_path / "partial.pdf")
    assert "2 of 4 planned dialogues" in said
    for questions in ("agreement", "deception", "quality", "tactic"):
        assert f"--judge-model local --questions {questions}" in said
    assert "--judge-model oracle" in said
    assert "--questions beliefs" in said
    assert "--max-turns 0" in said
    assert "--both-conditions" in said
    assert said.count("Not shown.") >= 8


def test_a_person_is_not_asked_again_by_a_command(
    unjudged: Run, store: Callable[[Run, list[Sheet]], None], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unjudged.path, folder)
    run = judge(Run.open(folder), judges=["oracle"], questions=["agreement"])
    person = {"judge": "person:ann", "perspective": THIRD_PARTY}
    store(run, [sheet.model_copy(update=person) for sheet in run.judgements()])
    section = next(each for each in report_on([run]).sections if each.key == "judges")
    (missing,) = section.missing
    assert "how far judges agree" in missing.what
    assert missing.command == f"negosim judge {folder} --judge-model local"


def test_a_run_without_dialogues_has_a_report(unjudged: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "run.json").write_bytes((unjudged.path / "run.json").read_bytes())
    (empty / "dialogues.jsonl").touch()
    made = report_on([Run.open(empty)])
    write_pdf(made, tmp_path / "empty.pdf")
    assert "No dialogue is finished" in words(tmp_path / "empty.pdf")
    assert "--resume" in words(tmp_path / "empty.pdf")


def test_figures_and_tables_as_files(partial_report: Report, tmp_path: Path) -> None:
    partial_report = replace(partial_report, sections=partial_report.sections[:3])
    files = write_parts(partial_report, tmp_path / "parts")
    assert {file.suffix for file in files} == {".png", ".svg", ".csv", ".tex"}
    assert all(file.stat().st_size > 50 for file in files)
    keys = [figure.key for section in partial_report.sections for figure in section.figures]
    assert "value-planes" in keys
    assert {file.stem for file in files if file.suffix == ".svg"} == set(keys)
    assert b"<text" not in (tmp_path / "parts" / "value-planes.svg").read_bytes()  # needs no fonts


RATE = Number("62 % [55, 69]", 0.6234, 200, Rows("dialogues.jsonl"), 0.55, 0.69)
TABLE = ReportTable("t", "A_title", ("who & what", "rate"), (("50% of <b>", RATE), ("none", "")))


def test_a_csv_has_unrounded_numbers_with_intervals_and_n() -> None:
    rows = list(csv.DictReader(StringIO(csv_of(TABLE))))
    assert rows[0] == {
        "who & what": "50% of <b>",
        "rate": "0.6234",
        "rate low": "0.55",
        "rate high": "0.69",
        "rate n": "200",
    }
    assert rows[1]["rate"] == ""


def test_latex_is_escaped() -> None:
    text = latex(TABLE)
    assert r"who \& what" in text
    assert r"50\% of <b> & 62 \% [55, 69] \\" in text
    assert r"A\_title" in text
    assert r"\toprule" in text


def test_bars() -> None:
    assert bar(RATE, 1.0) == "██████▎"
    assert bar("no number", 1.0) == ""
    assert bar(Number("0 %", 0.0, 5, Rows("dialogues.jsonl")), 1.0) == ""
    assert bar(Number("3", 3.0, 5, Rows("dialogues.jsonl")), 2.0) == "█" * 10


@pytest.mark.parametrize("name", ["report", "partial_report"])
def test_the_terminal_at_80_columns(
    name: str, request: pytest.FixtureRequest, snapshot: SnapshotAssertion
) -> None:
    shown = StringIO()
    print_report(Console(file=shown, width=80, highlight=False, markup=False), request.getfixturevalue(name))
    stable = [line for line in shown.getvalue().splitlines() if not line.startswith(("made", "finger"))]
    commands = [line for line in stable if line.startswith("  negosim")]
    assert all(len(line) <= 80 for line in stable if line not in commands)
    assert any(line.endswith("-unrestricted") for line in commands)  # not cut: it is there to be copied
    kept = "\n".join(line for line in stable if line not in commands)
    assert re.sub(r" +\d+\.\d s", " T s", kept) == snapshot


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("report.txt", "write '.*report.pdf'"),
        ("file/report.pdf", "cannot be written"),
        ("folder.pdf", "is a folder"),
    ],
)
def test_a_pdf_that_cannot_be_written(
    partial_report: Report, tmp_path: Path, path: str, message: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(UserError, match=message):
        write_pdf(partial_report, tmp_path / path)
    assert not list(tmp_path.glob(".*.part"))
