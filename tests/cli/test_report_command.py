from pathlib import Path

import pytest

from negosim import Run, RunConfig, generate


@pytest.fixture
def run(tmp_path: Path) -> Run:
    conditions = ("honest", "deceptive-2")
    config = RunConfig(scenarios=("viatex",), conditions=conditions, dialogues=2, planner="direct")
    return generate(config, out=Path("runs") / "first")


def test_a_run_is_named_as_in_other_commands_and_shown_on_the_terminal(cli, run) -> None:
    done = cli("report", "first")
    assert done.code == 0
    assert "Negotiation report: first" in done.out
    assert "negosim judge runs/first --judge-model oracle" in done.out


def test_files_are_written_and_named(cli, run) -> None:
    done = cli(
        "report",
        "first",
        "--out",
        "new/report.pdf",
        "--paper",
        "letter",
        "--figures",
        "parts",
        "--trace",
        "t.jsonl",
    )
    assert done.code == 0
    assert done.out.splitlines()[0] == "new/report.pdf: the report"
    assert Path("new/report.pdf").read_bytes().startswith(b"%PDF")
    assert Path("parts/outcome-efficiency.csv").exists()
    assert Path("t.jsonl").read_text().startswith('{"kind":"rows"')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a run"),
        (["nowhere"], "no run at 'nowhere'"),
        (["first", "first"], "given twice"),
        (["first", "--compare", "sim", "gpt"], "model 'gpt' has not played in these runs; known are sim"),
        (["first", "--compare", "sim", "sim"], "name two runs or two models"),
        (["--compare", "first", "nowhere"], "no run at 'nowhere'; to compare two models"),
        (["first", "--compare", "first", "first"], "no other RUN is needed"),
        (["--compare", "first", "first"], "given twice"),
        (["first", "--out", "report.html"], "write 'report.pdf'"),
        (["first", "--out", "."], "write 'report.pdf'"),
        (["first", "--out", "new.pdf", "--trace", "t.csv"], "which is JSON lines; write 't.jsonl'"),
    ],
)
def test_what_the_user_can_mend(cli, run, arguments: list[str], message: str) -> None:
    done = cli("report", *arguments)
    assert done.code == 2
    assert message in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert not Path("new.pdf").exists()
