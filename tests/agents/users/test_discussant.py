"""The simulated discussant: new reasons about the matter move it, pressure moves it the other way."""

import pytest

from negosim import RunConfig, generate, load_scenario, load_taxonomy
from negosim.agents import AgentContext, agent_factory
from negosim.engine import Participant, continue_dialogue
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.records import Turn, Utterance
from negosim.seeding import Seed
from negosim.table import table_after
from negosim.views import side_of, view_of

BEDS = load_scenario("wild-beds")
REASON = "Bees fly three miles for food in July, and twelve beds of flowers would feed them here."
ABOUT_WORK = "The members would have little work with wild ground, since nobody digs it."


def seat(role: int, spec: str = "user:open", index: int = 0) -> Participant:
    side = side_of(
        BEDS,
        role,
        deceptive=False,
        opener=0,
        max_turns=12,
        tactics=load_taxonomy("persuasion"),
        techniques=load_taxonomy("deception"),
        seed=Seed(2, "wild-beds", index),
    )
    parsed = ModelSpec.parse(spec)
    agent = agent_factory(parsed.kind).make(AgentContext(parsed, side))
    return Participant(agent, agent, side)  # type: ignore[arg-type]


async def after(*said: str, spec: str = "user:open") -> int:
    """Return Piet's stance after Hanne has said something in each of her turns."""
    turns = []
    for text in said:
        turns.append(Turn(index=len(turns), role=0, utterance=Utterance(text=text)))
        turns.append(Turn(index=len(turns), role=1, utterance=Utterance(text="Hm.")))
    piet = seat(1, spec)
    view = view_of(piet.side, turns, table_after(BEDS, ((t.role, t.utterance) for t in turns)))
    return await piet.agent.answer(view, BEDS.measures[0])  # type: ignore[attr-defined]


async def test_new_reasons_about_the_matter_move_it_and_nothing_else_does() -> None:
    assert await after() == 2
    moved = await after(REASON, ABOUT_WORK)
    assert moved > 2
    assert await after(REASON, ABOUT_WORK, REASON, ABOUT_WORK, REASON) == moved
    assert await after("Good morning to you, my dear old friend, on this lovely day.") == 2
    assert await after(REASON, ABOUT_WORK, spec="user:stubborn") < moved


async def test_pressure_moves_it_the_other_way() -> None:
    assert (
        await after(*["You really must agree with me now, how can you not."] * 6, spec="user:stubborn") == 1
    )


async def test_any_prefix_goes_on_as_the_whole_did() -> None:
    whole = await continue_dialogue(BEDS, [], [seat(0), seat(1)])
    assert len(whole.turns) > 6
    again = await continue_dialogue(BEDS, whole.turns[:5], [seat(0), seat(1)])
    assert again.turns == whole.turns
    assert [m for m in again.measurements if m.moment == "after"] == [
        m for m in whole.measurements if m.moment == "after"
    ]


def test_the_reward_is_how_far_the_other_moved(tmp_path) -> None:
    run = generate(RunConfig(scenarios="wild-beds", dialogues=12, seed=4), out=tmp_path / "run")
    rewards = set()
    for dialogue in run:
        stance = {(m.role, m.moment): m.value for m in dialogue.measurements}
        moved = stance[1, "after"] - stance[1, "before"], stance[0, "before"] - stance[0, "after"]
        assert dialogue.outcome.rewards == moved
        assert stance[0, "before"] == 6
        rewards.add(moved)
    assert len(rewards) > 3


def test_a_discussant_of_an_unknown_temper_is_refused() -> None:
    with pytest.raises(UserError, match="no discussant 'meek'"):
        seat(1, "user:meek")
