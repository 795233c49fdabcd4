"""Training policies on trajectories: ILQL, Monte Carlo returns, supervised fine-tuning and its kin.

Needs the extra `[rl]`; importing this package loads torch.
"""

from negosim.rl._extra import require_torch

require_torch()

from negosim.rl.training._config import ALGORITHMS, TrainConfig
from negosim.rl.training._losses import LossWeights, dense_ilql_losses
from negosim.rl.training._train import train
from negosim.rl.training._trainer import Step
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
    "Step",
    "TrainConfig",
    "dense_ilql_losses",
    "train",
]
