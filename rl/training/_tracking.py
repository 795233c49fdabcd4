"""Dashboards that follow a run: TensorBoard and Weights & Biases, where they are installed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from accelerate.tracking import GeneralTracker, TensorBoardTracker, WandBTracker

from negosim.errors import UserError
from negosim.rl.training._config import TrainConfig
from negosim.rl.training._trainer import OptimizerStep

PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb"}


def check_trackers(names: Sequence[str]) -> None:
    """Check that dashboards are known and installed.

    Raises:
        UserError: one is not.

    """
    for name in names:
        if name not in PACKAGES:
            raise UserError(f"--track is tensorboard or wandb, not {name!r}")
        if find_spec(PACKAGES[name]) is None:
            raise UserError(f"--track {name} needs it installed: pip install {PACKAGES[name]}")


@contextmanager
def tracking(
    names: Sequence[str], folder: Path, config: TrainConfig
) -> Iterator[Callable[[OptimizerStep], None]]:
    """Yield what tells the dashboards of a step; only the first process writes to them.

    TensorBoard's files go to `tensorboard/` in the policy folder.
    """
    trackers: list[GeneralTracker] = []
    for name in names:
        if name == "tensorboard":
            trackers.append(TensorBoardTracker("tensorboard", logging_dir=str(folder)))
        else:
            trackers.append(WandBTracker("negosim", name=folder.name, config=config.model_dump(mode="json")))
        trackers[-1].start()

    def follow(step: OptimizerStep) -> None:
        rate = step.tokens / step.seconds
        figures = {**step.figures, "gradient_norm": step.gradient_norm, "tokens_per_second": rate}
        for tracker in trackers:
            tracker.log(figures, step=step.number)

    try:
        yield follow
    finally:
        for tracker in trackers:
            tracker.finish()
