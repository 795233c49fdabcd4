from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from negosim.agents.users import Transcript
from negosim.errors import BudgetError, ModelError, UserError
from negosim.models import ChatRequest, ScriptedModel
from negosim.rl import read_card, read_trajectories, simulate, write_trajectories
from negosim.rl.evaluation import (
    Contender,
    Evaluated,
    Failed,
    HabitAgent,
    evaluate,
    evaluation_users,
    open_agents,
)
from negosim.rl.tasks import DONATION, SUPPORT, Task


async def evaluated(
    names: Sequence[str],
    task: Task = DONATION,
    dialogues: int = 24,
    *,
    models: dict[str, ScriptedModel] | None = None,
    kinds: Sequence[str] = (),
    seed: int = 0,
) -> Evaluated:
    async with open_agents(names, task, chat_models=models, seed=seed) as agents:
        return await evaluate(agents, task, dialogues, kinds=kinds, seed=seed)


GONE = ModelError("no such key")
GONE.fault = "key"


class Mute:
    """Fails with every third user, and says nothing to another third."""

    async def say(self, transcripts: Sequence[Transcript]) -> Sequence[str | Failed]:
        kinds = [abs(int(one.id.rsplit("-", 1)[1])) % 3 for one in transcripts]
        return [("Hello there.", Failed("out of order"), "  ")[kind] for kind in kinds]


@pytest.mark.parametrize("task", [DONATION, SUPPORT], ids=lambda task: task.id)
async def test_a_skilled_agent_is_told_from_habit_on_the_same_users(task: Task) -> None:
    made = await evaluated(["habit:0", "habit:1"], task, 30)
    habit, plan = made.evaluation.results
    rewards = [
        np.array([one.trajectory.reward for one in some if one.trajectory])
        for some in made.dialogues.values()
    ]
    assert [[one.user for one in some] for some in made.dialogues.values()] == [
        [user.id for user in evaluation_users(task, 30)]
    ] * 2
    assert habit.reward.value == pytest.approx(rewards[0].mean())
    assert habit.reward.sd == pytest.approx(rewards[0].std(ddof=1))
    assert habit.reward.n == habit.reward.clusters == 30
    gap, gaps = plan.difference, rewards[1] - rewards[0]
    assert habit.difference is None
    assert gap is not None
    assert gap.paired
    assert gap.n == 30
    assert gap.value == pytest.approx(gaps.mean())
    assert gap.effect == pytest.approx(gaps.mean() / gaps.std(ddof=1))
    assert gap.low is not None
    assert gap.p_holm is not None
    assert gap.low > 0
    assert gap.p_holm < 0.01


async def test_the_kinds_of_users_take_turns_and_are_reported_apart() -> None:
    made = await evaluated(["habit:0.5"], dialogues=21, kinds=["caring", "skeptical", "unfriendly"])
    (result,) = made.evaluation.results
    assert list(result.by_persona) == ["caring", "skeptical", "unfriendly"]
    assert [found.n for found in result.by_persona.values()] == [7, 7, 7]
    for persona, found in result.by_persona.items():
        rewards = [
            one.trajectory.reward
            for one in made.dialogues["habit:0.5"]
            if one.trajectory and one.trajectory.meta["persona"] == persona
        ]
        assert found.value == pytest.approx(np.mean(rewards))


async def test_the_same_seed_gives_the_same_and_another_has_other_users() -> None:
    first, again, other = [await evaluated(["habit:0.5"], dialogues=12, seed=seed) for seed in (3, 3, 4)]
    assert first == again
    assert not {one.user for one in first.dialogues["habit:0.5"]} & {
        one.user for one in other.dialogues["habit:0.5"]
    }


def test_no_corpus_has_a_user_of_an_evaluation(tmp_path: Path) -> None:
    simulate(DONATION, tmp_path / "d", dialogues=20, seed=1)
    trained = {made.meta["user_seed"] for made in read_trajectories(tmp_path / "d")}
    measured = {user.seed for seed in (0, 1) for user in evaluation_users(DONATION, 20, seed=seed)}
    assert len(measured) == 40
    assert max(measured) < 0 <= min(int(str(seed)) for seed in trained)


