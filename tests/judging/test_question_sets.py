"""Question sets: the built-in ones, the ones people write, and what is said about wrong ones."""

from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.judging import list_question_sets, load_question_set, resolution_set
from negosim.plugins import PluginError
from negosim.scenarios import list_scenarios, load_scenario

GOOD = """\
schema_version: 1
id: warmth
title: Warmth
perspectives: [third_party]
questions:
  - id: friendly
    about: agent
    text: "Was {agent} friendly when they talked about {title}?"
    answer: yes_no
  - id: how
    about: agent
    text: How friendly?
    answer: scale
    scale: {1: not at all, 5: very}
    only_if: {friendly: true}
    example: {dialogue: "[1] Jo: Hello.", answer: 4, reason: a greeting}
"""


def write(tmp_path: Path, text: str, name: str = "warmth.yaml") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def test_the_built_in_sets() -> None:
    sets = {name: load_question_set(name) for name in list_question_sets()}
    assert {"agreement", "deception", "quality", "tactic"} <= sets.keys()
    quality = sets["quality"].questions
    assert len(quality) == 13
    for question in quality:
        assert question.id.startswith("quality-")
        assert question.scale is not None
        assert list(question.scale) == [1, 3, 5]
        assert question.example is not None
        assert question.example.answer in question.grades
    # A scale is not calibrated by examples that all deserve the same grade.
    assert len({question.example.answer for question in quality if question.example}) >= 3


def test_every_resolution_question_is_asked() -> None:
    for name in list_scenarios():
        scenario = load_scenario(name)
        asked = resolution_set(scenario)
        if not scenario.resolution:
            assert asked is None
            continue
        assert asked is not None
        assert [question.id for question in asked.questions] == [
            f"resolution-{question.id}" for question in scenario.resolution
        ]
        for question in asked.questions:
            assert (question.answer == "issue") == (question.issue is not None)


def test_a_set_of_ones_own(tmp_path: Path) -> None:
    loaded = load_question_set(write(tmp_path, GOOD))
    friendly, how = loaded.questions
    assert friendly.worded(title="a boat", agent="Jo") == "Was Jo friendly when they talked about a boat?"
    assert how.grades == range(1, 6)
    assert how.only_if == {"friendly": True}


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("id: warmth", "id: heat", 2, "'heat' differs from the file's name 'warmth'"),
        ("answer: yes_no", "answer: maybe", 9, "'yes_no', 'scale', 'choice', 'tactic' or 'issue'"),
        ("{agent} friendly", "{person} friendly", 8, "{person} cannot be filled"),
        ("answer: yes_no", "answer: choice", 6, "needs options with at least two"),
        ("answer: yes_no", "answer: issue", 9, "resolution questions of scenarios"),
        ("answer: yes_no", "answer: tactic", 7, "write 'about: turn'"),
        ("id: how", "id: friendly", 10, "used twice"),
        ("only_if: {friendly: true}", "only_if: {cordial: true}", 15, "no earlier question 'cordial'"),
        ("only_if: {friendly: true}", "only_if: {friendly: 3}", 15, "must be true or false"),
        ("answer: 4", "answer: 6", 16, "whole number from 1 to 5, not 6"),
        ("perspectives: [third_party]", "perspectives: [me]", 4, "'third_party' or 'agents'"),
        ("title: Warmth", "titel: Warmth", 1, "missing"),
        ("scale: {1: not at all, 5: very}", "scale: {1: not at all}", 14, "at least two entries"),
        ("5: very}", "2000: very}", 14, "has 2,000 grades from end to end; use at most 101"),
    ],
)
def test_what_is_wrong_with_a_set(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    assert old in GOOD
    with pytest.raises(PluginError) as caught:
        load_question_set(write(tmp_path, GOOD.replace(old, new, 1)))
    assert any(problem.line == line and what in problem.what for problem in caught.value.problems), str(
        caught.value
    )


def test_reserved_names_and_unknown_ones(tmp_path: Path) -> None:
    text = GOOD.replace("id: warmth", "id: claims")
    with pytest.raises(PluginError, match="negosim's own"):
        load_question_set(write(tmp_path, text, "claims.yaml"))
    with pytest.raises(UserError, match="did you mean agreement"):
        load_question_set("agrement")


def test_sets_come_from_the_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "questions").mkdir()
    write(tmp_path / "questions", GOOD)
    monkeypatch.setenv("NEGOSIM_PATH", str(tmp_path))
    assert list(list_question_sets())[-1] == "warmth"
    assert load_question_set("warmth").title == "Warmth"
