"""Monte Carlo returns: Q is regressed on the reward that followed (LMRL-Gym, Abdulhai et al. 2023).

No bootstrap, no targets, one head: Q of the behaviour that made the data. On dialogue tasks it does at
least as well as ILQL; it cannot join the good halves of two dialogues.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from negosim._frozen import Frozen
from negosim.rl._trajectory import Role, Trajectory
from negosim.rl.training._algorithm import check_rewards
from negosim.rl.training._batches import Batch
from negosim.rl.training._losses import mc_losses, returns_to_go
from negosim.rl.training.model import HeadName, Losses, States, ValueModel


class MC(Frozen):
    """Hyperparameters of Monte Carlo returns."""

    heads: ClassVar[tuple[HeadName, ...]] = ("q1",)
    learner: ClassVar[tuple[Role, ...]] = ("agent",)

    algo: Literal["mc"] = "mc"
    discount: Annotated[float, Field(ge=0, le=1)] = 0.99
    """gamma, for each token."""
    cql_weight: Annotated[float, Field(ge=0)] = 0.1
    """How much Q is pressed down on tokens not in the data."""
    bc_weight: Annotated[float, Field(ge=0)] = 1.0
    """How much the language model is trained to say what the data says."""
    advantage: Annotated[float, Field(ge=0)] = 8.0
    """beta of the policy, unless it is told otherwise when it speaks."""

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return all trajectories."""
        check_rewards(trajectories)
        return list(trajectories)

    def losses(self, model: ValueModel, batch: Batch, states: States) -> Losses:
        """Return regression, conservative and cloning losses, and the mean of Q."""
        with torch.autocast(states.before.device.type, enabled=False):
            q = model.head("q1").scores(states.before.float(), batch.action)
        losses = mc_losses(
            q=q,
            returns=self._returns(batch),
            lm=model.lm_scores(states.before, batch.action),
            cql=self.cql_weight,
            bc=self.bc_weight,
        )
        return {**losses, "q": q.chosen.detach().sum()}

    def after_step(self, model: ValueModel) -> None:
        """There are no targets to move."""

    def _returns(self, batch: Batch) -> torch.Tensor:
        counts = torch.bincount(batch.row)
        column = (
            torch.arange(len(batch.row), device=batch.row.device) - (counts.cumsum(0) - counts)[batch.row]
        )
        rewards = batch.reward.new_zeros(len(counts), int(counts.max()))
        rewards[batch.row, column] = batch.reward
        return returns_to_go(rewards, self.discount)[batch.row, column]
