"""Protocol of algorithms: what each gives the trainer."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from negosim.errors import UserError
from negosim.rl._trajectory import Role, Trajectory
from negosim.rl.training._batches import Batch
from negosim.rl.training.model import HeadName, Losses, States, ValueModel


class Algorithm(Protocol):
    """A way to learn from trajectories; its fields are its hyperparameters."""

    heads: ClassVar[tuple[HeadName, ...]]
    """The value heads it needs beside the language model."""
    learner: ClassVar[tuple[Role, ...]]
    """Whose tokens it learns."""

    @property
    def advantage(self) -> float:
        """beta: how much the Q values weigh against the language model when the policy speaks."""
        ...

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return the trajectories to learn from.

        Raises:
            UserError: they hold nothing to learn for this algorithm.

        """
        ...

    def losses(self, model: ValueModel, batch: Batch, states: States) -> Losses:
        """Return `loss`, its parts and figures of interest, each summed over the batch's actions."""
        ...

    def after_step(self, model: ValueModel) -> None:
        """Do what is due after each step of the optimizer."""
        ...


def check_rewards(trajectories: Sequence[Trajectory]) -> None:
    """Refuse data whose dialogues are all worth the same: nothing tells good ones from bad.

    Raises:
        UserError: there are no trajectories, or their rewards are all equal.

    """
    if not trajectories:
        raise UserError("there are no trajectories to learn from; is the split 'train' empty?")
    worth = {trajectory.total_reward for trajectory in trajectories}
    if len(worth) == 1:
        raise UserError(
            f"every one of the {len(trajectories)} trajectories has the reward {worth.pop():g}: nothing "
            "tells good dialogues from bad; prepare the data with another reward, or train with --algo bc"
        )


def share_by_reward(trajectories: Sequence[Trajectory], share: float, *, best: bool) -> list[Trajectory]:
    """Return the share of trajectories with the highest (or lowest) rewards, at least one.

    Ties keep their order.
    """
    check_rewards(trajectories)
    sign = -1 if best else 1
    ranked = sorted(trajectories, key=lambda trajectory: sign * trajectory.total_reward)
    return ranked[: max(1, round(share * len(ranked)))]
