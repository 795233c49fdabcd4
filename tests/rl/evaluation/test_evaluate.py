"""Evaluation: the same dialogues for every agent, by the engine, in run folders."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from negosim.agents import AgentContext, Speech
from negosim.errors import BudgetError, ModelError, ProtocolError, UserError
from negosim.models import ChatRequest, ScriptedModel
from negosim.records import Utterance
from negosim.rl import imagine, read_card, read_trajectories, simulate, write_trajectories
from negosim.rl.evaluation import Evaluated, Met, evaluate, met_in
from negosim.rl.evaluation._contenders import partners_of
from negosim.scenarios import load_scenario
from negosim.views import View


@pytest.fixture
def measured(tmp_path: Path):
    """Evaluate into a folder of the test."""

    def run(
        names: Sequence[str], scenario: str = "donation", dialogues: int = 12, **options: Any
    ) -> Evaluated:
        options.setdefault("out", tmp_path / "runs")
        return asyncio.run(evaluate(names, scenario, dialogues=dialogues, **options))

    return run


def met(made: Evaluated, name: str, learner: int = 0) -> list[Met]:
    scenario = made.evaluation.scenario
    return [one for run in made.runs[name] for one in met_in(run, scenario, learner, "")]


def says(request: ChatRequest) -> dict[str, Any]:
    """Answer as any role of a conversation without deals."""
    last = request.messages[-1].content
    if "private question" in last:
        return {"answer": 0.5}
    said = last.count("] You: ")
    return {"utterance": f"Line {said}.", "move": {"action": "talk", "offer": None}}


@pytest.mark.parametrize("scenario", ["donation", "support"])
def test_a_skilled_agent_is_told_from_habit_on_the_same_users(measured: Any, scenario: str) -> None:
    made = measured(["habit:0", "habit:1"], scenario, 16)
    habit, plan = made.evaluation.results
    first, second = met(made, "habit:0"), met(made, "habit:1")
    assert [one.cluster for one in first] == [one.cluster for one in second]
    assert len({one.cluster for one in first}) == 16
    rewards = [np.array([one.reward for one in some]) for some in (first, second)]
    assert habit.reward.value == pytest.approx(rewards[0].mean())
    assert habit.reward.n == habit.reward.clusters == 16
    gap, gaps = plan.difference, rewards[1] - rewards[0]
    assert habit.difference is None
    assert gap is not None
    assert gap.paired
    assert gap.value == pytest.approx(gaps.mean())
    assert gap.effect == pytest.approx(gaps.mean() / gaps.std(ddof=1))
    assert gap.low is not None
    assert gap.low > 0
    assert sum(found.value or 0 for found in plan.tactics.values()) == pytest.approx(1)


def test_personas_take_turns_are_reported_apart_and_are_in_no_corpus(measured: Any, tmp_path: Path) -> None:
    made = measured(["habit:0.5"], dialogues=9, users=["caring", "skeptical", "unfriendly"])
    (result,) = made.evaluation.results
    assert {kind: found.n for kind, found in result.by_persona.items()} == {
        "caring": 3,
        "unfriendly": 3,
        "skeptical": 3,
    }
    numbers = [int(one.cluster.rsplit("-", 1)[1]) for one in met(made, "habit:0.5")]
    assert numbers == list(range(1, 10))
    assert all(f"--{n}" in one.cluster for n, one in zip(numbers, met(made, "habit:0.5"), strict=True))
    simulate("donation", tmp_path / "d", dialogues=8, seed=1)
    assert all(int(str(one.meta["user_seed"])) >= 0 for one in read_trajectories(tmp_path / "d"))


def test_the_same_call_goes_on_and_makes_nothing_twice(measured: Any, tmp_path: Path) -> None:
    model = ScriptedModel(says)
    options = {"chat_models": {"openai:x": model}, "out": tmp_path / "r", "users": ["caring"]}
    first = measured(["openai:x"], dialogues=2, **options)
    asked = len(model.requests)
    again = measured(["openai:x"], dialogues=2, **options)
    assert len(model.requests) == asked
    assert again.evaluation == first.evaluation
    with pytest.raises(UserError, match="begun with something else"):
        measured(["openai:x"], dialogues=3, **options)


def test_an_agent_of_ones_own_is_measured_and_its_failures_are_in_no_mean(measured: Any) -> None:
    class Shy:
        """Greets, and fails with every other user."""

        model = "shy"

        def __init__(self, context: AgentContext) -> None:
            self.fails = context.side.seed.index % 2 == 1

        async def speak(self, view: View) -> Speech:
            if self.fails:
                raise ProtocolError("out of order")
            return Speech(Utterance(text=f"Hello there, {view.turn_index}."))

        async def concluded(self, view: View) -> bool:
            return False

    made = measured(["shy", "habit:0.5"], dialogues=8, own={"shy": Shy})
    shy, habit = made.evaluation.results
    assert shy.failures == {"the agent's model failed (ProtocolError)": 4}
    assert (shy.reward.n, shy.reward.missing) == (4, 4)
    assert habit.difference is not None
    assert habit.difference.n == 4


def test_chat_users_and_embedded_ones_can_be_met_in_one_evaluation(measured: Any) -> None:
    model = ScriptedModel(says)
    made = measured(
        ["habit:0.5"],
        dialogues=4,
        users=["all", "chat:openai:x"],
        chat_models={"openai:x": model},
    )
    (result,) = made.evaluation.results
    assert result.reward.n == 8
    assert result.reward.clusters == 4  # the same persons
    assert len(made.runs["habit:0.5"]) == 2
    assert [one.reward for one in met(made, "habit:0.5")][4:] == [0.5] * 4


def test_negotiations_are_measured_by_own_value_and_agreement(measured: Any) -> None:
    made = measured(["sim"], "viatex", 6, learner=2)
    (result,) = made.evaluation.results
    values = [one.outcome.values[1] for one in made.runs["sim"][0] if one.outcome.values]
    assert result.reward.value == pytest.approx(np.mean(values))
    assert result.agreement is not None
    assert 0 <= (result.agreement.value or 0) <= 1
    assert made.evaluation.personas == ("sim",)


def test_the_behaviour_of_a_set_has_its_own_rewards_and_is_not_paired(measured: Any, tmp_path: Path) -> None:
    simulate("donation", tmp_path / "d", dialogues=24, skill=0.3)
    originals = list(read_trajectories(tmp_path / "d"))
    made = measured(["habit:1", f"data:{tmp_path / 'd'}"])
    _, data = made.evaluation.results
    assert data.own_rewards
    assert data.reward.value == pytest.approx(np.mean([one.reward for one in originals]))
    assert data.difference is not None
    assert not data.difference.paired
    some = measured([f"data:{tmp_path / 'd'}"], users=["caring"])
    assert some.evaluation.results[0].reward.n == 6
    with pytest.raises(UserError, match="another task"):
        measured([f"data:{tmp_path / 'd'}"], "support")
    with pytest.raises(UserError, match="is named data:"):
        measured([str(tmp_path / "d")])


def test_dialogues_that_hindsight_made_of_one_are_one_cluster(measured: Any, tmp_path: Path) -> None:
    simulate("donation", tmp_path / "d", dialogues=8)
    card = read_card(tmp_path / "d")
    originals = list(read_trajectories(tmp_path / "d"))
    grown = [
        one.model_copy(update={"id": f"{one.id}-again", "ancestry": {"parent": one.id}}) for one in originals
    ]
    cut = originals[0].model_copy(update={"id": "cut", "terminal": False})
    write_trajectories(tmp_path / "g", [*originals, *grown, cut], card.origin)
    (result,) = measured([f"data:{tmp_path / 'g'}"]).evaluation.results
    assert (result.reward.n, result.reward.clusters) == (16, 8)
    assert sum(result.failures.values()) == 1


@pytest.mark.parametrize("error", [BudgetError("used up"), ModelError("no such key")])
def test_what_concerns_all_dialogues_stops_the_evaluation(measured: Any, error: Exception) -> None:
    if isinstance(error, ModelError):
        error.fault = "key"

    def broken(_: ChatRequest) -> object:
        raise error

    with pytest.raises(type(error)):
        measured(["openai:x"], dialogues=2, chat_models={"openai:x": ScriptedModel(broken)})


def test_a_policy_speaks_in_batches_as_it_would_alone(
    measured: Any, small_policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from negosim.rl.policy import Policy

    sizes: list[int] = []
    spoken = Policy.reply

    def reply(self: Policy, prefixes: Sequence[Any], **options: Any) -> Any:
        sizes.append(len(prefixes))
        return spoken(self, prefixes, **options)

    monkeypatch.setattr(Policy, "reply", reply)
    options = {"decoding": {"max_tokens": 3}, "users": ["unfriendly"], "dialogues": 33}
    together = measured([str(small_policy)], out=tmp_path / "together", **options)
    assert max(sizes) >= 32
    assert "max_tokens 3" in (together.evaluation.results[0].decoding or "")
    monkeypatch.setattr("negosim.rl.evaluation._evaluate.WIDTH", 1)
    sizes.clear()
    alone = measured(
        [f"policy:{small_policy}"], out=tmp_path / "alone", concurrency=1, **(options | {"dialogues": 2})
    )
    assert max(sizes) == 1
    (one,), (all_,) = alone.runs.values(), together.runs.values()
    by_index = {dialogue.index: dialogue.turns for dialogue in all_[0]}
    for dialogue in one[0]:
        said = [(turn.role, turn.utterance.text) for turn in dialogue.turns]
        assert said == [(turn.role, turn.utterance.text) for turn in by_index[dialogue.index]]


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        ([], {}, "no agent is named"),
        (["habit:0.3", "habit:0.3"], {}, "named 2 times"),
        (["habit:0.5", "habit:0.50"], {}, "the same agent"),
        (["habit:2"], {}, "a number from 0 to 1"),
        (["nonsense"], {}, "unknown model 'nonsense'"),
        (["data:nowhere"], {}, "nowhere"),
        (["policy:nowhere"], {}, "no policy folder"),
        (["habit:1"], {"users": ["carin"]}, "caring"),
        (["habit:1"], {"users": ["caring", "caring"]}, "named 2 times"),
        (["habit:1"], {"dialogues": 0}, "at least 1"),
        (["habit:1"], {"learner": 2}, "is the user"),
        (["habit:1"], {"decoding": {"top_k": 3}}, "settings of policies"),
    ],
)
def test_what_is_wrong_is_said(measured: Any, names: list[str], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        measured(names, **options)


def test_discussants_are_met_by_their_temper(measured: Any) -> None:
    made = measured(["sim"], scenario="wild-beds", users=["open", "stubborn"], dialogues=2)
    assert made.evaluation.personas == ("user:open", "user:stubborn")
    (result,) = made.evaluation.results
    assert result.by_persona["user:open"].value > result.by_persona["user:stubborn"].value


def test_what_cannot_be_written_is_told_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        simulate("donation", tmp_path / "file" / "set", dialogues=2, run=tmp_path / "run")
    with pytest.raises(UserError, match="cannot be written"):
        imagine("donation", tmp_path / "file" / "set", dialogues=2)
    assert not (tmp_path / "run").exists()


def test_one_user_named_alone_stands_for_itself() -> None:
    donation = load_scenario("donation")
    assert partners_of("skeptical", donation) == partners_of(["skeptical"], donation)
    assert partners_of("skeptical", donation)[1] == ["skeptical"]
