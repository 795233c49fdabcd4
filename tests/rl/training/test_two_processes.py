"""Training under `accelerate launch`: two processes, stopped and resumed, do what one does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from negosim.rl import Origin, Trajectory, write_trajectories
from negosim.rl.training import TrainConfig, train

SCRIPT = Path(__file__).with_name("two_processes.py")


def launch(*arguments: str) -> subprocess.CompletedProcess[str]:
    # On CPUs accelerate itself starts several processes only through MPI; told that they are GPUs it
    # starts them as it would there, and the processes see for themselves that they have none.
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--num_cpu_threads_per_process", "1", "--main_process_port", "0", str(SCRIPT), *arguments]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1200, check=False)


def losses(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.mark.slow
def test_two_processes_stopped_and_resumed_do_what_one_does(
    dialogues: list[Trajectory], small: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    config = small(steps=5, micro_batch_size=3, checkpoint_every=2)
    write_trajectories(tmp_path / "data", dialogues, Origin(source="made", licence="none", reward="words"))
    train(dialogues, tmp_path / "one", config)
    done = launch(str(tmp_path / "two"), str(tmp_path / "data"), config.model_dump_json())
    assert done.returncode == 0, done.stderr
    assert "process 0 of 2" in done.stdout
    assert "process 1 of 2" in done.stdout
    for one, two in zip(losses(tmp_path / "one"), losses(tmp_path / "two"), strict=True):
        assert two == pytest.approx(one, rel=1e-4, abs=1e-5)
