import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim import Run

Cli = Callable[..., Any]


@pytest.fixture
def run(cli: Cli) -> Path:
    place = Path("run")
    assert (
        cli("generate", "-s", "viatex", "--both-conditions", "-n", 3, "--max-turns", 6, "--out", place).code
        == 0
    )
    return place


def fill_in(sheet: Path, value: str) -> None:
    """Answer every question whether there was an agreement."""
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["value"] = value if row["question"] == "agreement" else ""
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_a_sheet_goes_out_and_comes_back_and_the_person_is_calibrated(cli: Cli, run: Path) -> None:
    made = cli("annotate", run, "--export", "sheet.csv", "--questions", "agreement")
    assert made.out == "sheet.csv: 12 questions about 6 dialogues; the dialogues are in sheet.txt\n"
    assert not (run / "judgements.jsonl").exists()
    fill_in(Path("sheet.csv"), "no")
    brought = cli("annotate", run, "--name", "ann", "--questions", "agreement", "--import", "sheet.csv")
    assert brought.out.startswith(
        "sheet.csv: 6 answers about 6 dialogues\nstored in run/judgements.jsonl as person:ann"
    )
    again = cli("annotate", run, "--name", "ann", "--questions", "agreement", "--import", "sheet.csv")
    assert "all of them known" in again.out
    assert len(list(Run.open(run).judgements())) == 6
    shown = cli("judge", run, "--calibrate", "--questions", "agreement", "--csv", "figures.csv")
    assert shown.code == 0
    assert "person:ann against the truth" in shown.out
    assert "every figure is in figures.csv" in shown.out
    assert Path("figures.csv").read_text("utf-8").count("person:ann") > 5


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--name", "ann"], "no terminal to ask in; write a sheet with --export FILE.csv"),
        ([], "say who answers"),
        (["--export", "a.csv", "--import", "b.csv"], "do one after the other"),
        (["--name", "ann", "--import", "nowhere.csv"], "'nowhere.csv' cannot be read"),
        (["--name", "ann", "--import", "/dev/zero"], "'/dev/zero' is a device and may have no end"),
        (["--export", "a.csv", "--questions", "agreemnt"], "did you mean agreement?"),
        (["--name", "a b", "--export", "a.csv"], "name 'a b' cannot be used"),
    ],
)
def test_what_is_wrong_is_said(options: list[str], problem: str, cli: Cli, run: Path) -> None:
    done = cli("annotate", run, *options)
    assert done.code == 2
    assert problem in " ".join(done.err.split())
    assert not Path("a.csv").exists()


def test_a_link_that_leads_back_to_itself_is_left_alone(cli: Cli, run: Path) -> None:
    Path("loop.csv").symlink_to("loop.csv")
    done = cli("annotate", run, "--export", "loop.csv", "--questions", "agreement")
    assert done.code == 2
    assert "is a link that leads back to itself" in " ".join(done.err.split())
    assert Path("loop.csv").is_symlink()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--calibrate"], "there is no judge to calibrate"),
        (["--csv", "figures.csv"], "has the figures of --calibrate"),
    ],
)
def test_without_judges_there_is_no_calibration(
    options: list[str], problem: str, cli: Cli, run: Path
) -> None:
    done = cli("judge", run, *options)
    assert done.code == 2
    assert problem in " ".join(done.err.split())
    assert not Path("figures.csv").exists()
