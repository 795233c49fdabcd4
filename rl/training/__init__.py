"""Training policies on trajectories: ILQL, Monte Carlo returns, supervised fine-tuning and its kin.

Needs the extra `[rl]`; importing this package loads torch.
"""

from negosim.rl import _needs_torch  # noqa: F401 (says what to install, first of all)
from negosim.rl.training._config import ALGORITHMS, TrainConfig
from negosim.rl.training._losses import LossWeights, dense_ilql_losses
from negosim.rl.training._train import train
from negosim.rl.training._trainer import OptimizerStep
from negosim.rl.training.ilql import ILQL
from negosim.rl.training.mc import MC
from negosim.rl.training.sft import BC, RFT, SFT, Forward

__all__ = [
    "ALGORITHMS",
    "BC",
    "ILQL",
    "MC",
    "RFT",
    "SFT",
    "Forward",
    "LossWeights",
    "OptimizerStep",
    "TrainConfig",
    "dense_ilql_losses",
    "train",
]
