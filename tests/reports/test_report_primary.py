"""Primary outcomes: declared with the run or the report, corrected together; the rest is exploratory."""

import pytest

from negosim import Run
from negosim.errors import UserError
from negosim.reports import Report, comparison_of_runs, report_on
from negosim.reports._model import Missing, ReportTable, text

from .conftest import make_run


def tables(report: Report) -> dict[str, ReportTable]:
    return {block.key: block for block in report.sections[0].blocks if isinstance(block, ReportTable)}


def said(report: Report) -> str:
    return " ".join(text(block) for block in report.sections[0].blocks if isinstance(block, tuple))


@pytest.fixture(scope="module")
def declaring(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that declares two outcomes; no judge has told the second."""
    primary = ("turns", "deception-degree:2")
    return make_run(tmp_path_factory.mktemp("primary") / "run", dialogues=5, primary=primary)


def test_what_the_run_declared_is_corrected_by_itself(declaring: Run) -> None:
    report = report_on([declaring])
    shown = tables(report)
    assert [row[0] for row in shown["primary-findings-deceptive-2"].rows] == ["utterances"]
    (p,) = [row[5] for row in shown["primary-findings-deceptive-2"].rows]
    assert len(p.how["family"]) == 1
    rest = shown["findings-deceptive-2"]
    assert rest.title.startswith("Exploratory: ")
    assert "utterances" not in {row[0] for row in rest.rows}
    assert "declared in the run: utterances" in said(report)
    missing = [block for block in report.sections[0].blocks if isinstance(block, Missing)]
    assert "deception-degree:2" in missing[0].what
    assert "--questions deception" in (missing[0].command or "")
    assert {"primary-check", "primary-variance"} <= shown.keys()


def test_what_is_declared_with_the_report_is_said_to_be_so(declaring: Run, judged: Run) -> None:
    report = report_on([declaring], primary=["agreed", "joint_value"])
    assert "declared with this report, when the run had been made (the run declared turns" in said(report)
    family = tables(report)["primary-findings-deceptive-2"].rows[0][5].how["family"]
    assert len(family) == 2
    answered = report_on([judged], primary=["deception-presence:2"])
    (row,) = tables(answered)["primary-findings-deceptive-2"].rows
    assert row[0] == "deception-presence, agent 2, third party"
    assert "primary-check" in tables(answered)
    assert "judge" in tables(answered)["primary-variance"].columns


def test_where_nothing_is_declared_all_is_exploratory(report: Report) -> None:
    assert "No primary outcome was declared" in said(report)
    assert not [key for key in tables(report) if key.startswith("primary")]
    assert "exploratory" in text(report.sections[0].brief.caption)


def test_two_runs_have_primary_outcomes_too(declaring: Run, judged: Run) -> None:
    report = comparison_of_runs(declaring, judged, primary=["agreed"])
    keys = tables(report)
    assert {"primary-comparison-honest", "primary-comparison-deceptive-2", "comparison-honest"} <= keys.keys()
    assert len(keys["primary-comparison-honest"].rows[0][5].how["family"]) == 2
    assert "declared in some of the runs" in said(comparison_of_runs(declaring, judged))


def test_an_outcome_that_there_is_not(judged: Run) -> None:
    with pytest.raises(UserError, match=r"'agred' is no outcome .* did you mean agreed"):
        report_on([judged], primary=["agred"])
