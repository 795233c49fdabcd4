"""Script for `accelerate launch`: train, stop after three steps, and go on from the checkpoint."""

import os
import sys

from negosim.rl import read_trajectories
from negosim.rl.training import OptimizerStep, TrainConfig, train
from negosim.rl.training._trainer import Trainer


class StoppedError(Exception):
    pass


def main(out: str, data: str, config: str) -> None:
    print(f"process {os.environ['RANK']} of {os.environ['WORLD_SIZE']}", flush=True)
    settings = TrainConfig.model_validate_json(config)
    whole_step = Trainer._step

    def stopping(trainer: Trainer, batch: object) -> OptimizerStep:
        if trainer.done == 3:
            raise StoppedError
        return whole_step(trainer, batch)  # type: ignore[arg-type]

    Trainer._step = stopping  # type: ignore[assignment,method-assign]
    try:
        train(read_trajectories(data), out, settings)
    except StoppedError:
        Trainer._step = whole_step  # type: ignore[method-assign]
    train(read_trajectories(data), out, settings, resume=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
