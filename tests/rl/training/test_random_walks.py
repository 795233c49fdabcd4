"""The random walks of `benchmarks/random_walks.py`, short: Q guidance finds paths no walk took."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from negosim.rl.training import ILQL

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "random_walks.py"


@pytest.fixture(scope="module")
def toy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("negosim_random_walks", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_optimality_is_that_of_the_shortest_path(toy: ModuleType) -> None:
    edges = np.zeros((toy.NODES, toy.NODES), dtype=bool)
    edges[3, 2] = edges[2, 0] = edges[3, 1] = edges[1, 2] = True
    world = toy.World(edges, np.full(toy.NODES, 3.0))
    assert world.optimality([3, 2, 0]) == 1.0
    assert world.optimality([3, 1, 2, 0]) == pytest.approx(6 / 7)
    assert world.optimality([3, 2, 1]) == 0.0
    assert world.optimality([3, 0]) == 0.0


@pytest.mark.slow
def test_ilql_walks_better_than_its_data(toy: ModuleType) -> None:
    world = toy.make_world(2)
    data = toy.encoded(world, toy.walks(world, 300, seed=0))
    algorithm = ILQL(cql_weight=0.1, target_rate=0.1)
    model = toy.train(data, algorithm, seed=0, steps=150, batch_size=60)
    plain, guided = toy.evaluate(model, world, 0, samples=5), toy.evaluate(model, world, 16, samples=5)
    assert guided > plain + 0.05
    assert guided > 0.85
