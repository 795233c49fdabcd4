"""Names in tables, figures and data files differ where the things do."""

import csv
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim import Run
from negosim.judging import judge
from negosim.reports import Number, Report, ReportTable, Rows, report_on
from negosim.reports._model import Name
from negosim.reports._shorten import MOST, shortened
from negosim.reports._tables import csv_of, latex
from negosim.reports._trace import numbers

from .conftest import add_judge, make_run

pytestmark = pytest.mark.xdist_group("report_names")  # one process makes the report

ALIKE = tuple(f"openai:small@https://{place}.example/v1?temperature=0" for place in "ab")
LONG = tuple(f"policy:/home/someone/policies/of-the-{when}/trained-with-ilql" for when in ("first", "last"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run judged by models that differ in their server alone, and by some with long names."""
    made = make_run(tmp_path_factory.mktemp("names") / "run", scenarios=("viatex",), dialogues=2)
    judge(made, judges=["oracle"])
    for name in (*ALIKE, *LONG):
        add_judge(made, name, right=0.5)
    return made


@pytest.fixture(scope="module")
def named(run: Run) -> Report:
    """The report on it."""
    return report_on([run])


def every_table(report: Report) -> list[ReportTable]:
    found = [report.facts]
    for section in report.sections:
        found += [*section.tables, *(figure.data for figure in section.figures)]
    return found


def test_judges_that_differ_are_named_differently_and_in_full_in_files(named: Report) -> None:
    for key in ("judge-answers", "calibration", "reliability", "error-correlation"):
        table = next(table for table in every_table(named) if table.key == key)
        judges = {cell for row in table.rows for cell in row if isinstance(cell, Name)}
        assert len({str(cell) for cell in judges}) == len({cell.full for cell in judges}), key
    table = next(table for table in every_table(named) if table.key == "calibration")
    rows = list(csv.DictReader(StringIO(csv_of(table))))
    assert {row["judge"] for row in rows} == {*ALIKE, *LONG}
    assert ALIKE[0].replace("_", r"\_") in latex(table)
    traced = {place["row"].split(" / ")[0] for place, _ in numbers(named) if place.get("item") == table.key}
    assert traced == {*ALIKE, *LONG}


def test_tables_of_one_judge_say_which_in_their_files(named: Report) -> None:
    own = [table for table in every_table(named) if "judged by" in table.title]
    assert len(own) >= 16
    assert len({table.title for table in own if table.key.startswith("deception")}) >= 4
    for table in own:
        rows = list(csv.DictReader(StringIO(csv_of(table))))
        assert {row["judge"] for row in rows} <= {*ALIKE, *LONG}, table.key
        assert len({row["judge"] for row in rows}) == 1, table.key


def test_no_two_columns_rows_or_files_have_the_same_name(named: Report) -> None:
    names: Counter[str] = Counter()
    for section in named.sections:
        names.update(table.key for table in section.tables)
        names.update(f"{figure.key}-data" for figure in section.figures)
    assert {name for name, count in names.items() if count > 1} == set()
    for table in every_table(named):
        head = next(csv.reader(StringIO(csv_of(table))))
        assert len(set(head)) == len(head)
        assert len({tuple(map(str, table.columns))}) == 1
        if table.key not in ("value-planes", "facts"):
            labels = [tuple(map(str, row[: table.words])) for row in table.rows]
            assert len(set(labels)) == len(labels), table.key


def test_columns_of_the_same_name_are_all_written() -> None:
    def n(value: int) -> Number:
        return Number(f"{value}", value, value, Rows("dialogues.jsonl"))

    table = ReportTable("t", "T", ("who", "n", "n", "n (2)"), (("=cmd()", n(1), n(2), n(3)),))
    head, row = csv.reader(StringIO(csv_of(table)))
    assert sorted(row) == ["'=cmd()", "1", "2", "3"]
    assert len(set(head)) == 4


PARTS = st.text("ab?@:/=1", max_size=50)


@given(
    st.lists(
        st.builds("openai:{}{}".format, PARTS, st.sampled_from(["", "?t=1", "@http://x", "@http://y?t=2"])),
        unique=True,
    )
)
def test_short_forms_are_all_different(names: list[str]) -> None:
    forms = shortened(names)
    assert list(forms) == names
    assert len(set(forms.values())) == len(names)


def test_a_name_is_no_longer_than_it_must_be() -> None:
    assert shortened(["openai:a@http://x/v1?t=1", "openai:b"]) == {
        "openai:a@http://x/v1?t=1": "openai:a",
        "openai:b": "openai:b",
    }
    assert all(len(form) <= MOST for form in shortened(LONG).values())


def test_folders_and_runs_of_the_same_name_are_told_apart(run: Run, tmp_path: Path) -> None:
    import shutil

    for place in "ab":
        shutil.copytree(run.path, tmp_path / place / "run")
    report = report_on([Run.open(tmp_path / place / "run") for place in "ab"])
    assert str(tmp_path / "a" / "run") in report.subtitle
    assert str(tmp_path / "b" / "run") in report.subtitle
