"""The parts of `benchmarks/hindsight.py`, at its quick size."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from negosim.rl import read_trajectories, run_episodes, sim_agent, sim_users
from negosim.rl.evaluation import HabitAgent, evaluation_users, play
from negosim.rl.hindsight import Prefix, Step
from negosim.rl.hindsight._embedded import forward_model
from negosim.rl.hindsight._setting import Setting
from negosim.rl.tasks import DONATION, SUPPORT, Task
from negosim.seeding import Seed


@pytest.fixture(scope="module")
def script(benchmark_module: Callable[[str], ModuleType]) -> ModuleType:
    return benchmark_module("hindsight")


@pytest.mark.parametrize("task", [DONATION, SUPPORT], ids=lambda task: task.id)
def test_the_forward_model_makes_whole_dialogues_too(task: Task) -> None:
    pool = run_episodes(sim_agent(task), sim_users(task, range(8)))
    forward = forward_model(Setting(task.id, 2 * task.cap, capped=True), pool)
    prefix = Prefix(task.system, {"task": task.id}, (), 2 * task.cap, "none")
    whole = asyncio.run(forward.complete(prefix, Step(Seed(0, "none", 0)), hard=False))
    assert whole.turns[0].role == task.opening
    assert all(before.role != turn.role for before, turn in pairwise(whole.turns))
    assert whole.ended or len(whole.turns) == prefix.room


def test_sets_are_of_equal_size_and_a_policy_learns_from_them(script: ModuleType, tmp_path: Path) -> None:
    size = replace(script.QUICK, base_dialogues=4, base_steps=4, originals=8, steps=2)
    script.make_base(tmp_path, size)
    sets = {made.name: made.card.trajectories for made in script.make_sets(tmp_path / "3", size, seed=3)}
    assert sets == {"originals": 8, "hindsight": 40, "scratch": 40}
    scratch = list(read_trajectories(tmp_path / "3" / "scratch"))
    assert all(0 <= one.reward <= 2 and one.ancestry is None for one in scratch)
    method = next(one for one in script.METHODS if one.name == "hindsight ILQL")
    outcome = script.train_and_speak(tmp_path, method, size, 3, 4)
    assert [one.user for one in outcome.played] == [user.id for user in evaluation_users(DONATION, 4, seed=3)]


def test_the_table_has_a_row_a_method_and_both_intervals(script: ModuleType) -> None:
    def outcome(name: str, skill: float, seed: int) -> Any:
        users = evaluation_users(DONATION, 8, seed=seed)
        played = asyncio.run(play(HabitAgent(DONATION, skill, seed), users))
        return script.Outcome(name, seed, played, 1.0, 2.0)

    outcomes = [
        outcome(name, skill, seed) for name, skill in (("poor", 0.2), ("good", 0.9)) for seed in range(5)
    ]
    lines = list(script.tables([], outcomes, 8))
    poor, good = (next(line for line in lines if line.startswith(f"| {name} ")) for name in ("poor", "good"))
    assert float(good.split()[3]) > float(poor.split()[3])
    assert good.count("[") == 2
    assert len(good.split("|")[5].split(",")) == 5
