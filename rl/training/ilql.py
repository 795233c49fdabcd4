"""Implicit Language Q-Learning (Snell et al. 2022).

Each token the agent says is an action; the state is everything before it. From a fixed set of
dialogues, ILQL learns Q(s,a) with two heads on a language model's trunk and V(s) with a third: V is an
upper expectile of Q over the actions in the data, so that the bootstrap never asks about actions nobody
took. The language model itself is trained by behavioural cloning; the policy shifts its log
probabilities by beta * (Q - V).
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from negosim._frozen import Frozen
from negosim.rl._trajectory import Role, Trajectory
from negosim.rl.training._algorithm import check_rewards
from negosim.rl.training._batches import Batch
from negosim.rl.training._losses import LossWeights, ilql_losses, polyak
from negosim.rl.training.model import TARGETS, HeadName, Losses, States, ValueModel


class ILQL(Frozen):
    """Hyperparameters of ILQL."""

    heads: ClassVar[tuple[HeadName, ...]] = ("q1", "q2", "target_q1", "target_q2", "v")
    learner: ClassVar[tuple[Role, ...]] = ("agent",)

    algo: Literal["ilql"] = "ilql"
    discount: Annotated[float, Field(ge=0, le=1)] = 0.99
    """gamma, for each token."""
    expectile: Annotated[float, Field(gt=0, lt=1)] = 0.8
    """tau: which expectile of Q is V."""
    cql_weight: Annotated[float, Field(ge=0)] = 0.1
    """How much Q is pressed down on tokens not in the data."""
    bc_weight: Annotated[float, Field(ge=0)] = 1.0
    """How much the language model is trained to say what the data says."""
    advantage_weight: Annotated[float, Field(ge=0)] = 0.0
    """beta_w: how much more good actions count in behavioural cloning; 0 clones all alike."""
    target_rate: Annotated[float, Field(gt=0, le=1)] = 0.005
    """How far the target heads follow the online ones at each step of the optimizer."""
    advantage: Annotated[float, Field(ge=0)] = 8.0
    """beta of the policy, unless it is told otherwise when it speaks."""

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return all trajectories."""
        check_rewards(trajectories)
        return list(trajectories)

    def losses(self, model: ValueModel, batch: Batch, states: States) -> Losses:
        """Return TD, expectile, conservative and cloning losses, and the means of Q and V."""
        with torch.autocast(states.before.device.type, enabled=False):
            before, after = states.before.float(), states.after.float()
            q1 = model.head("q1").scores(before, batch.action)
            q2 = model.head("q2").scores(before, batch.action)
            with torch.no_grad():
                target_q = torch.minimum(
                    model.head("target_q1").of(before, batch.action),
                    model.head("target_q2").of(before, batch.action),
                )
            v = model.head("v")(before).squeeze(-1)
            # The next state of an action is that of the action after it, or else the dialogue's end.
            v_end = model.head("v")(after).squeeze(-1)
            v_next = torch.where(batch.final, v_end[batch.row], v.roll(-1))
        losses = ilql_losses(
            q1=q1,
            q2=q2,
            target_q=target_q,
            v=v,
            v_next=v_next,
            lm=model.lm_scores(states.before, batch.action),
            reward=batch.reward,
            not_done=batch.not_done,
            weights=LossWeights(
                self.discount, self.expectile, self.cql_weight, self.bc_weight, self.advantage_weight
            ),
        )
        return {**losses, "q": target_q.sum(), "v": v.detach().sum()}

    def after_step(self, model: ValueModel) -> None:
        """Move the target heads."""
        for target, online in TARGETS:
            polyak(model.head(target), model.head(online), self.target_rate)
