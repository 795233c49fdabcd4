"""Embedded back ends: rules and simulated users, offline; for the tasks that have them."""

from collections.abc import Sequence

from negosim.errors import UserError
from negosim.rl._card import Card
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._protocol import Controller, ForwardModel, RewardModel
from negosim.rl.hindsight._setting import Setting


def controller(setting: Setting, card: Card) -> Controller:
    """Return the rules that review dialogues of a task.

    Raises:
        UserError: the task has none.

    """
    raise _none("controller", "--controller", setting)


def forward_model(setting: Setting, card: Card, pool: Sequence[Trajectory]) -> ForwardModel:
    """Return the simulation that completes dialogues of a task, fitted to a set of them.

    Raises:
        UserError: the task has none.

    """
    raise _none("forward model", "--forward", setting)


def reward_model(setting: Setting, card: Card, pool: Sequence[Trajectory]) -> RewardModel:
    """Return what reads rewards off dialogues of a task, fitted to a set of them.

    Raises:
        UserError: the task has none.

    """
    raise _none("reward model", "--reward-model", setting)


def _none(what: str, option: str, setting: Setting) -> UserError:
    return UserError(
        f"there is no embedded {what} for the task {setting.task!r}; name a chat model with {option} MODEL"
    )
