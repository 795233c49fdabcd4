"""Double blind: what one role keeps private never reaches a prompt or text meant for another."""

from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Any

import pytest

from negosim import Condition, Run, RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel
from negosim.scenarios import Scenario, check_scenario, load_scenario

Player = Callable[..., ScriptedModel]


def canary(role: int, what: str) -> str:
    return f"CANARY-{role}-{what}-"


def planted(roles: int) -> Scenario:
    """Viatex with a canary in every confidential field, for two roles or three."""
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    third = {**deepcopy(data["roles"][1]), "id": "third", "name": "Tove Third"}
    data["roles"] = [*data["roles"], third][:roles]
    for index, role in enumerate(data["roles"]):
        for field in ("brief", "alternative", "deceptive_brief"):
            role[field] = canary(index, field)
        for field in ("interests", "secrets"):
            role[field] = [canary(index, field)]
        role["arguments"] = {issue: [canary(index, "argument")] for issue in role["arguments"]}
        for field in ("disclosures", "fabrications"):
            role[field] = {kind: [canary(index, field)] for kind in ("alternative", "deadline", "fact")}
        role["payoff"]["reservation"] = 40 + index / 1000
        role["payoff"]["target"] = 70 + index / 1000
    scenario, problems = check_scenario(data)
    assert scenario, problems
    return scenario


def speaker(request: ChatRequest, scenario: Scenario) -> int:
    """Tell whose call it is from the fixed part of the prompt."""
    (role,) = (
        i
        for i, r in enumerate(scenario.roles)
        if request.messages[0].content.startswith(f"You are {r.name},")
    )
    return role


def leaky(player: Player, scenario: Scenario) -> ScriptedModel:
    """A model that writes a canary of its role into every private answer, and speaks plainly in public."""
    numbers = count()

    def private(*fields: str) -> Callable[[ChatRequest], Any]:
        return lambda r: {field: canary(speaker(r, scenario), field) + str(next(numbers)) for field in fields}

    def thought(request: ChatRequest) -> Any:
        own, fields = speaker(request, scenario), request.schema["properties"]
        tactics = fields["candidate_1"]["properties"]["tactic"]["enum"]
        return {
            name: canary(own, "reflection")
            if name == "reflection"
            else {
                "tactic": tactics[number],
                "utterance": canary(own, "u"),
                "expected_reply": canary(own, "r"),
            }
            for number, name in enumerate(fields)
        }

    def judged(request: ChatRequest) -> Any:
        reason = canary(speaker(request, scenario), "reason")
        return {name: {"reason": reason, "score": i} for i, name in enumerate(request.schema["properties"])}

    def said(request: ChatRequest) -> Any:
        return {
            "utterance": f"Public words number {next(numbers)}.",
            "move": {"action": "talk", "offer": None},
        }

    return player(
        ReflectionAnswer=private("reflection"),
        RolloutAnswer=private("utterance", "expected_reply"),
        Think=thought,
        Judge=judged,
        Speak=said,
        ConsolidateAnswer=lambda request: {"utterance": f"Revised words number {next(numbers)}."},
    )


@pytest.fixture
def play(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    def run(scenario: Scenario, model: ScriptedModel, **settings: Any) -> Run:
        monkeypatch.setattr("negosim.engine._plan.load_scenario", lambda reference: scenario)
        config = RunConfig(
            scenarios=("planted",), models=("scripted",), max_turns=12, votes="always", **settings
        )
        return generate(config, out=tmp_path / "run", chat_models={"scripted": model})

    return run


@pytest.mark.parametrize("roles", [2, 3])
@pytest.mark.parametrize(
    ("planner", "calls"),
    [("rollout", "separate"), ("rollout", "fused"), ("reflect", "separate"), ("direct", "separate")],
)
@pytest.mark.parametrize("deceptive", [(), (1,), (0, 1)])
def test_no_role_ever_sees_what_another_keeps_private(
    player: Player, play: Callable[..., Run], roles: int, planner: str, calls: str, deceptive: tuple[int, ...]
) -> None:
    scenario = planted(roles)
    model = leaky(player, scenario)
    run = play(scenario, model, planner=planner, calls=calls, conditions=(Condition(deceptive=deceptive),))
    (dialogue,) = run
    assert len(dialogue.turns) == 12
    seen = set()
    for request in model.requests:
        own, text = speaker(request, scenario), "".join(message.content for message in request.messages)
        seen.add(own)
        assert canary(own, "brief") in text
        for other in range(roles):
            if other != own:
                assert f"CANARY-{other}-" not in text
                assert f"40.00{other}" not in text
    assert seen == set(range(roles))
    for turn in dialogue.turns:
        assert "CANARY" not in turn.utterance.text


def test_the_extra_brief_is_shown_in_the_deceptive_condition_only(
    player: Player, play: Callable[..., Run]
) -> None:
    scenario = planted(2)
    model = leaky(player, scenario)
    play(scenario, model, conditions=(Condition(deceptive=(1,)),))
    for request in model.requests:
        role, text = speaker(request, scenario), request.messages[0].content
        assert (canary(role, "deceptive_brief") in text) == (role == 1)
        thinks = request.schema_name in ("ReflectionAnswer", "Tactics")
        assert ("# Techniques of deception" in text) == (role == 1 and thinks)
        assert ("do not say anything you know to be false" in text) == (role == 0)
        assert ("false-promises" in text) == (role == 1 and thinks)


def test_the_oracle_judge_alone_sees_the_other_side(player: Player, play: Callable[..., Run]) -> None:
    scenario = planted(2)
    model = leaky(player, scenario)
    play(scenario, model, judge_view="oracle")
    for request in model.requests:
        other = 1 - speaker(request, scenario)
        text = "".join(message.content for message in request.messages)
        assert (canary(other, "brief") in text) == (request.schema_name == "Judge")


def test_calls_of_an_agent_share_their_beginning(player: Player, play: Callable[..., Run]) -> None:
    """Apart from the stage's instruction, each prompt extends what the agent was shown before."""
    scenario = planted(2)
    model = leaky(player, scenario)
    play(scenario, model)
    for role in (0, 1):
        mine = [request for request in model.requests if speaker(request, scenario) == role]
        assert {len(request.messages) for request in mine} == {2}
        # Stages that think have the lists of tactics besides.
        short, long = sorted({request.messages[0].content for request in mine}, key=len)
        assert long.startswith(short.rstrip("\n"))
        for system in (short, long):
            shown = ""
            for request in (each for each in mine if each.messages[0].content == system):
                transcript = request.messages[1].content.partition("\n# Where things stand\n")[0]
                assert transcript.startswith(shown.rstrip("\n"))
                shown = transcript
