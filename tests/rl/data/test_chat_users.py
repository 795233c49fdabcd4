from itertools import pairwise

import pytest

from negosim.agents.users import Transcript
from negosim.errors import BudgetError, ModelError
from negosim.models import ChatRequest, Door, Ledger, ScriptedModel
from negosim.rl import Drops, run_chat_episodes
from negosim.rl.tasks import DONATION, SUPPORT, ChatUser, Task, persona_names, sim_agent, sim_user


def door(model: ScriptedModel) -> Door:
    return Door(model, temperature=0.7, max_tokens=200, attempts=2)


def played(request: ChatRequest) -> dict[str, object]:
    """Answer as a user who says three things and then ends it."""
    last = request.messages[-1].content
    if "nobody watches" in last:
        return {"dollars": 0.75}
    if "How bad do you feel now" in last:
        return {"intensity": 2}
    said = last.count("You: ")
    return {"utterance": f"Line {said}.", "finished": said >= 3}


@pytest.mark.parametrize("task", [DONATION, SUPPORT], ids=lambda task: task.id)
async def test_a_chat_model_plays_every_persona(task: Task) -> None:
    model, ledger = ScriptedModel(played), Ledger()
    users = [ChatUser(task, persona, 1, door(model), ledger) for persona in persona_names(task)]
    made = await run_chat_episodes(sim_agent(task, skill=0.8), users)
    assert [t.meta["persona"] for t in made] == list(persona_names(task))
    for trajectory in made:
        assert trajectory.turns[0].role == task.opening
        assert trajectory.meta["user_model"] == "scripted"
        if task is DONATION:
            assert trajectory.reward == trajectory.meta["donation"] == 0.75
        else:
            assert trajectory.reward == float(str(trajectory.meta["initial_intensity"])) - 2
    assert sum(row.calls for row in ledger.rows()) == len(model.requests)


async def test_a_help_seeker_has_the_problem_of_the_embedded_one() -> None:
    model = ScriptedModel(played)
    user = ChatUser(SUPPORT, "academic pressure", 7, door(model), Ledger())
    twin = sim_user(SUPPORT, "academic pressure", 7)
    opening = await user.reply(Transcript(user.id, None))
    assert model.requests == []  # the first words are given
    situation = twin.facts()["situation"]
    assert opening.text is not None
    assert str(situation) in opening.text
    assert user.facts()["initial_intensity"] == twin.facts()["initial_intensity"]


async def test_a_dialogues_calls_share_their_beginning() -> None:
    model = ScriptedModel(played)
    await run_chat_episodes(
        sim_agent(DONATION), [ChatUser(DONATION, "caring", 0, door(model), Ledger())], cap=4
    )
    systems = {request.messages[0].content for request in model.requests}
    assert len(systems) == 1
    talks = [request.messages[1].content.rsplit("\n\n", 1)[0] for request in model.requests]
    assert all(after.startswith(before) for before, after in pairwise(talks))


async def test_a_failed_user_is_counted_and_gets_no_reward() -> None:
    def mixed(request: ChatRequest) -> object:
        if "curt" in request.messages[0].content:
            return {"utterance": ""}
        if "nobody watches" in request.messages[-1].content and "evidence" in request.messages[0].content:
            return {"dollars": 100}
        return played(request)

    drops = Drops()
    model = ScriptedModel(mixed)  # type: ignore[arg-type]
    users = [ChatUser(DONATION, persona, 0, door(model), Ledger()) for persona in persona_names(DONATION)]
    made = await run_chat_episodes(sim_agent(DONATION), users, drops=drops)
    assert [t.meta["persona"] for t in made] == ["philanthropic", "caring"]
    assert drops.counts == {"the user's model failed (ProtocolError)": 2}


@pytest.mark.parametrize("error", [BudgetError("used up"), ModelError("gone")])
async def test_what_stops_everything_is_raised(error: Exception) -> None:
    if isinstance(error, ModelError):
        error.fault = "key"
    users = [ChatUser(DONATION, "caring", 0, door(ScriptedModel(lambda _: error)), Ledger())]
    with pytest.raises(type(error)):
        await run_chat_episodes(sim_agent(DONATION), users)


async def test_no_reward_before_the_end() -> None:
    with pytest.raises(RuntimeError, match="not concluded"):
        ChatUser(DONATION, "caring", 0, door(ScriptedModel(played)), Ledger()).reward()
