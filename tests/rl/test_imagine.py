"""Dialogues imagined from nothing: by what comes with negosim, and whole by a chat model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from negosim import RunConfig, generate, load_scenario, resume
from negosim.errors import BudgetError, UserError
from negosim.models import Budget, ChatRequest, ScriptedModel
from negosim.rl import imagine, prepare, read_trajectories
from negosim.store import Run


@pytest.mark.parametrize(("scenario", "count"), [("donation", 6), ("support", 6), ("viatex", 2)])
def test_without_a_model_the_corpus_is_made_of_a_run(scenario: str, count: int, tmp_path: Path) -> None:
    card = imagine(scenario, tmp_path / "a", dialogues=count, seed=2, run=tmp_path / "run")
    made = list(read_trajectories(tmp_path / "a"))
    assert card.trajectories == len(made) == len({one.turns for one in made}) == count
    assert [one.outcome.status for one in Run.open(tmp_path / "run")].count("unknown") == 0
    imagine(scenario, tmp_path / "b", dialogues=count, seed=2, concurrency=1, run=tmp_path / "b-run" / "run")
    assert list(read_trajectories(tmp_path / "b")) == made


TALK = {"action": "talk", "offer": None}


def script(scenario: str, mark: str, lines: int = 5) -> dict[str, Any]:
    """Write a dialogue in which the roles speak in turn and then part, or agree."""
    loaded = load_scenario(scenario)
    ids = [role.id for role in loaded.roles]
    start = loaded.opener_index
    said: list[dict[str, Any]] = [
        {
            "speaker": ids[(start + number) % len(ids)],
            "move": dict(TALK),
            "utterance": f"Line {number}, {mark}.",
        }
        for number in range(lines)
    ]
    if loaded.issues:
        offer = {issue.id: issue.values[0] for issue in loaded.issues}
        said[-len(ids)]["move"] = {"action": "offer", "offer": offer}
        for line in said[1 - len(ids) :]:
            line["move"] = {"action": "accept", "offer": None}
    return {"lines": said, "ended": True}


def writer(scenario: str, lines: int = 5) -> ScriptedModel:
    def writes(request: ChatRequest) -> Mapping[str, Any]:
        if request.schema_name == "Script":
            return script(scenario, f"{request.seed % 1000}", lines)
        return {"answer": 2 if scenario == "support" else 1}

    return ScriptedModel(writes)


@pytest.mark.parametrize(
    ("scenario", "lines"),
    [("donation", 5), ("support", 5), ("west-wind", 4), ("viatex", 4), ("heron-mill", 6)],
)
def test_a_chat_model_writes_all_sides_in_one_call(scenario: str, lines: int, tmp_path: Path) -> None:
    model = writer(scenario, lines)
    card = imagine(
        scenario, tmp_path / "a", dialogues=5, model="m", chat_models={"m": model}, run=tmp_path / "r"
    )
    run, loaded = Run.open(tmp_path / "r"), load_scenario(scenario)
    scripts = [r.messages[1].content for r in model.requests if r.schema_name == "Script"]
    assert len(scripts) == len(run) == card.trajectories == 5
    assert all(role.brief.split(".")[0] in scripts[0] for role in loaded.roles if not role.simulated)
    assert {len(one.turns) for one in run} == {lines}
    ends = {(one.end, one.outcome.status) for one in run}
    assert ends == {("concluded", "agreement") if loaded.issues else ("walk_away", "not_applicable")}
    assert sum(row.calls for one in run for row in one.account) == len(model.requests)
    if scenario in ("donation", "support"):
        assert len(set(scripts)) > 1  # other persons
        assert {one.meta["persona" if scenario == "donation" else "problem_type"] for one in made(tmp_path)}


def made(tmp_path: Path) -> Any:
    return read_trajectories(tmp_path / "a")


def test_of_a_dialogue_begun_the_rest_is_written_anew(tmp_path: Path) -> None:
    """A stopped run goes on: what was said stays, and no dialogue is written twice."""
    model = writer("donation")
    short = Budget(tokens=4000)
    config = RunConfig(scenarios="donation", models="imagined:m", dialogues=4, planner="direct")
    with pytest.raises(BudgetError):
        generate(config, out=tmp_path / "r", chat_models={"m": model}, budget=short)
    before = {one.id: one for one in Run.open(tmp_path / "r")}
    assert len(before) < 4
    run = resume(tmp_path / "r", chat_models={"m": model})
    assert len(run) == 4
    assert {one.id: one for one in run} | before == {one.id: one for one in run}
    assert prepare(tmp_path / "r", tmp_path / "a").trajectories == 4


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s["lines"].clear(), "no usable answer"),
        (lambda s: s["lines"].pop(0), "Robin speaks first"),
        (lambda s: s["lines"].insert(0, s["lines"][0]), "twice in a row"),
        (lambda s: s["lines"][1]["move"].update(action="walk_away"), "over before"),
        (lambda s: s.update(ended=False), "neither over"),
    ],
)
def test_what_is_no_dialogue_is_asked_for_again_and_fails_its_dialogue(
    change: Any, reason: str, tmp_path: Path
) -> None:
    def writes(request: ChatRequest) -> Any:
        answer = script("donation", "x")
        change(answer)
        return answer

    config = RunConfig(scenarios="donation", models="imagined:m", planner="direct")
    (dialogue,) = generate(config, out=tmp_path / "r", chat_models={"m": ScriptedModel(writes)})
    assert dialogue.failure is not None
    assert reason in dialogue.failure.message


def test_who_writes_all_sides_is_named_for_all_and_is_a_chat_model(tmp_path: Path) -> None:
    for models, wrong in [
        (("imagined:openai:x", "user"), "name it for all roles"),
        (("imagined:sim",), "no chat model"),
        (("imagined",), "imagined:openai:NAME"),
    ]:
        with pytest.raises(UserError, match=wrong):
            generate(RunConfig(scenarios="donation", models=models, planner="direct"), out=tmp_path / "r")
    with pytest.raises(UserError, match="agent 2"):
        imagine("donation", tmp_path / "a", learner=2, run=tmp_path / "r")
    assert not any((tmp_path / name).exists() for name in ("a", "r"))
