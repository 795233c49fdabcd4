"""Embedded back ends: rules and simulated users, offline; for the tasks that have them."""

from collections.abc import Sequence

from negosim.agents.users import DONATION, SUPPORT, good_acts, good_support, phrase, phrase_support
from negosim.errors import UserError
from negosim.rl._card import Card
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._protocol import Controller, ForwardModel, RewardModel
from negosim.rl.hindsight._read_donation import DonationReading
from negosim.rl.hindsight._read_intensity import IntensityReading
from negosim.rl.hindsight._rules import RuleController
from negosim.rl.hindsight._rules_donation import donation_faults
from negosim.rl.hindsight._rules_support import support_faults
from negosim.rl.hindsight._setting import Setting
from negosim.rl.hindsight._simulated import SimulatedForward

NEGOTIATION = "negotiation"
"""The task of run folders. Its back ends need the engine, which is loaded only with them."""


def controller(setting: Setting) -> Controller:
    """Return the rules that review dialogues of a task.

    Raises:
        UserError: the task has none.

    """
    if setting.task == DONATION:
        return RuleController(DONATION, donation_faults, phrase)
    if setting.task == SUPPORT:
        return RuleController(SUPPORT, support_faults, phrase_support)
    if setting.task == NEGOTIATION:
        from negosim.rl.hindsight._rules_negotiation import NegotiationController

        return NegotiationController()
    raise _none("controller", "--controller", setting)


def forward_model(setting: Setting, pool: Sequence[Trajectory]) -> ForwardModel:
    """Return the simulation that completes dialogues of a task, fitted to a set of them.

    Raises:
        UserError: the task has none.

    """
    if setting.task == DONATION:
        return SimulatedForward(DONATION, pool, plan=good_acts)
    if setting.task == SUPPORT:
        return SimulatedForward(SUPPORT, pool, plan=good_support)
    if setting.task == NEGOTIATION:
        from negosim.rl.hindsight._negotiation_forward import NegotiationForward

        return NegotiationForward()
    raise _none("forward model", "--forward", setting)


def reward_model(setting: Setting, pool: Sequence[Trajectory], card: Card | None) -> RewardModel:
    """Return what reads rewards off dialogues of a task, fitted to a set of them.

    Raises:
        UserError: the task has none.

    """
    if setting.task == DONATION:
        return DonationReading(pool)
    if setting.task == SUPPORT:
        return IntensityReading(pool)
    if setting.task == NEGOTIATION and card is not None:
        from negosim.rl.hindsight._rules_negotiation import PayoffReading

        return PayoffReading(card)
    raise _none("reward model", "--reward-model", setting)


def _none(what: str, option: str, setting: Setting) -> UserError:
    return UserError(
        f"there is no embedded {what} for the task {setting.task!r}; name a chat model with {option} MODEL"
    )
