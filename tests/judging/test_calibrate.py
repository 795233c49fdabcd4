import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from negosim import Run, judge
from negosim.errors import UserError
from negosim.judging import assess, known_truth, write_assessment
from negosim.models import ChatRequest, ScriptedModel
from negosim.records import Dialogue
from negosim.terminal.calibration import print_assessment

MakeRun = Callable[..., Run]
Filler = Callable[..., ScriptedModel]

QUESTIONS = ["agreement", "deception"]


def knowing(run: Run, *, wrong_about: int | None = None) -> Callable[[dict[str, Any], ChatRequest], Any]:
    """Return what gives the right answer about agreement, but for one dialogue; nobody ever deceives."""
    dialogues: list[Dialogue] = list(run)

    def change(given: dict[str, Any], request: ChatRequest) -> Any:
        prompt = request.messages[-1].content
        dialogue = next(
            each for each in dialogues if all(turn.utterance.text in prompt for turn in each.turns)
        )
        for field in given:
            if field == "agreement":
                right = dialogue.outcome.status == "agreement"
                given[field]["answer"] = right != (dialogue.index == wrong_about)
            elif field.startswith("deception_presence"):
                given[field]["answer"] = False
            elif field.startswith("deception_degree"):
                given[field]["answer"] = 1
        return given

    return change


@pytest.fixture
def judged(make_run: MakeRun, filler: Filler) -> Run:
    """Five seeds of one scenario; a judge that knows nearly everything, and one that guesses."""
    run = make_run(dialogues=5, conditions=("honest", "deceptive-2"), max_turns=10)
    models = {"good": filler(knowing(run, wrong_about=0)), "guesses": filler()}
    return judge(
        run, judges=["good", "guesses", "oracle"], chat_models=models, questions=QUESTIONS, repeats=2
    )


def shown(run: Run, *, terminal: bool) -> str:
    file = StringIO()
    console = Console(
        file=file, width=80, force_terminal=terminal, color_system=None, highlight=False, markup=False
    )
    print_assessment(console, assess(run))
    return file.getvalue()


def test_a_judges_figures_are_those_of_its_answers(judged: Run) -> None:
    found = {(each.judge, each.perspective, each.question): each for each in assess(judged).calibrations}
    good = found["good", "third_party", "agreement"]
    assert good.n == 20  # five seeds, two conditions, asked twice
    assert good.accuracy.value == pytest.approx(16 / 20)
    assert good.coverage.value == 1
    never = found["good", "third_party", "deception-presence"]
    liars = int(never.confusion.loc[True].sum())
    assert never.recall.value == 0
    assert never.accuracy.value == pytest.approx(1 - liars / never.n)
    assert found["guesses", "third_party", "agreement"].accuracy.value < good.accuracy.value
    assert not any(judge == "oracle" for judge, _, _ in found)


def test_the_tables_have_every_part_and_fit_the_terminal(judged: Run) -> None:
    screen = shown(judged, terminal=True)
    assert max(map(len, screen.splitlines())) <= 80
    for part in (
        "good against the truth: yes, no and choices",
        "guesses against the truth: grades",
        "Spearman",
        "good: what became of the questions",
        "good: answers of yes and no",
        "good: deception-degree, third party",
        "Krippendorff's alpha",
        "repeats of good",
        "errors of two judges",
        "share of answers that change",
    ):
        assert part in screen, part


def test_in_a_pipe_a_row_is_a_line(judged: Run) -> None:
    lines = shown(judged, terminal=False).splitlines()
    (row,) = [line for line in lines if line.startswith("agreement") and "third party  20" in line][:1]
    assert "0.80 [" in row
    assert "-0.00" not in "".join(lines)


def test_the_csv_has_every_figure(judged: Run) -> None:
    found = assess(judged)
    write_assessment(found, Path("figures.csv"))
    with Path("figures.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["table"] for row in rows} == {
        "calibration",
        "statuses",
        "confusion",
        "agreement",
        "errors",
        "order",
        "position",
    }
    (kappa,) = [
        row
        for row in rows
        if (row["judge"], row["perspective"], row["question"], row["figure"])
        == ("good", "third_party", "agreement", "kappa")
    ]
    (each,) = [
        each
        for each in found.calibrations
        if (each.judge, each.perspective, each.question) == ("good", "third_party", "agreement")
    ]
    assert float(kappa["value"]) == each.kappa.value
    assert kappa["low"] == ("" if each.kappa.low is None else str(each.kappa.low))
    counts = [
        int(row["value"])
        for row in rows
        if row["table"] == "confusion" and row["judge"] == "good" and row["question"] == "agreement"
    ]
    assert sum(counts) == 20 * 3  # three perspectives
    with pytest.raises(UserError, match="cannot be written"):
        write_assessment(found, Path("nowhere") / "figures.csv")


def test_what_was_not_answered_is_counted_and_is_in_no_figure(make_run: MakeRun, filler: Filler) -> None:
    run = make_run(dialogues=3)

    def refuses(given: dict[str, Any], request: ChatRequest) -> Any:
        given["agreement"]["answer"] = "perhaps"
        return given

    judge(run, judges=["vague", "oracle"], chat_models={"vague": filler(refuses)}, questions=["agreement"])
    (found,) = [
        each
        for each in assess(run).calibrations
        if each.question == "agreement" and each.perspective == "third_party"
    ]
    assert found.statuses == {"invalid": 3}
    assert (found.n, found.coverage.value, found.accuracy.value) == (0, 0.0, None)
    screen = shown(run, terminal=False)
    assert "invalid" in screen
    assert "nan" not in screen


def test_without_a_judge_there_is_nothing_to_calibrate(make_run: MakeRun) -> None:
    run = make_run()
    judge(run, judges=["oracle"], questions=QUESTIONS)
    with pytest.raises(UserError, match=r"no judge to calibrate.*negosim annotate"):
        assess(run)


def test_judges_are_held_against_the_oracle_where_the_truth_is_known(make_run: MakeRun) -> None:
    run = make_run()
    assert known_truth(run, ["a", "oracle"]) == ["a", "oracle"]
    assert known_truth(run, ["a"]) == ["a", "oracle"]
    config = run.config.model_copy(update={"models": ("openai:x", "openai:x")})
    other = Run(run.path, run.header.model_copy(update={"config": config}))
    with pytest.raises(UserError, match=r"truth about the dialogues .* is not known.*--model sim"):
        known_truth(other, ["a"])
