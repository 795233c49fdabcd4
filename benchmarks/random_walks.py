"""Random walks on a graph: offline RL with a known answer, run through the trainer and the sampler.

A walk begins at a node and moves along edges until it reaches the goal, or gives up. It is worth its
optimality: 1 for a shortest path, 0 for none within the limit. A walk is a dialogue whose tokens are
nodes.

The graph is that of trlx's example, drawn from the same random numbers (seed 1002): 21 nodes, each joined
to each other with probability 0.1. The walks are drawn anew for each seed. The easy split has all of 1,000
walks, the stitch split those of them worth at most 0.7.

    python benchmarks/random_walks.py [--seeds 3] [--world 1002]
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
from negosim.rl.training._tiny import tiny_gpt
from negosim.rl.training._trainer import Trainer, accelerated
from negosim.rl.training.dialogue_format import Encoded
from negosim.rl.training.model import ValueModel, guides
from negosim.rl.training.sft import BC

NODES, GOAL, LONGEST = 21, 0, 10
DENSITY = 0.1
WORLD = 1002
MOST = 0.7
"""Most a walk of the stitch split is worth."""

ILQL_SETTINGS, MC_SETTINGS = ILQL(expectile=0.8, cql_weight=0.1, target_rate=0.1), MC(cql_weight=0.1)


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

    def best_single(self, made: Iterable[Sequence[int]]) -> float:
        """Return the mean over starts of the best walk from each; 0 where there is none."""
        best = dict.fromkeys(self.starts, 0.0)
        for walk in made:
            best[walk[0]] = max(best[walk[0]], self.optimality(walk))
        return float(np.mean(list(best.values())))

    def best_joined(self, made: Iterable[Sequence[int]]) -> float:
        """Return the mean over starts of the best that steps of the walks can be joined to."""
        seen = np.zeros_like(self.edges)
        for walk in made:
            for a, b in pairwise(walk):
                seen[a, b] = True
        lengths = shortest_paths(seen)[self.starts].clip(max=LONGEST)
        return float(np.mean((LONGEST - lengths) / (LONGEST - self.shortest[self.starts])))


def shortest_paths(edges: np.ndarray) -> np.ndarray:
    """Return the nodes on the shortest path from each node to the goal, infinity where there is none."""
    shortest = np.full(NODES, np.inf)
    shortest[GOAL] = 1
    queue = deque([GOAL])
    while queue:
        node = queue.popleft()
        for before in np.flatnonzero(edges[:, node]):
            if np.isinf(shortest[before]):
                shortest[before] = shortest[node] + 1
                queue.append(int(before))
    return shortest


def make_world(seed: int = WORLD) -> World:
    """Draw a graph from whose every node the goal can be reached within the limit."""
    draw = np.random.RandomState(seed)
    while True:
        edges = draw.rand(NODES, NODES) > 1 - DENSITY
        np.fill_diagonal(edges, False)
        if edges.any(1).all():
            edges[GOAL] = False
            shortest = shortest_paths(edges)
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


def stitch(world: World, made: Iterable[list[int]]) -> list[list[int]]:
    """Return the walks that are none too good."""
    return [walk for walk in made if world.optimality(walk) <= MOST]


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


def measure(world: World, made: Sequence[list[int]], seed: int) -> dict[str, float]:
    """Train every algorithm on walks; return the mean optimality of each, and of the walks."""
    data = encoded(world, made)
    figures = {
        "data": float(np.mean([world.optimality(walk) for walk in made])),
        "best single": world.best_single(made),
        "best joined": world.best_joined(made),
        "BC": evaluate(train(data, BC(), seed), world, 0),
        "top 25 % BC": evaluate(train(encoded(world, best(world, made)), BC(), seed), world, 0),
        "MC beta 16": evaluate(train(data, MC_SETTINGS, seed), world, 16),
    }
    model = train(data, ILQL_SETTINGS, seed)
    return figures | {f"ILQL beta {beta}": evaluate(model, world, beta) for beta in (0, 1, 4, 16, 64)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--world", type=int, default=WORLD)
    given = parser.parse_args()
    torch.set_num_threads(1)
    world = make_world(given.world)
    for seed in range(given.seeds):
        made = walks(world, 1000, seed)
        for split, some in (("easy", made), ("stitch", stitch(world, made))):
            started = time.process_time()
            row = ", ".join(f"{name} {value:.3f}" for name, value in measure(world, some, seed).items())
            seconds = time.process_time() - started
            print(f"{split} seed {seed}: {len(some)} walks, {row} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
