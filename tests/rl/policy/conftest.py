"""A policy trained for a moment."""

from pathlib import Path

import pytest

from negosim.rl import Trajectory, TrajectoryTurn
from negosim.rl.training import ILQL, TrainConfig, train


def dialogue(number: int) -> Trajectory:
    """Return a dialogue in which one of two answers earns a dollar; both are as frequent."""
    kind = number % 2 == 0
    said = ["Would you give?", "Yes, gladly." if kind else "No, never.", "Fine."]
    turns = tuple(
        TrajectoryTurn(role="agent" if place % 2 else "user", text=text) for place, text in enumerate(said)
    )
    return Trajectory(
        id=str(number), source="made", turns=turns, reward=float(kind), system=f"Be kind {number % 3}."
    )


@pytest.fixture(scope="session")
def policy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy") / "p"
    config = TrainConfig(
        algorithm=ILQL(target_rate=0.1, discount=1.0),
        model="tiny:2x32",
        steps=150,
        batch_size=8,
        learning_rate=3e-3,
    )
    train([dialogue(number) for number in range(16)], folder, config)
    return folder
