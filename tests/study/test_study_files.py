"""Study files: the two that come with negosim, what is wrong with others, and orders."""

import sqlite3
from collections import Counter
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine
from typer.testing import CliRunner

from negosim.cli.app import app
from negosim.errors import UserError
from negosim.plugins import PluginError
from negosim.study import (
    Study,
    balanced_rows,
    built_in_studies,
    cells_of,
    check_study,
    letters,
    load_study,
    next_cell,
    order_of_person,
    storage,
)
from negosim.study.storage import StudyStore

SMALL = {
    "schema_version": 1,
    "id": "small",
    "title": "A small study",
    "consent": "Do you agree?",
    "instructions": "Talk.",
    "blocks": [{"id": "gift", "scenario": "donation", "role": "donor", "agents": ["habit:0", "sim"]}],
    "completion_code": "CODE-7",
}


def problems(**changed: object) -> list[str]:
    _, found = check_study({**SMALL, **changed})
    return [str(problem) for problem in found]


def block(**changed: object) -> list[dict[str, object]]:
    return [{**SMALL["blocks"][0], **changed}]  # type: ignore[dict-item,index]


def test_the_studies_that_come_with_negosim_can_be_run() -> None:
    persuasion, counselling = load_study("persuasion"), load_study("counselling")
    assert list(built_in_studies()) == ["counselling", "persuasion"]
    assert [(len(one.agents), one.conversations, one.turn_cap) for one in persuasion.blocks] == [(6, 3, 10)]
    assert [one.turn_cap for one in counselling.blocks] == [15]
    asked = {
        study.id: [one.id for one in study.survey.questions]
        for study in (persuasion, counselling)
        if study.survey
    }
    assert asked["persuasion"][:2] == ["fluency", "relevance"]
    assert asked["counselling"] == ["fluency", "comfort", "helpfulness"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"blocks": block(role="doner")}, "blocks.1.role: no role 'doner' in 'donation'; did you mean donor"),
        ({"blocks": block(scenario="donatoin")}, "blocks.1.scenario: no scenario 'donatoin'"),
        ({"blocks": block(agents=["simm"])}, "blocks.1.agents.1: unknown model 'simm'"),
        ({"blocks": block(agents=["sim", "sim"])}, "blocks.1.agents: 'sim' is named twice"),
        ({"blocks": block(agents=["human"])}, "blocks.1.agents.1: an agent is no person"),
        ({"blocks": block(agents=[{"model": "sim", "planner": "cott"}])}, "no planner 'cott'"),
        ({"blocks": block(condition="deceptive-1")}, "debriefing: missing"),
        ({"blocks": block(turn_cap=0)}, "blocks.1.turn_cap"),
        (
            {"blocks": block(measures=[{"id": "mood", "when": "after", "question": "?", "answer": "scale"}])},
            "needs it",
        ),
        ({"blocks": [*block(), *block()]}, "two blocks are called 'gift'"),
        (
            {"questions": [{"id": "a", "question": "?", "answer": "likert"}]},
            "questions.1: labels: a question",
        ),
        ({"questions": [{"id": "a b", "question": "?", "answer": "text"}]}, "questions.1.id"),
        ({"questions": [{"id": "a", "question": "{agent}?", "answer": "text"}]}, "nobody was met before"),
        ({"consent": "CODE-7"}, "consent: contains the completion code"),
        ({"assign": "one"}, "assign: 'one' needs several blocks"),
        ({"order": "latin-square", "blocks": block(agents=["sim"])}, "at least two agents"),
        ({"practice": {"block": "gitf"}}, "practice.block: no block 'gitf'; did you mean gift?"),
        ({"debreifing": "x"}, "debreifing: unknown field"),
        ({"quota": 0}, "quota"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(changed: dict[str, object], told: str) -> None:
    found = problems(**changed)
    assert len(found) == 1
    assert told in found[0]


def test_a_study_of_deceivers_needs_a_debriefing() -> None:
    assert problems(blocks=block(condition="deceptive-1"), debriefing="One of them could lie.") == []


@pytest.mark.parametrize("count", range(2, 9))
def test_a_balanced_order_has_every_place_and_succession_equally_often(count: int) -> None:
    rows = balanced_rows(count)
    assert all(sorted(row) == list(range(count)) for row in rows)
    places = Counter((place, agent) for row in rows for place, agent in enumerate(row))
    followings = Counter(pair for row in rows for pair in pairwise(row))
    assert len(places) == count**2
    assert len(set(places.values())) == 1
    assert len(followings) == count * (count - 1)
    assert len(set(followings.values())) == 1


def test_orders_are_drawn_for_each_or_once_or_balanced() -> None:
    def drawn(order: str) -> list[tuple[int, ...]]:
        agents = [f"habit:0.{number}" for number in range(6)]
        study = Study.model_validate({**SMALL, "order": order, "quota": 3, "blocks": block(agents=agents)})
        counts: Counter[str] = Counter()
        orders = []
        for number in range(12):
            cell = next_cell(study, counts)
            if cell is None:
                break
            counts[cell] += 1
            orders.append(order_of_person(study, cell, number)["gift"])
        return orders

    assert len(set(drawn("random"))) > 1
    assert len(drawn("random")) == 3
    assert drawn("random") == drawn("random")
    assert len(set(drawn("fixed"))) == 1
    assert Counter(drawn("latin-square")) == Counter(balanced_rows(6) * 2)


def test_one_block_each_makes_a_cell_of_each() -> None:
    blocks = [*block(), *block(id="again")]
    study = Study.model_validate({**SMALL, "assign": "one", "blocks": blocks})
    assert list(cells_of(study)) == ["gift", "again"]
    assert next_cell(study, {"gift": 1}) == "again"
    assert letters({"again": (1, 0)}) == {("again", 1): "Agent A", ("again", 0): "Agent B"}


def test_a_study_is_written_and_checked_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(app, ["study", "init", "counselling"]).exit_code == 0
    assert runner.invoke(app, ["study", "init", "counselling"]).exit_code != 0
    assert (
        "5 conversations a person, 10 cells"
        in runner.invoke(app, ["study", "check", "counselling.yaml"]).output
    )
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump({**SMALL, "order": "any"}))
    wrong = runner.invoke(app, ["study", "check", "wrong.yaml", "persuasion"])
    assert wrong.exit_code == 2
    assert "persuasion: ok" in wrong.output
    with pytest.raises(PluginError, match=r"order: Input should be"):
        load_study("wrong.yaml")


