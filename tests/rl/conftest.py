"""Dialogues with simulated users, as trajectories."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.rl import Trajectory, read_trajectories, simulate

Talks = Callable[..., list[Trajectory]]


@pytest.fixture(scope="session")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Talks:
    """Return a function that simulates: `talks("donation", 40, skill=0.3, seed=1)`."""
    root, count = tmp_path_factory.mktemp("talks"), iter(range(10_000))

    def made(scenario: str, dialogues: int, **options: Any) -> list[Trajectory]:
        folder: Path = root / str(next(count))
        simulate(scenario, folder, dialogues=dialogues, **options)
        return list(read_trajectories(folder))

    return made
