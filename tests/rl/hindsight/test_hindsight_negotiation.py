"""Regeneration of negotiations that the engine made: through the engine, rewarded by the payoff."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.errors import UserError
from negosim.outcome import outcome_of
from negosim.rl import Trajectory, TrajectoryTurn, prepare, read_trajectories
from negosim.rl.hindsight import DiscardedError, Step, regenerate
from negosim.rl.hindsight._negotiation import negotiation_of
from negosim.rl.hindsight._rules_negotiation import NegotiationController
from negosim.rl.policy_text import negotiation_system
from negosim.scenarios import load_scenario
from negosim.seeding import Seed
from negosim.store import Run

SCENARIO = load_scenario("viatex")
META = {"task": "negotiation", "scenario": "viatex", "condition": "honest", "learner": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("runs") / "run"
    return generate(RunConfig(scenarios=("viatex",), dialogues=5, seed=3), out=place)


@pytest.mark.parametrize("learner", [1, 2])
def test_negotiations_are_continued_by_the_engine(run: Run, learner: int, tmp_path: Path) -> None:
    prepare(run.path, tmp_path / "traj", learner=learner, split="train")
    card = regenerate(tmp_path / "traj", tmp_path / "grown", factor=3)
    found = list(read_trajectories(tmp_path / "grown"))
    assert card.regenerated == 10
    assert card.origin.settings["hindsight"]["forward_kinds"] == {"standard": 10}  # it has no hard form
    for one in found[5:]:
        assert one.ancestry is not None
        assert all(a.role != b.role for a, b in pairwise(one.turns))
        assert len(one.turns) <= 30
        played = negotiation_of(one.meta, one.system, one.turns)
        values = outcome_of(SCENARIO, played.tables[-1]).values
        assert values is not None
        assert one.reward == values[learner - 1]
        assert set(one.meta) == set(META)  # not how the original ended
    again = regenerate(tmp_path / "traj", tmp_path / "again", factor=3, concurrency=3)
    assert again.regenerated == 10
    assert list(read_trajectories(tmp_path / "again")) == found


def test_what_is_read_back_is_what_was_recorded(run: Run, tmp_path: Path) -> None:
    prepare(run.path, tmp_path / "traj", split="train")
    for one, dialogue in zip(read_trajectories(tmp_path / "traj"), run, strict=True):
        played = negotiation_of(one.meta, one.system, one.turns)
        assert played.outcome == dialogue.outcome
        assert played.opener == dialogue.opener
        for turn, recorded in zip(played.records, dialogue.turns, strict=True):
            assert (turn.role, turn.utterance.action, turn.utterance.offer) == (
                recorded.role,
                recorded.utterance.action,
                recorded.utterance.offer,
            )


def dialogue(*texts: str) -> Trajectory:
    turns = tuple(
        TrajectoryTurn(role="agent" if n % 2 == 0 else "user", text=text) for n, text in enumerate(texts)
    )
    system = negotiation_system(SCENARIO, 0, deceptive=False)
    return Trajectory(id="n", source="made", system=system, turns=turns, reward=0, meta=META)


def offer_worth(*, most: bool) -> str:
    """Write the best or worst complete offer for the learner as a mark."""
    pick = max if most else min
    payoff = SCENARIO.roles[0].payoff
    best = {
        issue.id: pick(issue.values, key=lambda value, issue=issue: payoff.points(issue, value))
        for issue in SCENARIO.issues
    }
    return f"[offer: {'; '.join(f'{name}={value}' for name, value in best.items())}]"


def review(one: Trajectory) -> dict[str, str]:
    step = Step(Seed(0, one.id, 0))
    return {found.said: found.better for found in asyncio.run(NegotiationController().review(one, step))}


def test_a_good_offer_that_was_let_pass_is_to_be_accepted() -> None:
    one = dialogue("Hello.", f"How is this? {offer_worth(most=True)}", "I have to leave. [walk away]")
    found = review(one)
    assert list(found) == ["I have to leave. [walk away]"]
    assert found["I have to leave. [walk away]"].endswith("[accept]")


def test_a_deal_worse_than_none_is_not_to_be_taken() -> None:
    one = dialogue("Hello.", f"How is this? {offer_worth(most=False)}", "Fine. [accept]")
    assert review(one)["Fine. [accept]"].endswith("[walk away]")


def test_an_offer_taken_at_once_could_have_asked_for_more() -> None:
    said = f"My offer. {offer_worth(most=False)}"
    (better,) = [text for quote, text in review(dialogue(said, "Done. [accept]")).items() if quote == said]
    played = negotiation_of(META, negotiation_system(SCENARIO, 0, deceptive=False), dialogue(better).turns)
    worst = negotiation_of(META, negotiation_system(SCENARIO, 0, deceptive=False), dialogue(said).turns)
    before, after = (one.value(one.records[0].utterance.offer) for one in (worst, played))
    assert before is not None
    assert after is not None
    assert after > before


def test_moves_against_the_rules_are_discarded() -> None:
    one = dialogue("Yes! [accept]", "To what?")
    with pytest.raises(DiscardedError, match="against the rules"):
        _ = negotiation_of(one.meta, one.system, one.turns).records


def test_another_scenario_of_the_same_name_is_refused() -> None:
    with pytest.raises(UserError, match="'viatex' is not the one these negotiations were made with"):
        negotiation_of(META, "You are somebody else.", dialogue("Hello.").turns)


def test_judged_rewards_need_a_model(run: Run, tmp_path: Path) -> None:
    prepare(run.path, tmp_path / "traj", split="train")
    place = tmp_path / "traj" / "card.json"
    card = json.loads(place.read_text("utf-8").replace('"reward": "own"', '"reward": "judged:rapport"'))
    del card["crc32"]
    place.write_text(json.dumps(card), "utf-8")
    with pytest.raises(UserError, match=r"judged:rapport\) does not follow from their moves"):
        regenerate(tmp_path / "traj", tmp_path / "grown", factor=2)


@pytest.mark.parametrize("name", ["/etc/passwd", "../cases/viatex.yaml", "viatex.yaml", "~/viatex", ""])
def test_data_name_a_scenario_by_id_and_never_by_path(name: str) -> None:
    with pytest.raises(UserError, match="is no scenario's id"):
        negotiation_of({**META, "scenario": name}, "You are somebody.", dialogue("Hello.").turns)