def test_paths_of_a_study_start_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = (files("negosim.scenarios") / "donation.yaml").read_text().replace("id: donation\n", "id: own\n", 1)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "own.yaml").write_text(own)
    file = tmp_path / "deep" / "study.yaml"
    file.write_text(yaml.safe_dump({**SMALL, "blocks": block(scenario="./own.yaml")}))
    study = load_study(str(file))
    assert study.blocks[0].scenario == str(tmp_path / "deep" / "own.yaml")
    store = StudyStore.begin(str(tmp_path / "kept"), file.read_text(), str(file.parent))
    store.close()
    monkeypatch.chdir("/")
    again = StudyStore(str(tmp_path / "kept"))
    assert again.study == study
    again.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://u:geheim@h/x", "pip install pymysql, and begin the URL with mysql+pymysql://"),
        ("nonsense://u:geheim@h/x", "give a folder, or a URL of SQLAlchemy's such as postgresql"),
        ("postgresql://u:geheim@h:port/x", "give a folder, or a URL"),
        ("mysql+pymysql://u:@geheim@h/x", "@ : / ? of the password is written %40 %3A %2F %3F"),
        ("nonsense://u:a:b/c?@geheim@h:port/x", "at 'nonsense://u:***@h:port/x': "),
        ("nonsense://h/x?user=u&password=geheim", "at 'nonsense://h/x?***': "),
    ],
)
def test_a_database_that_cannot_be_had_is_told_without_its_password(url: str, told: str) -> None:
    with pytest.raises(UserError) as wrong:
        StudyStore.begin(url, "")
    assert told in str(wrong.value)
    assert "geheim" not in str(wrong.value)


def test_an_option_that_a_driver_does_not_know_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def connected() -> sqlite3.Connection:
        return sqlite3.connect(":memory:", nonsense=1)  # type: ignore[call-overload]

    monkeypatch.setattr(storage, "opened", lambda url: create_engine("sqlite://", creator=connected))
    with pytest.raises(UserError, match=r"'mysql\+pymysql://h/x\?\*\*\*' cannot be written: .*nonsense"):
        StudyStore.begin("mysql+pymysql://h/x?nonsense=1", "")


def test_what_a_stopped_study_says_has_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stopped(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("negosim.web.study_run.serve_study", stopped)
    kept = f"sqlite:///{tmp_path / 'study.sqlite'}?timeout=30"
    command = ["study", "run", "persuasion", "--links", "1", "--port", "0", "--out", kept]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 130
    assert f"--out sqlite:///{tmp_path / 'study.sqlite'}?***\n" in said.output  # where a password can be
