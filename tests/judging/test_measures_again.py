"""One mechanism: a measure asked in play and asked again of the stored dialogue is the same question."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from negosim import RunConfig, generate
from negosim.agents import seated
from negosim.judging import judge
from negosim.measures import belief_rows
from negosim.models import ChatRequest, ScriptedModel
from negosim.scenarios import belief_from, check_scenario, load_scenario
from negosim.terminal.play import TerminalSeat

PICTURE = {"id": "picture", "asked_of": ["viatex", "corvane"], "when": ["before", "each_turn", "after"]}
BELIEF = {"question": "What do you think of {other}?", "answer": "belief", "about": "others"}
TRUST = {"question": "Do you trust {other}?", "answer": "yes_no", "about": "others", "when": "after"}


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """Return Viatex with beliefs and trust among its measures."""
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    ids = [role["id"] for role in data["roles"]]
    data |= {
        "id": "asking",
        "schema_version": 2,
        "measures": [{**PICTURE, **BELIEF, "asked_of": ids}, {"id": "trust", **TRUST, "asked_of": ids[:1]}],
    }
    path = tmp_path / "asking.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def test_beliefs_of_the_record_are_those_that_are_asked_afterwards(asking: Path, tmp_path: Path) -> None:
    run = generate(RunConfig(scenarios=str(asking), max_turns=4), out=tmp_path / "run")
    told = belief_rows(run).sort_values(["believer", "turn"])
    (dialogue,) = run
    assert [m.status for m in dialogue.measurements if m.measure == "trust"] == ["not_applicable"]
    judge(run, judges=["oracle"], questions=["measures"])
    shares: Any = {
        (m.role, m.turns, f"belief-{part}"): share
        for m in dialogue.measurements
        for part, share in (m.value if isinstance(m.value, dict) else {}).items()
        if part != "reservation"
    }
    assert shares == {
        (int(sheet.perspective[-1]) - 1, one.turn, one.question): one.value
        for sheet in run.judgements()
        for one in sheet.judgements
        if one.question.startswith("belief-priority-")
    }
    judge(run, judges=["oracle"], questions=["beliefs", "beliefs-turns"])
    again = belief_rows(run).sort_values(["believer", "turn"])
    errors = ["reservation_error", "priority_error"]
    assert again[errors].to_numpy() == pytest.approx(told[errors].to_numpy(), abs=1e-5)
    assert len(told) == 2 * 5


def test_measures_of_users_come_out_the_same_again(tmp_path: Path) -> None:
    config = RunConfig(scenarios="donation", models=["sim", "user:skeptical"], planner="direct", dialogues=3)
    run = generate(config, out=tmp_path / "run")
    judge(run, judges=["oracle"], questions=["measures"])
    told = [(one.id, m.measure, m.turns, m.value) for one in run for m in one.measurements]
    again = [(s.dialogue, j.question, j.turn, j.value) for s in run.judgements() for j in s.judgements]
    assert again == told
    assert told


def test_chat_models_are_asked_about_each_other_by_name(asking: Path, tmp_path: Path) -> None:
    asked: list[ChatRequest] = []

    def answer(request: ChatRequest) -> Any:
        asked.append(request)
        properties = request.schema["properties"]
        if "importance" in properties:
            issues = properties["importance"]["properties"]
            return {"reservation": 30, "importance": dict.fromkeys(issues, 7)}
        if "answer" in properties:
            return {"answer": True}
        return {"move": {"action": "talk", "offer": None}, "utterance": f"I say {request.seed}."}

    config = RunConfig(scenarios=str(asking), models="scripted", planner="direct", calls="fused", max_turns=1)
    run = generate(config, out=tmp_path / "run", chat_models={"scripted": ScriptedModel(answer)}, cache=False)
    (dialogue,) = run
    beliefs = [(m.role, m.about, m.moment) for m in dialogue.measurements if m.measure == "picture"]
    assert beliefs == [(r, 1 - r, moment) for moment in ("before", "each_turn", "after") for r in (0, 1)]
    assert all(m.value["reservation"] == 0.3 for m in dialogue.measurements if isinstance(m.value, dict))
    (trust,) = [one for one in asked if "Do you trust" in one.messages[-1].content]
    assert f"Do you trust {load_scenario('viatex').roles[1].name}?" in trust.messages[-1].content


def test_a_person_says_what_they_believe_part_by_part(asking: Path, tmp_path: Path) -> None:
    issues = load_scenario("viatex").issues
    form = ["120", *["1"] * len(issues), "40", "50", *["0"] * (len(issues) - 1)]
    lines = iter([*form, "Good bye", *form[len(issues) + 1 :] * 2, "yes"])
    shown = io.StringIO()
    seat = TerminalSeat(Console(file=shown, width=200), 0, lambda prompt: next(lines))
    config = RunConfig(scenarios=str(asking), models=["human", "sim"], max_turns=1)
    with seated(lambda role: seat):
        (dialogue,) = generate(config, out=tmp_path / "run")
    told = [m.value for m in dialogue.measurements if m.role == 0]
    first: Any = told[0]
    assert first["reservation"] == 0.4
    assert first[f"priority-{issues[0].id}"] == 1
    assert told[-1] is True
    assert "from 0 to 100" in shown.getvalue()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"about": None}, "about: others"),
        ({"options": [{"id": "a", "label": "a"}, {"id": "b", "label": "b"}]}, "is for answers of kind"),
    ],
)
def test_a_measure_of_beliefs_that_cannot_be_asked_is_told(
    asking: Path, change: dict[str, Any], said: str
) -> None:
    data = yaml.safe_load(asking.read_text())
    data["measures"][0] |= change
    assert said in "; ".join(map(str, check_scenario(data)[1]))
    data["measures"][0] |= {"about": "others", "options": None}
    data["roles"][0]["reward"] = "after.picture"
    assert "about each of the others" in "; ".join(map(str, check_scenario(data)[1]))


def test_a_form_that_is_none_says_so() -> None:
    for limit, points in (("x", ["1", "1"]), ("101", ["1", "1"]), ("50", ["0", "0"]), ("50", ["1", "nan"])):
        with pytest.raises(ValueError, match=r"0"):
            belief_from(limit, dict(zip("ab", points, strict=True)))