async def test_lengths_tactics_and_language_are_those_of_the_agents_turns() -> None:
    made = await evaluated(["habit:1"], dialogues=8)
    (result,) = made.evaluation.results
    played = [one.trajectory for one in made.dialogues["habit:1"] if one.trajectory]
    turns = [len(one.agent_turns) for one in played]
    assert result.turns.value == pytest.approx(np.mean(turns))
    assert sum(found.value or 0 for found in result.tactics.values()) == pytest.approx(1)
    named = [
        part for one in played for turn in one.agent_turns for part in (turn.tactic or "none").split("+")
    ]
    assert result.tactics["greeting"].value == pytest.approx(named.count("greeting") / len(named))
    words = [np.mean([len(turn.text.split()) for turn in one.agent_turns]) for one in played]
    assert result.fluency["words_per_turn"].value == pytest.approx(np.mean(words), rel=0.02)


async def test_failures_are_counted_and_are_in_no_mean() -> None:
    agents = [Contender("mute", Mute()), Contender("habit", HabitAgent(DONATION, 0.5, 0))]
    made = await evaluate(agents, DONATION, 30)
    mute, habit = made.evaluation.results
    assert mute.failures == {"out of order": 10, "the agent said nothing": 10}
    assert mute.reward.n == 10
    assert mute.reward.missing == 20
    assert mute.turns.n == 10
    assert habit.difference is not None
    assert habit.difference.n == 10
    assert habit.difference.paired


async def test_the_behaviour_of_a_set_has_its_own_rewards_and_is_not_paired(tmp_path: Path) -> None:
    simulate(DONATION, tmp_path / "d", dialogues=40, skill=0.3)
    originals = list(read_trajectories(tmp_path / "d"))
    made = await evaluated(["habit:1", f"data:{tmp_path / 'd'}"], dialogues=20)
    _, data = made.evaluation.results
    assert data.own_rewards
    assert data.reward.value == pytest.approx(np.mean([one.reward for one in originals]))
    assert data.reward.n == 40
    assert data.difference is not None
    assert not data.difference.paired
    assert data.difference.effect_name == "Hedges' g"
    some = await evaluated([f"data:{tmp_path / 'd'}"], kinds=["caring"])
    assert some.evaluation.results[0].reward.n == 10


async def test_dialogues_that_hindsight_made_of_one_are_one_cluster(tmp_path: Path) -> None:
    simulate(DONATION, tmp_path / "d", dialogues=8)
    card = read_card(tmp_path / "d")
    originals = list(read_trajectories(tmp_path / "d"))
    grown = [
        one.model_copy(update={"id": f"{one.id}-again", "ancestry": {"parent": one.id}}) for one in originals
    ]
    cut = originals[0].model_copy(update={"id": "cut", "terminal": False})
    write_trajectories(tmp_path / "g", [*originals, *grown, cut], card.origin)
    made = await evaluated([f"data:{tmp_path / 'g'}"])
    (result,) = made.evaluation.results
    assert (result.reward.n, result.reward.clusters) == (16, 8)
    assert sum(result.failures.values()) == 1


async def test_a_chat_model_is_told_the_task_and_asked_for_each_turn() -> None:
    model = ScriptedModel(
        lambda request: {"utterance": f"Turn {request.messages[-1].content.count('You: ')}."}
    )
    made = await evaluated(["openai:x"], dialogues=2, models={"openai:x": model}, kinds=["caring"])
    first = made.dialogues["openai:x"][0].trajectory
    assert first is not None
    assert [turn.text for turn in first.agent_turns] == [f"Turn {n}." for n in range(len(first.agent_turns))]
    assert {request.messages[0].content for request in model.requests} == {
        model.requests[0].messages[0].content
    }
    assert DONATION.system in model.requests[0].messages[0].content
    assert "Nothing has been said" in model.requests[0].messages[1].content
    last = next(r.messages[1].content for r in reversed(model.requests))
    assert "You: Turn 0." in last
    assert "Other: " in last


