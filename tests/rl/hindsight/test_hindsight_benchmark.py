"""The parts of `benchmarks/hindsight.py`, at its quick size."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from negosim.rl import read_trajectories


@pytest.fixture(scope="module")
def script(benchmark_module: Callable[[str], ModuleType]) -> ModuleType:
    return benchmark_module("hindsight")


def test_sets_are_of_equal_size_and_a_policy_learns_from_them(script: ModuleType, tmp_path: Path) -> None:
    size = replace(script.QUICK, base_dialogues=4, base_steps=4, originals=8, steps=2)
    script.make_base(tmp_path, size)
    sets = {made.name: made.card.trajectories for made in script.make_sets(tmp_path / "3", size, seed=3)}
    assert sets == {"originals": 8, "hindsight": 40, "scratch": 40}
    scratch = list(read_trajectories(tmp_path / "3" / "scratch"))
    assert all(0 <= one.reward <= 2 and one.ancestry is None for one in scratch)
    method = next(one for one in script.METHODS if one.name == "hindsight ILQL")
    outcome = script.train_and_speak(tmp_path, method, size, 3, 4)
    assert len({one.cluster for one in outcome.played}) == 4


def test_the_table_has_a_row_a_method_and_both_intervals(script: ModuleType) -> None:
    def outcome(name: str, skill: float, seed: int) -> Any:
        played = script.talked(f"habit:{skill}", seed, 8)
        return script.MethodResult(name, seed, played, 1.0, 2.0)

    outcomes = [
        outcome(name, skill, seed) for name, skill in (("poor", 0.2), ("good", 0.9)) for seed in range(5)
    ]
    lines = list(script.tables([], outcomes, 8))
    poor, good = (next(line for line in lines if line.startswith(f"| {name} ")) for name in ("poor", "good"))
    assert float(good.split()[3]) > float(poor.split()[3])
    assert good.count("[") == 2
    assert len(good.split("|")[5].split(",")) == 5
