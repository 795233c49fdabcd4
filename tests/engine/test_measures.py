"""Measures in play: who is asked what when, what is recorded, and that nobody ever sees an answer."""

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from negosim import RunConfig, generate
from negosim.errors import ModelError, UserError
from negosim.models import ScriptedModel
from negosim.records import Measurement
from negosim.registry import reward
from negosim.store import Run
from negosim.terminal import lens_of, print_dialogue

CANARY = "xylophone"


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Return the file of a scenario without issues, whose measures have a canary for an option's id."""
    role = {"position": "neighbour", "brief": "You have a view.", "interests": ["quiet"]}
    grades = {"answer": "scale", "scale": {0: "not at all", 100: "fully"}}
    data = {
        "schema_version": 2,
        "id": "talk",
        "title": "A talk",
        "source": "Made up for the tests.",
        "summary": "Two neighbours talk.",
        "context": "The council asks for views.",
        "claim": "The square should be closed to cars.",
        "opener": "ada",
        "max_turns": 4,
        "issues": [],
        "measures": [
            {
                "id": "stance",
                "asked_of": ["ada", "ben"],
                "when": ["before", "after"],
                "question": "How far do you agree?",
                **grades,
            },
            {
                "id": "mood",
                "asked_of": "ben",
                "when": "each_turn",
                "question": "How are you?",
                "answer": "choice",
                "options": [{"id": "calm", "label": "calm"}, {"id": "cross", "label": "cross"}],
            },
        ],
        "roles": [
            {**role, "id": "ada", "name": "Ada", "priors": {"stance": 80}, "reward": "ben.after.stance"},
            {
                **role,
                "id": "ben",
                "name": "Ben",
                "reward": "before.stance - after.stance + (1 if last.mood == 'cross' else 0)",
            },
        ],
    }
    path = tmp_path / "talk.yaml"
    path.write_text(json.dumps(data))
    return path


def scripted(make: Callable[..., ScriptedModel], *answers: Any) -> ScriptedModel:
    """Return a model that gives these answers to measures in their order, and talks otherwise."""
    left = iter(answers)
    talk = {"move": {"action": "talk", "offer": None}}

    def speak(request: Any) -> Any:
        return {"utterance": f"I say {request.seed}.", **talk}

    def measure(request: Any) -> Any:
        given = next(left)
        return given if isinstance(given, ModelError) else {"answer": given}

    return make(Measure=measure, Speak=speak)


def played(talk: Path, model: ScriptedModel, **settings: Any) -> Any:
    config = RunConfig(scenarios=str(talk), models="scripted", planner="direct", **settings)
    run = generate(config, out=talk.parent / "run", chat_models={"scripted": model}, cache=False)
    return run, next(iter(run))


def test_each_is_asked_at_its_moment_and_what_it_came_to_is_stored(
    talk: Path, player: Callable[..., ScriptedModel]
) -> None:
    run, dialogue = played(talk, scripted(player, 81, 12, "calm", "calm", "cross", "cross", 70, 33))
    asked = [(m.measure, m.role, m.moment, m.turns, m.value) for m in dialogue.measurements]
    assert asked == [
        ("stance", 0, "before", 0, 81),
        ("stance", 1, "before", 0, 12),
        *(("mood", 1, "each_turn", n, "calm" if n < 3 else "cross") for n in range(1, 5)),
        ("stance", 0, "after", 4, 70),
        ("stance", 1, "after", 4, 33),
    ]
    assert dialogue.outcome.status == "not_applicable"
    assert dialogue.outcome.rewards == (33.0, 12.0 - 33.0 + 1.0)
    assert len(dialogue.turns) == 4
    row = run.to_frame().iloc[0]
    columns = ["before_stance_1", "after_stance_2", "last_mood_2", "reward_2"]
    assert [row[name] for name in columns] == [81, 33, "cross", -20]
    assert [call.stage for call in dialogue.calls].count("measure") == 8


