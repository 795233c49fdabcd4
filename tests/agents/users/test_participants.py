"""Simulated users and who talks with them, as participants of the engine."""

import pytest

from negosim import RunConfig, generate, load_scenario, load_taxonomy
from negosim.agents import AgentContext, agent_factory
from negosim.engine import Participant, _continue, continue_dialogue
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.records import Turn
from negosim.seeding import Seed
from negosim.views import Side, side_of

PAIRS = [("donation", "habit:0.4", "user"), ("support", "habit:0.8", "user")]


def side(name: str, role: int, index: int = 0, cap: int | None = None) -> Side:
    scenario = load_scenario(name)
    return side_of(
        scenario,
        role,
        deceptive=False,
        opener=scenario.opener_index,
        max_turns=cap or scenario.max_turns or 0,
        tactics=load_taxonomy("persuasion"),
        techniques=load_taxonomy("deception"),
        seed=Seed(3, name, index),
    )


def seated(spec: str, of: Side) -> Participant:
    parsed = ModelSpec.parse(spec)
    agent = agent_factory(parsed.kind).make(AgentContext(parsed, of))
    return Participant(agent, agent, of)  # type: ignore[arg-type]


def both(name: str, one: str, other: str, index: int = 0) -> list[Participant]:
    return [seated(spec, side(name, role, index)) for role, spec in enumerate((one, other))]


@pytest.mark.parametrize(("name", "one", "other"), PAIRS)
async def test_any_prefix_is_continued_as_the_whole_was(name: str, one: str, other: str) -> None:
    scenario = load_scenario(name)
    for index in range(2):
        whole = await continue_dialogue(scenario, [], both(name, one, other, index))
        assert len(whole.turns) > 4
        answers = [m for m in whole.measurements if m.moment == "after"]
        assert [m.status for m in answers] == ["ok"]
        for cut in (1, 2, len(whole.turns) // 2, len(whole.turns) - 1):
            again = await continue_dialogue(scenario, whole.turns[:cut], both(name, one, other, index))
            assert again.turns == whole.turns
            assert [m for m in again.measurements if m.moment == "after"] == answers


@pytest.mark.parametrize(("name", "one", "other"), PAIRS)
async def test_the_graph_and_the_walk_take_the_same_steps(
    name: str, one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario(name)
    for planner in ("direct", "rollout"):
        walked = await continue_dialogue(scenario, [], both(name, one, other), planner=planner)
        with monkeypatch.context() as patch:
            patch.setattr(_continue, "nobody_plans", lambda context, chain: False)
            by_graph = await continue_dialogue(scenario, [], both(name, one, other), planner=planner)
        assert by_graph == walked


async def test_a_branch_depends_on_what_was_said() -> None:
    scenario = load_scenario("donation")
    whole = await continue_dialogue(scenario, [], both("donation", "habit:1", "user:caring"))
    pushed = whole.turns[2].utterance.model_copy(
        update={"text": "How can you sleep while children are dying?"}
    )
    prefix: list[Turn] = [*whole.turns[:2], whole.turns[2].model_copy(update={"utterance": pushed})]
    branched = await continue_dialogue(scenario, prefix, both("donation", "habit:1", "user:caring"))
    assert branched.turns[3] != whole.turns[3]


def test_a_run_folder_has_rewards_and_tactics(tmp_path) -> None:
    run = generate(
        RunConfig(scenarios="donation", models=["habit:1", "user"], dialogues=8, seed=5), out=tmp_path / "r"
    )
    made = list(run)
    given = [dialogue.outcome.rewards[0] for dialogue in made if dialogue.outcome.rewards]
    assert len(given) == 8
    assert max(given) > 0.5
    assert given == [dialogue.measurements[-1].value for dialogue in made]
    assert {dialogue.end for dialogue in made} <= {"walk_away", "max_turns"}
    assert all(turn.tactic for dialogue in made for turn in dialogue.turns[:1])
    again = RunConfig(scenarios="donation", models=["habit:1", "user"], dialogues=8, seed=5, concurrency=4)
    other = list(generate(again, out=tmp_path / "s"))
    assert sorted(d.transcript() for d in other) == sorted(d.transcript() for d in made)


@pytest.mark.parametrize(
    ("scenario", "models", "wrong"),
    [
        ("viatex", ["user", "sim"], "the scenario does not say that such a participant can"),
        ("donation", ["user", "user"], "'user' is a user, and Robin"),
        ("donation", ["sim", "habit:0.3"], "who talks with a user"),
        ("donation", ["sim", "user:sceptical"], "did you mean skeptical"),
        ("support", ["sim", "user:skeptical"], "has no user"),
        ("donation", ["habit:2", "user"], "a number from 0 to 1"),
        ("donation", ["habit", "user"], "a number from 0 to 1"),
        ("donation", ["sim", "user?temperature=1"], "it takes no settings"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_made(
    scenario: str, models: list[str], wrong: str, tmp_path
) -> None:
    with pytest.raises(UserError, match=wrong):
        generate(RunConfig(scenarios=scenario, models=models), out=tmp_path / "r")
    assert not (tmp_path / "r").exists()
