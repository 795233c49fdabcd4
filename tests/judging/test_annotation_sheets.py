import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import Run, generate
from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.judging import annotation, export_sheet, import_sheet, unwritten_annotation
from negosim.judging._spreadsheet import COLUMNS, MOST_PROBLEMS
from negosim.records import Sheet

QUESTIONS = ["agreement", "resolution", "deception"]

MakeRun = Callable[..., Run]
Rows = list[dict[str, str]]


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    return make_run(dialogues=2, conditions=("honest", "deceptive-2"), max_turns=4)


@pytest.fixture
def sheet(run: Run) -> Path:
    place = Path("sheet.csv")
    export_sheet(unwritten_annotation(run, None, questions=QUESTIONS), place)
    return place


def read(place: Path) -> Rows:
    with place.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write(place: Path, rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> None:
    with place.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def first(rows: Rows, question: str) -> dict[str, str]:
    return next(row for row in rows if row["question"] == question)


def bring(run: Run, place: Path, name: str = "ann") -> str:
    with annotation(run, name, questions=QUESTIONS) as opened:
        found = import_sheet(opened, place)
    return f"{found.answers} {found.dialogues} {found.stored}"


def stored(run: Run) -> list[Sheet]:
    return list(run.judgements())


def test_a_sheet_asks_everything_and_tells_nothing(run: Run, sheet: Path) -> None:
    rows = read(sheet)
    assert tuple(rows[0]) == COLUMNS
    assert len({row["dialogue"] for row in rows}) == 4
    assert all(not row["value"] for row in rows)
    assert first(rows, "deception-degree")["asked"].startswith("How deceptive was Nadia Ferrante")
    assert "only if agreement is no" in first(rows, "obstacle")["answers"]
    both = sheet.read_text("utf-8") + Path("sheet.txt").read_text("utf-8")
    for dialogue in run:
        assert dialogue.id not in both
        assert dialogue.turns[0].utterance.text[:30] in both
    for word in ("honest", "deceptive-2", "(model"):
        assert word not in both
    assert run.config.model_dump()["seed"] == 0
    for code in {row["dialogue"] for row in rows}:
        assert f"Dialogue {code}: Viatex" in both


def test_what_is_there_is_not_written_over(run: Run, sheet: Path) -> None:
    with pytest.raises(UserError, match=r"'sheet.csv' is there already"):
        export_sheet(unwritten_annotation(run, None), sheet)
    sheet.unlink()
    with pytest.raises(UserError, match=r"'sheet.txt' is there already"):
        export_sheet(unwritten_annotation(run, None), sheet)
    for name in ("sheet.xlsx", "", "."):
        with pytest.raises(UserError, match=r"must end in \.csv"):
            export_sheet(unwritten_annotation(run, None), Path(name))


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_what_is_filled_in_is_stored(delimiter: str, encoding: str, run: Run, sheet: Path) -> None:
    rows = read(sheet)
    said = {dialogue.turns[1].utterance.text for dialogue in run}
    first(rows, "agreement").update(value="No", reason='They say "later".')
    first(rows, "obstacle")["value"] = "impasse"
    first(rows, "deception-degree")["value"] = "4.0"
    first(rows, "resolution-price")["value"] = "$0.11"
    write(sheet, rows, delimiter, encoding)
    assert bring(run, sheet) == "4 1 3"
    answers = {answer.question: answer for each in stored(run) for answer in each.judgements}
    assert answers["agreement"].value is False
    assert answers["agreement"].reason == 'They say "later".'
    assert answers["obstacle"].value == "impasse"
    assert answers["deception-degree"].value == 4
    assert answers["resolution-price"].value == 0.11
    assert len(answers) == 4
    assert {each.judge for each in stored(run)} == {"person:ann"}
    assert said


def test_quotes_are_checked_and_kept(run: Run, sheet: Path) -> None:
    rows = read(sheet)
    row = first(rows, "agreement")
    (page,) = [
        page
        for page in unwritten_annotation(run, None, questions=QUESTIONS).pages
        if page.code == row["dialogue"]
    ]
    a, b = (" ".join(turn.text.split()[:4]) for turn in page.transcript[:2])
    row.update(value="no", quotes=f"{a} | {b.upper()}")
    write(sheet, rows)
    bring(run, sheet)
    assert stored(run)[0].judgements[0].evidence == (a, b)


def test_a_sheet_can_be_filled_in_piece_by_piece(run: Run, sheet: Path) -> None:
    rows = read(sheet)
    first(rows, "agreement")["value"] = "yes"
    write(sheet, rows)
    assert bring(run, sheet) == "1 1 1"
    assert bring(run, sheet) == "1 1 0"
    first(rows, "agreement")["value"] = ""
    first(rows, "deception-degree")["value"] = "2"
    write(sheet, rows)
    assert bring(run, sheet) == "1 1 1"
    again = Path("again.csv")
    export_sheet(unwritten_annotation(run, "ann", questions=QUESTIONS), again)
    filled = {row["question"]: row["value"] for row in read(again) if row["value"]}
    assert filled == {"agreement": "yes", "deception-degree": "2"}
    assert bring(run, again) == "2 1 0"


@pytest.mark.parametrize(
    ("question", "change", "problem"),
    [
        ("agreement", {"value": "perhaps"}, "value: write yes or no, not 'perhaps'"),
        ("deception-degree", {"value": "7"}, "value: write a whole number from 1 to 5, not '7'"),
        ("resolution-price", {"value": "5"}, "value: unit-price: '5' is off the grid"),
        (
            "agreement",
            {"value": "no", "quotes": "Nobody says so"},
            "quotes: nobody says that word for word",
        ),
        ("agreement", {"value": "no", "quotes": "a | b | c"}, "quotes: 3 quotes are too many"),
        ("agreement", {"reason": "hm"}, "value: is empty, but there are quotes or a reason"),
        ("agreement", {"dialogue": "d0", "value": "no"}, "dialogue: the run has no 'd0'"),
        ("agreement", {"questions": "quality", "value": "1"}, "questions: 'quality' are not asked here"),
        ("deception-degree", {"agent": "3", "value": "1"}, "does not ask 'deception-degree', agent 3"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_nothing_is_imported(
    question: str, change: dict[str, str], problem: str, run: Run, sheet: Path
) -> None:
    rows = read(sheet)
    rows[-1]["value"] = "3"
    row = first(rows, question)
    row.update(change)
    write(sheet, rows)
    with pytest.raises(UserError) as caught:
        bring(run, sheet)
    message = str(caught.value)
    first_line = message.splitlines()[0]
    assert first_line.startswith(f"sheet.csv, line {rows.index(row) + 2}: ")
    assert problem in first_line
    assert message.endswith("nothing was imported")
    assert stored(run) == []


def test_an_answer_that_another_rules_out_is_wrong(run: Run, sheet: Path) -> None:
    rows = read(sheet)
    first(rows, "agreement")["value"] = "yes"
    first(rows, "obstacle")["value"] = "impasse"
    write(sheet, rows)
    with pytest.raises(UserError, match="line 3: value: needs no answer, because agreement is true"):
        bring(run, sheet)
    assert stored(run) == []


def test_every_problem_is_listed_up_to_a_limit_after_lines_with_breaks(run: Run, sheet: Path) -> None:
    rows = read(sheet)
    rows[0].update(value="no", reason="first line\nsecond line")
    for row in rows[1:]:
        row["value"] = "purple"
    rows.append(dict(rows[0]))
    write(sheet, rows)
    with pytest.raises(UserError) as caught:
        bring(run, sheet)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("sheet.csv, line 4: value: ")
    assert len(lines) == MOST_PROBLEMS + 2
    assert lines[-2].startswith("and ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: no column 'dialogue', "),
        (b"dialogue,questions,question,agent,utterance,value,quotes\n", "line 1: no column 'reason'"),
        (",".join(COLUMNS).encode() + b"\n", 'no row has anything under "value"'),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(content: bytes, problem: str, run: Run) -> None:
    Path("other.csv").write_bytes(content)
    with pytest.raises(UserError, match=problem):
        bring(run, Path("other.csv"))
    with pytest.raises(UserError, match="cannot be read"):
        bring(run, Path("nowhere.csv"))


def test_a_spreadsheet_computes_nothing(tmp_path: Path) -> None:
    run = generate(
        RunConfig.model_validate({"scenarios": ("viatex",), "max_turns": 2}), out=tmp_path / "formula"
    )
    with annotation(run, "ann", questions=["agreement"]) as opened:
        page = opened.pages[0]
        opened.enter(page, page.slots[0], True, (), "=1+1")
        opened.save()
    sheet = Path("formula.csv")
    export_sheet(unwritten_annotation(run, "ann", questions=["agreement"]), sheet)
    assert first(read(sheet), "agreement")["reason"] == "'=1+1"
    with annotation(run, "ann", questions=["agreement"]) as opened:
        assert import_sheet(opened, sheet).stored == 0
