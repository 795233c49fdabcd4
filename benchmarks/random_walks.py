"""Random walks on a graph: offline RL with a known answer, run through the trainer and the sampler.

A walk begins at a node and moves along edges until it reaches the goal, or gives up. It is worth its
optimality: 1 for a shortest path, 0 for none within the limit. A walk is a dialogue whose tokens are
nodes. The toy is that of trlx's and Snell et al.'s random walks.

    python benchmarks/random_walks.py [--seeds 2]
"""

import argparse
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from negosim.rl.policy._sampling import Sampling, decode
from negosim.rl.training import ILQL, MC, TrainConfig
from negosim.rl.training._dialogue_format import Encoded
from negosim.rl.training._model import ValueModel, guides
from negosim.rl.training._tiny import tiny_gpt
from negosim.rl.training._trainer import Trainer, accelerated
from negosim.rl.training.sft import BC

NODES, GOAL, LONGEST = 21, 0, 10
DENSITY, GOAL_DENSITY = 0.1, 0.8
"""Chosen so that the data are like those of the published figures: mean optimality 0.77, and 0.43 for the
best single walk from each start where only walks up to 0.7 are kept."""


@dataclass(frozen=True)
class World:
    """A directed graph and the length of the shortest path from each node, in nodes."""

    edges: np.ndarray
    shortest: np.ndarray

    def optimality(self, walk: Sequence[int]) -> float:
        """Return 1 for a shortest path to the goal, falling to 0 at the limit or without one."""
        steps = pairwise(walk)
        if walk[-1] != GOAL or len(walk) > LONGEST or not all(self.edges[a, b] for a, b in steps):
            return 0.0
        return float((LONGEST - len(walk)) / (LONGEST - self.shortest[walk[0]]))

    @property
    def starts(self) -> list[int]:
        """Every node but the goal."""
        return [node for node in range(NODES) if node != GOAL]


def make_world(seed: int, density: float = DENSITY, goal_density: float = GOAL_DENSITY) -> World:
    """Draw a graph from whose every node the goal can be reached within the limit."""
    draw = np.random.default_rng(seed)
    while True:
        edges = draw.random((NODES, NODES)) < density
        edges[:, GOAL] = draw.random(NODES) < goal_density
        np.fill_diagonal(edges, False)
        shortest = np.full(NODES, np.inf)
        shortest[GOAL] = 1
        queue = deque([GOAL])
        while queue:
            node = queue.popleft()
            for before in np.flatnonzero(edges[:, node]):
                if np.isinf(shortest[before]):
                    shortest[before] = shortest[node] + 1
                    queue.append(int(before))
        if shortest.max() < LONGEST:
            return World(edges, shortest)


def walks(world: World, count: int, seed: int) -> list[list[int]]:
    """Draw walks that choose among the edges at random until they reach the goal or the limit."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        walk = [int(draw.choice(world.starts))]
        while walk[-1] != GOAL and len(walk) < LONGEST:
            walk.append(int(draw.choice(np.flatnonzero(world.edges[walk[-1]]))))
        made.append(walk)
    return made


def encoded(world: World, made: Iterable[list[int]]) -> list[Encoded]:
    """Return walks as dialogues in which every node after the first is an action."""
    return [
        Encoded(
            str(number),
            walk,
            list(range(len(walk) - 1)),
            [0.0] * (len(walk) - 2) + [world.optimality(walk)],
            terminal=True,
        )
        for number, walk in enumerate(made)
    ]


def train(data: Sequence[Encoded], algorithm: Any, seed: int, **settings: Any) -> ValueModel:
    """Train a two-layer GPT of width 64 on walks."""
    config = TrainConfig(
        algorithm=algorithm,
        **{"steps": 1000, "batch_size": 100, "learning_rate": 1e-3, "seed": seed} | settings,
    )
    torch.manual_seed(seed)
    model = ValueModel(tiny_gpt(NODES, layers=2, width=64, context=16), config.algorithm.heads)
    with accelerated(config) as accelerator:
        Trainer(accelerator, model, data, config).run()
    return model


def evaluate(model: ValueModel, world: World, beta: float, samples: int = 20, seed: int = 0) -> float:
    """Return the mean optimality of walks drawn from every start."""
    prompts = [[start] for start in world.starts for _ in range(samples)]
    said = decode(
        model.lm.eval(),
        [model.head(name) for name in guides(list(model.heads))],
        prompts,
        sampling=Sampling(advantage=beta, top_k=NODES, max_tokens=LONGEST - 1),
        seeds=[seed * len(prompts) + number for number in range(len(prompts))],
        rooms=[LONGEST] * len(prompts),
        stop=GOAL,
        banned=torch.zeros(NODES, dtype=torch.bool),
        say_something=False,
    )
    return float(np.mean([world.optimality(p + s) for p, s in zip(prompts, said, strict=True)]))


def best(world: World, made: Sequence[list[int]], share: float = 0.25) -> list[list[int]]:
    """Return the best share of walks."""
    return sorted(made, key=lambda walk: -world.optimality(walk))[: int(share * len(made))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--world", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    ilql, mc = ILQL(expectile=0.8, cql_weight=0.1, target_rate=0.1), MC(cql_weight=0.1)
    world = make_world(given.world)
    for split in ("easy", "stitch"):
        for seed in range(given.seeds):
            started = time.perf_counter()
            made = walks(world, 1000, seed)
            if split == "stitch":
                made = [walk for walk in walks(world, 6000, seed) if world.optimality(walk) <= 0.7][:1000]
            data = encoded(world, made)
            mean = np.mean([world.optimality(walk) for walk in made])
            singles = np.mean(
                [
                    max((world.optimality(w) for w in made if w[0] == start), default=0)
                    for start in world.starts
                ]
            )
            figures = {
                "data": mean,
                "best single walk": singles,
                "BC": evaluate(train(data, BC(), seed), world, 0),
                "top 25 % BC": evaluate(train(encoded(world, best(world, made)), BC(), seed), world, 0),
            }
            model = train(data, mc, seed)
            figures["MC beta 16"] = evaluate(model, world, 16)
            model = train(data, ilql, seed)
            figures |= {f"ILQL beta {beta}": evaluate(model, world, beta) for beta in (0, 1, 4, 16, 64)}
            row = ", ".join(f"{name} {value:.2f}" for name, value in figures.items())
            print(f"{split} seed {seed}: {row} ({time.perf_counter() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
