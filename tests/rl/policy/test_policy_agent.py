"""A trained policy negotiates: from a run to trajectories, to a policy, to a run."""

import asyncio
import sys
from pathlib import Path

import pytest

from negosim.agents._policy import _prefix
from negosim.config import RunConfig
from negosim.engine import generate
from negosim.errors import UserError
from negosim.rl import prepare, read_trajectories
from negosim.rl.evaluation import evaluate
from negosim.rl.training import BC, TrainConfig, train
from negosim.seeding import Seed
from negosim.store import Run
from negosim.table import Table
from negosim.taxonomies import load_taxonomy
from negosim.views import side_of, view_of


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("negotiator")
    generate(RunConfig(scenarios=("sally-soprano",), dialogues=10, planner="direct"), out=base / "run")
    prepare(base / "run", base / "data", learner=1, reward="own", split="train")
    settings = TrainConfig(
        algorithm=BC(), model="tiny:1x64", steps=40, batch_size=4, learning_rate=3e-3, max_length=768
    )
    train(read_trajectories(base / "data"), base / "policy", settings)
    return base


def test_a_policy_plays_a_role(base: Path) -> None:
    config = RunConfig(
        scenarios=("sally-soprano",),
        dialogues=2,
        models=(f"policy:{base / 'policy'}?max_tokens=40", "sim"),
        planner="direct",
        max_turns=6,
    )
    first, again = (list(generate(config, out=base / name)) for name in ("one", "two"))
    assert [d.turns for d in first] == [d.turns for d in again]
    for dialogue in first:
        assert dialogue.models == (f"policy:{base / 'policy'}", "sim")
        assert dialogue.status == "complete" or "against the rules" in str(dialogue.failure)
    assert any(turn.role == 0 for dialogue in first for turn in dialogue.turns)


def test_a_policy_sees_what_its_training_showed(base: Path) -> None:
    run = Run.open(base / "run")
    dialogue = next(iter(run))
    scenario = run.scenario(dialogue.scenario)
    side = side_of(
        scenario,
        0,
        deceptive=False,
        opener=dialogue.opener,
        max_turns=30,
        tactics=load_taxonomy("persuasion"),
        techniques=load_taxonomy("deception"),
        seed=Seed(0, scenario.id, 0),
    )
    trained = next(item for item in read_trajectories(base / "data") if dialogue.id in item.id)
    issues = tuple(issue.id for issue in scenario.issues)
    for count in range(len(dialogue.turns) + 1):
        prefix = _prefix(view_of(side, dialogue.turns[:count], Table(issues, len(scenario.roles))))
        assert prefix.system == trained.system
        assert list(prefix.turns) == [(turn.role, turn.text) for turn in trained.turns[:count]]


def test_a_policy_that_is_not_there_is_refused_without_loading_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "negosim.rl.policy", None)
    config = RunConfig(scenarios="donation", models=(f"policy:{tmp_path}", "user"), planner="direct")
    with pytest.raises(UserError, match="no policy folder"):
        generate(config, out=tmp_path / "never")
    with pytest.raises(UserError, match="no policy folder"):
        asyncio.run(evaluate([f"policy:{tmp_path}"], "donation", dialogues=1, out=tmp_path / "never"))


def test_what_a_policy_cannot_do_is_told_before_the_run(base: Path) -> None:
    def refused(problem: str, **given: object) -> None:
        config = {"scenarios": ("sally-soprano",), "planner": "direct", **given}
        with pytest.raises(UserError, match=problem):
            generate(RunConfig.model_validate(config), out=base / "never")
        assert not (base / "never").exists()

    refused("lacks reflect.*use --planner direct", models=(f"policy:{base / 'policy'}",), planner="rollout")
    refused("no policy folder", models=(f"policy:{base}",))
    refused("lacks what follows 'policy:'", models=("policy:",))
    assert len(Run.open(base / "run")) == 10


def test_dialogues_that_wait_are_decoded_together_and_say_what_they_say_alone(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from negosim.rl.policy import Policy

    batches: list[int] = []
    reply = Policy.reply

    def counted(policy: Policy, prefixes, **settings):
        batches.append(len(prefixes))
        return reply(policy, prefixes, **settings)

    monkeypatch.setattr(Policy, "reply", counted)
    config = RunConfig(
        scenarios=("donation",),
        dialogues=6,
        models=(f"policy:{base / 'policy'}?max_tokens=12", "user"),
        planner="direct",
        max_turns=4,
    )
    alone = list(generate(config, out=base / "alone"))
    assert max(batches) == 1
    batches.clear()
    together = list(generate(config.model_copy(update={"concurrency": 6}), out=base / "together"))
    assert max(batches) == 6
    assert {d.id: d.transcript() for d in together} == {d.id: d.transcript() for d in alone}
