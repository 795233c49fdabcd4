"""Users played by a chat model: the embedded users' persons, as briefs."""

from itertools import pairwise
from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.agents.users import number_of, persona_names, sim_user, user_named
from negosim.errors import UserError
from negosim.models import ChatRequest, ScriptedModel
from negosim.store import Run


def says(request: ChatRequest) -> dict[str, object]:
    """Answer as a user who says three things and then leaves."""
    last = request.messages[-1].content
    if "private question" in last:
        return {"answer": 0.75 if "two dollars" in last else 2}
    said = last.count("] You: ")
    return {
        "utterance": f"Line {said}.",
        "move": {"action": "walk_away" if said >= 3 else "talk", "offer": None},
    }


def played(out: Path, scenario: str, model: ScriptedModel, *models: str, dialogues: int = 4) -> Run:
    config = RunConfig(scenarios=scenario, models=models, dialogues=dialogues, seed=-1, planner="direct")
    return generate(config, out=out, chat_models={"openai:x": model})


@pytest.mark.parametrize("scenario", ["donation", "support"])
def test_a_chat_model_plays_every_persona(scenario: str, tmp_path: Path) -> None:
    model, names = ScriptedModel(says), persona_names(scenario)
    run = played(tmp_path / "r", scenario, model, "habit:0.8", "chat:openai:x", dialogues=len(names))
    users = [user_named(run.scenario(scenario), one) for one in run]
    assert {user.persona for user in users if user} == set(names)
    for dialogue, user in zip(run, users, strict=True):
        assert user is not None
        assert dialogue.end == "walk_away"
        assert dialogue.outcome.rewards is not None
        before = float(str(user.facts().get("initial_intensity", 2.75)))
        assert dialogue.outcome.rewards[0] == (0.75 if scenario == "donation" else before - 2)
    assert sum(row.calls for one in run for row in one.account) == len(model.requests)


def test_a_help_seeker_is_the_person_of_the_embedded_one(tmp_path: Path) -> None:
    model = ScriptedModel(says)
    run = played(
        tmp_path / "r", "support", model, "habit:0.3", "chat:academic-pressure:openai:x", dialogues=1
    )
    twin = sim_user("support", "academic pressure", number_of(-1, 0))
    assert str(twin.facts()["situation"]) in next(iter(run)).turns[0].utterance.text
    assert str(twin.facts()["situation"]) in model.requests[0].messages[0].content


def test_a_dialogues_calls_share_their_beginning_and_nobody_else_reads_the_persona(tmp_path: Path) -> None:
    users, agents = ScriptedModel(says), ScriptedModel(says)
    config = RunConfig(
        scenarios="donation",
        models=["openai:agent", "chat:skeptical:openai:x"],
        planner="direct",
    )
    generate(config, out=tmp_path / "r", chat_models={"openai:x": users, "openai:agent": agents})
    canary = "seen charities misuse money"
    assert len({request.messages[0].content for request in users.requests}) == 1
    assert canary in users.requests[0].messages[0].content
    talks = [request.messages[1].content.rsplit("\n# Task", 1)[0] for request in users.requests]
    assert all(after.startswith(before.rstrip("\n")) for before, after in pairwise(talks))
    assert agents.requests
    assert not any(canary in message.content for request in agents.requests for message in request.messages)


def test_a_user_that_gives_no_usable_answer_fails_its_dialogue_alone(tmp_path: Path) -> None:
    def mixed(request: ChatRequest) -> object:
        return {"utterance": ""} if "curt" in request.messages[0].content else says(request)

    run = played(tmp_path / "r", "donation", ScriptedModel(mixed), "habit:0.3", "chat:openai:x")  # type: ignore[arg-type]
    assert sorted(one.status for one in run) == ["complete"] * 3 + ["failed"]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["chat:openai:x", "user"], "is a user, and Robin"),
        (["habit:0.3", "chat:"], "lacks the model"),
        (["habit:0.3", "chat:skeptical"], "lacks the model"),
        (["habit:0.3", "chat:curt:openai:x"], "unknown model 'curt:openai:x'"),
        (["habit:0.3", "chat:sim"], "no chat model"),
        (["habit:0.3", "user:caring+carin"], "no user 'carin'"),
        (["habit:0.3", "user:caring+caring"], "twice"),
    ],
)
def test_what_is_named_wrongly_is_said(models: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        played(tmp_path / "r", "donation", ScriptedModel(says), *models)


def test_personas_that_are_named_take_turns(tmp_path: Path) -> None:
    config = RunConfig(
        scenarios="donation", models=["habit:0.3", "user:caring+skeptical"], dialogues=4, seed=2
    )
    run = generate(config, out=tmp_path / "r")
    users = [user_named(run.scenario("donation"), one) for one in run]
    assert [user.persona for user in users if user] == ["caring", "skeptical"] * 2


def test_no_run_from_seed_0_on_has_a_user_of_an_evaluation() -> None:
    assert [number_of(-1, index) for index in (0, 1, 2)] == [-1, -2, -3]
    assert number_of(-2, 0) == -10_000_001
    assert number_of(1, 5) == 10_000_005
