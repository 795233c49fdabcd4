"""Imitation: behavioural cloning of all, of the best, of the best regenerated, and of both sides.

- `bc`: every dialogue.
- `sft`: the best share of the originals by reward (25 % in the hindsight paper).
- `rft`: the same, from the set that hindsight has grown.
- `forward`: every dialogue, both sides: the model that goes on with a dialogue (hindsight's forward model).
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.rl._ends import mark_end
from negosim.rl._trajectory import Role, Trajectory
from negosim.rl.training._algorithm import share_by_reward
from negosim.rl.training._batches import Batch
from negosim.rl.training.model import HeadName, Losses, States, ValueModel

TopShare = Annotated[float, Field(gt=0, le=1)]


class _Imitation(Frozen):
    """What imitation has in common: cross-entropy of what was said, no value heads."""

    heads: ClassVar[tuple[HeadName, ...]] = ()
    learner: ClassVar[tuple[Role, ...]] = ("agent",)
    advantage: Literal[0] = 0

    def losses(self, model: ValueModel, batch: Batch, states: States) -> Losses:
        """Return the sum of cross-entropies."""
        loss = model.lm_scores(states.before, batch.action).cross_entropy(
            batch.reward.new_ones(len(batch.at))
        )
        return {"loss": loss}

    def after_step(self, model: ValueModel) -> None:
        """There is nothing to do."""


class BC(_Imitation):
    """Behavioural cloning: say what the data says, good or bad."""

    algo: Literal["bc"] = "bc"

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return all trajectories."""
        return _some(trajectories)


class SFT(_Imitation):
    """Supervised fine-tuning on the best of the original dialogues."""

    algo: Literal["sft"] = "sft"
    top_share: TopShare = 0.25
    """The share of dialogues, by reward, to learn from."""

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return the best originals: what hindsight has made is left out."""
        originals = [trajectory for trajectory in trajectories if trajectory.ancestry is None]
        return share_by_reward(originals, self.top_share, best=True)


class RFT(_Imitation):
    """Rejection fine-tuning on the best of the set that hindsight has grown."""

    algo: Literal["rft"] = "rft"
    top_share: TopShare = 0.25
    """The share of dialogues, by reward, to learn from."""

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return the best of all.

        Raises:
            UserError: all are originals, so that this would be `sft` by another name.

        """
        if trajectories and all(trajectory.ancestry is None for trajectory in trajectories):
            raise UserError(
                "rft learns from a set that hindsight has grown, and these are originals only; "
                "run negosim rl hindsight first, or train with --algo sft"
            )
        return share_by_reward(trajectories, self.top_share, best=True)


class Forward(_Imitation):
    """The model of both sides, which goes on with a dialogue."""

    learner: ClassVar[tuple[Role, ...]] = ("agent", "user")

    algo: Literal["forward"] = "forward"
    bottom_share: TopShare = 1.0
    """The share of dialogues with the lowest rewards to learn from; 0.25 makes the hard forward model."""

    def select(self, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
        """Return all trajectories, or those with the lowest rewards, their ends marked."""
        some = _some(trajectories)
        if self.bottom_share < 1:
            some = share_by_reward(some, self.bottom_share, best=False)
        return [mark_end(trajectory) for trajectory in some]


def _some(trajectories: Sequence[Trajectory]) -> list[Trajectory]:
    if not trajectories:
        raise UserError("there are no trajectories to learn from; is the split 'train' empty?")
    return list(trajectories)
