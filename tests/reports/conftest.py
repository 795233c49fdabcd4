"""Judged runs for the reports: simulated dialogues, the oracle, and made-up judges of known weakness."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from negosim import Run, RunConfig, generate
from negosim.judging import judge, load_question_set
from negosim.records import THIRD_PARTY, Judgement, Sheet, agent_perspective
from negosim.reports import Report, report_on

SOME = ("viatex", "rose-lane")
PERSPECTIVES = (THIRD_PARTY, agent_perspective(0), agent_perspective(1))
GRADES = range(1, 6)


def make_run(folder: Path, **settings: object) -> Run:
    """Make a simulated run in both conditions."""
    given = {"scenarios": SOME, "conditions": ("honest", "deceptive-2"), "planner": "direct", **settings}
    return generate(RunConfig.model_validate(given), out=folder)


def add_judge(run: Run, name: str, *, right: float, seed: int = 0, repeats: int = 1) -> None:
    """Let a made-up judge answer: the truth with probability `right`, else anything; some answers fail."""
    rng = random.Random(f"{name} {seed}")
    truths = [sheet for sheet in run.judgements() if sheet.questions in ("agreement", "deception", "tactic")]
    sheets = [
        sheet.model_copy(
            update={
                "judge": name,
                "fingerprint": name,
                "perspective": perspective,
                "repeat": repeat,
                "judgements": tuple(_guess(item, rng, right) for item in sheet.judgements),
                **COST,
            }
        )
        for sheet in truths
        for perspective in (PERSPECTIVES if sheet.questions != "tactic" else (THIRD_PARTY,))
        for repeat in range(repeats)
    ]
    sheets += [_grades(sheet.dialogue, name, rng) for sheet in truths if sheet.questions == "agreement"]
    append(run, sheets)


COST = {"calls": 1, "tokens_in": 900, "tokens_out": 60, "tokens_cached": 300, "seconds": 1.5, "usd": 0.002}


def append(run: Run, sheets: list[Sheet]) -> None:
    """Append sheets to a run."""
    with (run.path / "judgements.jsonl").open("a", encoding="utf-8") as file:
        for sheet in sheets:
            file.write(sheet.model_dump_json() + "\n")


def _guess(item: Judgement, rng: random.Random, right: float) -> Judgement:
    if item.status != "ok":
        return item
    if rng.random() < 0.06:
        failed = rng.choice(["invalid", "refused", "error"])
        return item.model_copy(update={"status": failed, "value": None, "reason": "no"})
    own = random.Random(f"{item.question} {item.agent} {item.turn}")
    place = {"position": own.randint(1, 2), "chance_first": 0.5, "order": own.randint(0, 1)}
    if rng.random() < right:
        return item.model_copy(update={"detail": {**item.detail, **place}})
    guesses = {bool: [True, False], int: list(GRADES), str: ["framing", "social-proof", "anchoring"]}
    return item.model_copy(update={"value": rng.choice(guesses[type(item.value)])})


def _grades(dialogue: str, name: str, rng: random.Random) -> Sheet:
    asked = load_question_set("quality").questions
    grades = [min(5, max(1, round(rng.gauss(2.6 + 0.1 * place, 1)))) for place in range(len(asked))]
    judgements = tuple(
        Judgement(question=question.id, status="ok", value=grade)
        for question, grade in zip(asked, grades, strict=True)
    )
    return Sheet(
        dialogue=dialogue,
        questions="quality",
        perspective=THIRD_PARTY,
        judge=name,
        fingerprint=name,
        judgements=judgements,
        **COST,
    )


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two scenarios in both conditions, judged by the oracle, a fair judge and one that guesses."""
    run = make_run(tmp_path_factory.mktemp("reports") / "judged", dialogues=6)
    judge(run, judges=["oracle"])
    add_judge(run, "openai:fair", right=0.8)
    add_judge(run, "local:guess", right=0.0)
    return run


@pytest.fixture(scope="session")
def unjudged(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One honest scenario, half made, without judgements."""
    folder = tmp_path_factory.mktemp("reports") / "unjudged"
    run = make_run(folder, scenarios=("viatex",), conditions=("honest",), dialogues=4)
    stored = folder / "dialogues.jsonl"
    stored.write_bytes(b"".join(stored.read_bytes().splitlines(keepends=True)[:2]))
    (folder / "dialogues.count").unlink()  # as if it had been killed
    return Run.open(run.path)


@pytest.fixture(scope="session")
def report(judged: Run) -> Report:
    """The report on the judged run."""
    return report_on([judged])


@pytest.fixture(scope="session")
def partial_report(unjudged: Run) -> Report:
    """The report on the run that is half made and not judged."""
    return report_on([unjudged])


@pytest.fixture(scope="session", name="store")
def _store() -> Callable[[Run, list[Sheet]], None]:
    """Append sheets to a run."""
    return append
