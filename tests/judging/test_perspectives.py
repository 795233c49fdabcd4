"""Perspectives of judges: nothing private of anybody else is in them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from negosim import Run
from negosim.judging import judge
from negosim.judging._reader import Reader
from negosim.models import ScriptedModel
from negosim.prompts import Prompts
from negosim.records import Claim, Dialogue
from negosim.scenarios import Scenario, load_scenario
from negosim.taxonomies import load_taxonomy

TAXONOMIES = load_taxonomy("persuasion"), load_taxonomy("deception")


def marked(scenario: Scenario) -> Scenario:
    """Return a scenario in whose every private text there is a mark of its role."""
    roles = []
    for number, role in enumerate(scenario.roles):
        mark = f"CANARY{number}"
        roles.append(
            role.model_copy(
                update={
                    "brief": f"{mark} brief",
                    "interests": (f"{mark} interest",),
                    "alternative": f"{mark} alternative",
                    "secrets": (f"{mark} secret",),
                    "deceptive_brief": f"{mark} may lie",
                    "arguments": {scenario.issues[0].id: (f"{mark} argument",)},
                    "payoff": role.payoff.model_copy(
                        update={"reservation": 4242.5 + number, "target": 8484.5 + number}
                    ),
                }
            )
        )
    return scenario.model_copy(update={"roles": tuple(roles)})


def private(dialogue: Dialogue) -> Dialogue:
    """Return a dialogue in whose every private field there is a mark of its role."""
    turns = []
    for turn in dialogue.turns:
        mark = f"CANARY{turn.role}"
        claim = Claim(subject="fact", quote=f"{mark} claim", true=False, actual=f"{mark} actual")
        turns.append(
            turn.model_copy(
                update={
                    "reflection": f"{mark} thought",
                    "draft": f"{mark} draft",
                    "tactic": f"{mark}-tactic",
                    "claims": (claim,),
                    "rollouts": (),
                    "chosen": None,
                }
            )
        )
    return dialogue.model_copy(update={"turns": tuple(turns), "models": ("CANARYmodel", "CANARYmodel")})


def text_of(dialogue: Dialogue, scenario: Scenario, perspective: str, **values: Any) -> str:
    reader = Reader(
        dialogue,
        scenario,
        perspective,
        prompts=Prompts(scenario.id),
        taxonomies=TAXONOMIES,
        max_turns=30,
    )
    asked = {"title": "t", "instructions": "", "questions": [], **values}
    return "\n".join(message.content for message in reader.messages("questions", **asked))


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> list[Dialogue]:
    from negosim import RunConfig, generate

    config = RunConfig.model_validate(
        {
            "scenarios": ("viatex", "camp-lemonnier", "casino-two"),
            "conditions": ("honest", "deceptive-1", "deceptive-1-2"),
            "max_turns": 6,
        }
    )
    return list(generate(config, out=tmp_path_factory.mktemp("runs") / "run"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(number=st.integers(0, 8), perspective=st.sampled_from(["third_party", "agent_1", "agent_2"]))
def test_nothing_private_of_another_side_is_seen(
    dialogues: list[Dialogue], number: int, perspective: str
) -> None:
    dialogue = private(dialogues[number])
    text = text_of(dialogue, marked(load_scenario(dialogue.scenario)), perspective)
    own = {"agent_1": 0, "agent_2": 1}.get(perspective)
    for role in (0, 1):
        for mark in (f"CANARY{role}", f"{4242.5 + role}", f"{8484.5 + role}"):
            assert (mark in text) == (role == own), mark
    assert (f"CANARY{own} may lie" in text) == (own in dialogue.condition.deceptive)
    assert "CANARYmodel" not in text
    for turn in dialogue.turns:
        assert turn.utterance.text in text
        assert (f"CANARY{turn.role} thought" in text) == (turn.role == own)
        assert f"CANARY{turn.role} claim" not in text


def test_a_neutral_reader_cannot_tell_the_condition(dialogues: list[Dialogue]) -> None:
    honest = next(item for item in dialogues if not item.condition.deceptive)
    lying = honest.model_copy(update={"condition": dialogues[2].condition, "models": ("a", "b")})
    scenario = load_scenario(honest.scenario)
    assert text_of(honest, scenario, "third_party") == text_of(lying, scenario, "third_party")


def test_every_sheet_of_a_perspective_shares_its_beginning(
    make_run: Callable[..., Run], filler: Callable[..., ScriptedModel]
) -> None:
    run, model = make_run(), filler()
    judge(run, judges=["m"], chat_models={"m": model}, repeats=2)
    by_system: dict[str, list[str]] = {}
    for request in model.requests:
        system, user = request.messages
        by_system.setdefault(system.content, []).append(user.content)
    assert len(by_system) == 3
    for tasks in by_system.values():
        assert len(tasks) >= 6
        assert len({task.split("# Task:")[0] for task in tasks}) == 1
        assert len({task.split("# Task:")[1] for task in tasks}) > 2
