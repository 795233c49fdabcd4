"""Dialogues in which one word earns the reward, and a model small enough to train in a second."""

import random
from collections.abc import Callable

import pytest

from negosim.rl import Trajectory, TrajectoryTurn
from negosim.rl.training import TrainConfig

WORDS = ["yes", "no", "maybe", "please", "give", "donate", "dollar", "help", "money", "today", "never"]


def make_dialogues(count: int, seed: int = 0) -> list[Trajectory]:
    """Draw dialogues worth the number of agent turns that say "please"; some were cut off."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        turns = []
        for _ in range(draw.randint(1, 4)):
            for role in ("user", "agent"):
                text = " ".join(draw.choices(WORDS, k=draw.randint(1, 5)))
                turns.append(TrajectoryTurn(role=role, text=text))  # type: ignore[arg-type]
        worth = sum("please" in turn.text for turn in turns if turn.role == "agent")
        made.append(
            Trajectory(
                id=f"dialogue-{number}",
                source="made",
                turns=tuple(turns),
                reward=float(worth),
                terminal=draw.random() < 0.8,
            )
        )
    return made


@pytest.fixture(scope="session")
def dialogues() -> list[Trajectory]:
    return make_dialogues(40)


@pytest.fixture(scope="session")
def small() -> Callable[..., TrainConfig]:
    """A configuration that trains in a second, with what is given changed."""

    def config(algo: str = "ilql", **given: object) -> TrainConfig:
        settings = {
            "algorithm": {"algo": algo},
            "model": "tiny:1x32",
            "steps": 6,
            "batch_size": 8,
            "learning_rate": 3e-3,
            "checkpoint_every": 100,
        }
        return TrainConfig.model_validate({**settings, **given})

    return config