def test_an_answer_that_cannot_be_had_is_recorded_and_ends_nothing(
    talk: Path, player: Callable[..., ScriptedModel]
) -> None:
    broken = [80, ModelError("status 500 (4 attempts)"), *["calm"] * 4, 70, *[999] * 9]
    _, dialogue = played(talk, scripted(player, *broken))
    assert dialogue.status == "complete"
    wrong = [m for m in dialogue.measurements if m.status != "ok"]
    assert [(m.moment, m.role, m.status, m.value) for m in wrong] == [
        ("before", 1, "error", None),
        ("after", 1, "invalid", None),
    ]
    assert all(m.reason for m in wrong)
    assert dialogue.outcome.rewards == (None, None)


def test_no_answer_is_seen_by_anybody_or_remembered(talk: Path, player: Callable[..., ScriptedModel]) -> None:
    """Answers are canaries: a number and a word that stand nowhere but in the questions."""
    text = talk.read_text().replace("cross", CANARY)
    talk.write_text(text)
    model = scripted(player, 73, 73, *[CANARY] * 4, 73, 73)
    run, dialogue = played(talk, model)
    assert any(m.value == 73 for m in dialogue.measurements)
    for request in model.requests:
        said = "".join(message.content for message in request.messages)
        assert "- 73\n" in said or "73" not in said
        assert CANARY not in said or request.schema_name == "Measure"
        transcript = said.partition("# The conversation so far")[2].partition("# Task")[0]
        assert CANARY not in transcript
        assert "How far do you agree?" not in transcript
    scenario = run.scenario("talk")
    for view, shown in (("public", False), ("ada", False), ("ben", True), ("all", True)):
        printed = io.StringIO()
        print_dialogue(Console(file=printed), dialogue, scenario, lens_of(view, scenario))
        assert (CANARY in printed.getvalue()) == shown, view


def test_a_run_goes_on_without_asking_again(talk: Path, player: Callable[..., ScriptedModel]) -> None:
    """What was kept before a stop is kept: the same measurements, none asked twice."""
    from negosim.engine import resume_async

    calls = iter(range(99))

    def measure(request: Any) -> Any:
        if next(calls) == 4:
            raise KeyboardInterrupt
        options = request.schema["properties"]["answer"].get("enum")
        return {"answer": options[0]}

    with pytest.raises(KeyboardInterrupt):
        played(talk, player(Measure=measure))
    model = player(Measure=lambda r: {"answer": r.schema["properties"]["answer"]["enum"][0]})
    run = asyncio.run(resume_async(talk.parent / "run", chat_models={"scripted": model}, cache=False))
    dialogue = next(iter(run))
    assert [(m.moment, m.turns) for m in dialogue.measurements] == [
        *[("before", 0)] * 2,
        *(("each_turn", n) for n in range(1, 5)),
        *[("after", 4)] * 2,
    ]
    assert sum(request.schema_name == "Measure" for request in model.requests) == 4


def test_a_named_function_rewards(talk: Path, player: Callable[..., ScriptedModel]) -> None:
    @reward("turns-of-talk")
    def turns(context: Any) -> float:
        return float(len(context.turns))

    named = talk.read_text().replace(
        '"reward": "ben.after.stance"', '"reward": {"function": "turns-of-talk"}'
    )
    talk.write_text(named)
    _, dialogue = played(talk, scripted(player, 1, 2, *["calm"] * 4, 3, 4))
    assert dialogue.outcome.rewards == (4.0, -2.0)
    talk.write_text(named.replace("turns-of-talk", "turn-of-talk"))
    with pytest.raises(UserError, match="no reward function 'turn-of-talk'"):
        played(talk, scripted(player))


def test_what_answers_no_questions_says_so() -> None:
    with pytest.raises(ValueError, match="does not go with"):
        Measurement(measure="m", role=0, moment="after", turns=1, status="refused", value=1)


def test_runs_are_read_again(talk: Path, player: Callable[..., ScriptedModel]) -> None:
    run, dialogue = played(talk, scripted(player, 81, 12, *["calm"] * 4, 70, 33))
    assert next(iter(Run.open(run.path))) == dialogue
