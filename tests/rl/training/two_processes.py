"""What `accelerate launch` starts: train, or go on; stop after a step, if one is given."""

import os
import sys
from pathlib import Path

import torch

from negosim.rl import read_trajectories
from negosim.rl.training import Step, TrainConfig, train


def main(out: str, data: str, config: str, stop: int) -> None:
    torch.set_num_threads(1)
    print(f"process {os.environ['RANK']} of {os.environ['WORLD_SIZE']}", flush=True)

    def watch(step: Step) -> None:
        if step.number == stop:
            os._exit(3)

    settings = TrainConfig.model_validate_json(config)
    train(read_trajectories(data), out, settings, resume=Path(out).exists(), watch=watch)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
