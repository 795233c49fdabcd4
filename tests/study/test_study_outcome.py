"""What a study leaves: exports, and that a failed agent is never a rating."""

import csv
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from negosim.cli.app import app
from negosim.errors import ModelError, UserError
from negosim.models import ScriptedModel
from negosim.store import Run
from negosim.study.export import export_study
from negosim.study.status import status_of

from .conftest import StudyServer, Volunteer, gift, small

Serve = Callable[..., StudyServer]


def table(run: Run, name: str) -> list[dict[str, str]]:
    with (run.path / "study" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_is_exported_as_run_judgements_and_tables(served: Serve, tmp_path: Path) -> None:
    server = served(small(practice=None, blocks=gift(turn_cap=1)), links=3)
    with pytest.raises(UserError, match="nobody has come to the end"):
        export_study(server.store, tmp_path / "run")
    for number in (1, 2):
        person = Volunteer(server, number)
        person.begin()
        for amount in ("0.5", "1"):
            person.talk("=HELLO", amount)
        if number == 1:
            for grade in ("2", "5"):
                person.send(choice="next", **{"q-fluency": grade, "q-why": "=1+1"})
            person.send(choice="next")
    left = Volunteer(server, 3)
    left.begin()
    left.talk()
    left.send(choice="withdraw")
    run = export_study(server.store, tmp_path / "run")
    assert len(run) == 4
    assert {dialogue.index for dialogue in run} == {1, 2}
    assert {dialogue.models for dialogue in run} == {("habit:0", "human"), ("sim", "human")}
    assert sorted(dialogue.outcome.rewards[0] for dialogue in run if dialogue.outcome.rewards) == [
        0.5,
        0.5,
        1,
        1,
    ]
    sheets = list(run.judgements())
    assert {sheet.judge for sheet in sheets} == {"person:p0001"}
    assert sorted(sheet.judgements[0].value for sheet in sheets) == [2, 5]
    rows = table(run, "answers")
    assert [row["value"] for row in rows if row["question"] == "why"] == ["'=1+1"] * 2
    graded = {row["called"]: row["value"] for row in rows if row["question"] == "fluency"}
    assert graded == {"Agent A": "2", "Agent B": "5"}
    assert len([row for row in rows if row["question"] == "reward"]) == 4
    people = {row["person"]: (row["status"], row["stands_at"]) for row in table(run, "people")}
    assert people == {"p0001": ("completed", "done"), "p0002": ("active", "survey")}
    assert "5 b" in next(row["values"] for row in table(run, "codebook") if row["question"] == "fluency")
    whole = b"".join(file.read_bytes() for file in run.path.rglob("*") if file.is_file())
    assert not [row["token"] for row in server.store.people() if row["token"].encode() in whole]
    runner, place = CliRunner(), str(tmp_path / "kept")
    assert "1 completed, 0 declined, 1 withdrawn" in runner.invoke(app, ["study", "status", place]).output
    again = runner.invoke(app, ["study", "export", place, "--out", str(tmp_path / "twice")])
    assert "4 conversations" in again.output
    assert "User study" in runner.invoke(app, ["report", str(tmp_path / "twice")]).output


def test_an_agent_that_fails_is_waited_for_then_has_failed_and_is_not_rated(
    served: Serve, tmp_path: Path
) -> None:
    failing = [True]

    def answer(request: object) -> object:
        if failing[0]:
            raise ModelError("the server is not there", fault="outage")
        return {"text": "Would you give something?", "utterance": "Would you give something?"}

    model = ScriptedModel(answer, name="openai:canary-model")  # type: ignore[arg-type]
    blocks = gift(agents=["openai:canary-model", "sim"], turn_cap=1)
    server = served(
        small(practice=None, blocks=blocks, order="fixed"),
        chat_models={"openai:canary-model": model},
        waits=(0.3, 0.3),
    )
    person = Volunteer(server)
    person.begin()
    pages = [person.talk(), person.talk()]
    assert sum("cannot go on" in page for page in pages) == 1
    assert "longer than usual" in person.bytes
    assert "canary" not in person.bytes
    assert "not there" not in person.bytes
    person.send(choice="next", **{"q-fluency": "3"})
    assert "They were programs." in person.page()  # nothing was asked about the other
    assert status_of(server.store).talks == {"failed": 1, "complete": 1}
    person.send(choice="next")
    run = export_study(server.store, tmp_path / "run")
    assert [sheet.dialogue for sheet in run.judgements()] == [
        dialogue.id for dialogue in run if dialogue.status == "complete"
    ]
    failed = next(row for row in table(run, "conversations") if row["status"] == "failed")
    assert "not there" in failed["failure"]


def test_a_used_up_budget_stops_the_study_and_a_raised_one_goes_on(served: Serve) -> None:
    model = ScriptedModel(lambda request: {"text": "Hello."}, name="openai:priced")
    study = small(practice=None, blocks=gift(agents=["openai:priced"], turn_cap=1))
    server = served(study, chat_models={"openai:priced": model}, tokens=10)
    person = Volunteer(server)
    person.begin()
    assert "come back later" in person.until("paused")
    assert "budget" not in person.bytes
    assert "budget is used up" in server.store.paused
    assert orjson.loads(CliRunner().invoke(app, ["study", "status", server.store.place, "--json"]).output)[
        "paused"
    ]