async def test_a_chat_model_that_fails_in_one_dialogue_loses_that_one() -> None:
    def scripted(request: ChatRequest) -> object:
        first = "Nothing has been said" in request.messages[-1].content
        return {"utterance": "Hello." if first else ""}

    model = ScriptedModel(scripted)  # type: ignore[arg-type]
    made = await evaluated(["openai:x"], dialogues=3, models={"openai:x": model})
    (result,) = made.evaluation.results
    assert result.failures == {"the agent's model failed (ProtocolError)": 3}
    assert result.reward.value is None
    assert result.reward.n == 0


@pytest.mark.parametrize("error", [BudgetError("used up"), GONE])
async def test_what_concerns_all_dialogues_stops_the_evaluation(error: Exception) -> None:
    def broken(_: ChatRequest) -> object:
        raise error

    model = ScriptedModel(broken)  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        await evaluated(["openai:x"], dialogues=2, models={"openai:x": model})


async def test_a_policy_speaks_the_same_whether_named_by_folder_or_prefix(small_policy: Path) -> None:
    from negosim.rl.evaluation._policy_agent import PolicyAgent
    from negosim.rl.policy import Sampling

    async with open_agents([str(small_policy), f"policy:{small_policy}"], DONATION) as opened:
        speakers = [one.speaker for one in opened]
    short = Sampling(max_tokens=5)
    agents = [
        Contender(str(number), PolicyAgent(speaker.policy, sampling=short))
        for number, speaker in enumerate(speakers)
        if isinstance(speaker, PolicyAgent)
    ]
    made = await evaluate(agents, DONATION, 2, kinds=["unfriendly"])
    first, second = ([one.trajectory for one in some] for some in made.dialogues.values())
    assert first == second
    assert first[0] is not None
    assert first[1] is not None
    assert first[0].turns != first[1].turns  # users and random numbers differ
    assert made.evaluation.results[0].fluency["words_per_turn"].value is not None
    gap = made.evaluation.results[1].difference
    assert gap is not None
    assert gap.value == 0


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no agent is named"),
        (["habit:0.3", "habit:0.3"], "named 2 times"),
        (["habit:2"], "a number from 0 to 1"),
        (["habit:"], "a number from 0 to 1"),
        (["nonsense"], "no agent 'nonsense'; an agent is habit:SKILL"),
        (["sim"], "no agent 'sim'"),
        (["data:nowhere"], "nowhere"),
        (["policy:nowhere"], "no policy folder"),
    ],
)
async def test_a_wrong_name_is_said(names: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        await evaluated(names)


async def test_a_folder_that_is_no_policy_and_a_set_of_another_task_are_said(tmp_path: Path) -> None:
    simulate(SUPPORT, tmp_path / "s", dialogues=5)
    with pytest.raises(UserError, match="is named data:"):
        await evaluated([str(tmp_path / "s")])
    with pytest.raises(UserError, match="another task"):
        await evaluated([f"data:{tmp_path / 's'}"])


async def test_a_set_without_the_users_that_are_asked_for_is_said(tmp_path: Path) -> None:
    simulate(SUPPORT, tmp_path / "s", dialogues=5, kinds=["job crisis"])
    with pytest.raises(UserError, match="no dialogue with academic pressure"):
        await evaluated([f"data:{tmp_path / 's'}"], SUPPORT, kinds=["academic pressure"])


@pytest.mark.parametrize(
    ("kinds", "dialogues", "said"),
    [(["carin"], 4, "caring"), (["caring", "caring"], 4, "named twice"), ([], 0, "1 to")],
)
def test_wrong_users_are_said(kinds: list[str], dialogues: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        evaluation_users(DONATION, dialogues, kinds=kinds)
