"""The random walks of `benchmarks/random_walks.py`, short: Q guidance finds paths no walk took."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from negosim.rl.training import BC


@pytest.fixture(scope="module")
def toy(benchmark_module: Callable[[str], ModuleType]) -> ModuleType:
    return benchmark_module("random_walks")


def test_optimality_is_that_of_the_shortest_path(toy: ModuleType) -> None:
    edges = np.zeros((toy.NODES, toy.NODES), dtype=bool)
    edges[3, 2] = edges[2, 0] = edges[3, 1] = edges[1, 2] = True
    world = toy.World(edges, np.full(toy.NODES, 3.0))
    assert world.optimality([3, 2, 0]) == 1.0
    assert world.optimality([3, 1, 2, 0]) == pytest.approx(6 / 7)
    assert world.optimality([3, 2, 1]) == 0.0
    assert world.optimality([3, 0]) == 0.0


def test_the_graph_and_its_walks_are_as_described(toy: ModuleType) -> None:
    world = toy.make_world()
    made = toy.walks(world, 1000, seed=0)
    assert np.mean([world.optimality(walk) for walk in made]) == pytest.approx(0.78, abs=0.02)
    none_too_good = toy.stitch(world, made)
    assert max(world.optimality(walk) for walk in none_too_good) <= 0.7
    assert world.best_single(none_too_good) == pytest.approx(0.42, abs=0.005)
    assert world.best_joined(none_too_good) > 0.9


@pytest.mark.slow
def test_ilql_finds_short_walks_among_random_ones(toy: ModuleType) -> None:
    world = toy.make_world()
    data = toy.encoded(world, toy.walks(world, 1000, seed=0))
    model = toy.train(data, toy.ILQL_SETTINGS, seed=0, steps=300, batch_size=60)
    assert toy.evaluate(model, world, beta=16) >= 0.95


@pytest.mark.slow
def test_ilql_walks_better_than_those_who_walk_badly(toy: ModuleType) -> None:
    world = toy.make_world()
    data = toy.encoded(world, toy.stitch(world, toy.walks(world, 1000, seed=0)))
    short = {"steps": 250, "batch_size": 160, "learning_rate": 2e-3}
    plain, guided = (toy.train(data, one, seed=0, **short) for one in (BC(), toy.ILQL_SETTINGS))
    assert toy.evaluate(guided, world, beta=64) > toy.evaluate(plain, world, beta=0) + 0.1
