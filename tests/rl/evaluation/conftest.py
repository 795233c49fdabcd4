"""A policy that learnt next to nothing: it can speak, and that is all that is asked of it here."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def small_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from negosim.rl import run_episodes, sim_agent, sim_users
    from negosim.rl.tasks import DONATION
    from negosim.rl.training import ILQL, TrainConfig, train

    folder = tmp_path_factory.mktemp("evaluated") / "policy"
    dialogues = run_episodes(sim_agent(DONATION, skill=1.0), sim_users(DONATION, range(4)))
    train(dialogues, folder, TrainConfig(algorithm=ILQL(), model="tiny:1x32", steps=1, batch_size=2))
    return folder
