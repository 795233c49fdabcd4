"""A policy that learnt next to nothing: it can speak, and that is all that is asked of it here."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def small_policy(tmp_path_factory: pytest.TempPathFactory, talks: Callable[..., Any]) -> Iterator[Path]:
    import torch

    from negosim.rl.training import ILQL, TrainConfig, train

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("evaluated") / "policy"
    dialogues = talks("donation", 4, skill=1.0)
    train(dialogues, folder, TrainConfig(algorithm=ILQL(), model="tiny:1x32", steps=1, batch_size=2))
    yield folder
    torch.set_num_threads(before)
