"""Rewards: a dialogue's worth to each role, computed from the record as the scenario says."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from negosim import registry
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.records import Measurement, Outcome, Turn
from negosim.scenarios import Measure, Reward, Scenario, answer_named


@dataclass(frozen=True)
class RewardContext:
    """What a reward function is given: one role of one finished dialogue."""

    scenario: Scenario
    role: int
    """Position of the role in the scenario's roles."""
    turns: tuple[Turn, ...]
    measurements: tuple[Measurement, ...]
    outcome: Outcome


RewardFunction = Callable[[RewardContext], float | None]
"""Returns the reward; None where there is none."""


def rewards_of(
    scenario: Scenario, turns: Sequence[Turn], measurements: Sequence[Measurement], outcome: Outcome
) -> tuple[float | None, ...] | None:
    """Return each role's reward, None in a place where it cannot be known.

    A role without a reward of its own has the value of its deal. A reward over an answer that was not given
    is unknown, never 0.

    Args:
        scenario: says what counts.
        turns: what was said.
        measurements: what the roles answered.
        outcome: what was agreed.

    Returns:
        By role; None where the scenario says of no role what counts.

    Raises:
        UserError: a reward function failed, or there is none of that name.

    """
    if not any(role.reward for role in scenario.roles):
        return None
    return tuple(
        _reward(role.reward, RewardContext(scenario, index, tuple(turns), tuple(measurements), outcome))
        for index, role in enumerate(scenario.roles)
    )


def reward_function(name: str) -> RewardFunction:
    """Return a reward function by name.

    Raises:
        UserError: there is none, or it is no function.

    """
    if not registry.has("rewards", name):
        raise UserError(
            f"no reward function {name!r}; {suggest(name, registry.plugins('rewards'))}; a package brings "
            "one by the entry point group 'negosim.rewards', a script by @negosim.registry.reward"
        )
    found = registry.load("rewards", name)
    if not callable(found):
        raise registry.misfit("rewards", name, found, "a function that takes a RewardContext")
    function: RewardFunction = found
    return function


def reward_words(scenario: Scenario, role: int) -> str:
    """Say what a dialogue is worth to a role, with the bounds of what is measured.

    Args:
        scenario: what it is about.
        role: position of the role.

    Examples:
        >>> from negosim import load_scenario
        >>> reward_words(load_scenario("donation"), 0)
        'after.donation (donation: a number from 0 to 2)'

    """
    reward = scenario.roles[role].reward
    if reward is None:
        return "value of the outcome in the payoff's points"
    if reward.function is not None or reward.parsed is None:
        return f"as {reward.function} computes it"
    words = {word for name in reward.parsed.names for word in name.split(".")}
    bounds = [f"{measure.id}: {measure.wanted}" for measure in scenario.measures if measure.id in words]
    return f"{reward.expression} ({'; '.join(bounds)})" if bounds else str(reward.expression)


def _reward(reward: Reward | None, context: RewardContext) -> float | None:
    if reward is None:
        return context.outcome.values[context.role] if context.outcome.values else None
    if reward.function is not None:
        return _computed(reward.function, context)
    expression = reward.parsed
    assert expression is not None
    values: dict[str, float | str] = {}
    for name in expression.names:
        value = _value(name, context)
        if value is None:
            return None
        values[name] = value
    try:
        return expression.value(values)
    except ValueError:
        return None


def _computed(name: str, context: RewardContext) -> float | None:
    try:
        given = reward_function(name)(context)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"reward function {name!r} failed: {type(error).__name__}: {error}") from error
    if given is None:
        return None
    if not isinstance(given, int | float) or not math.isfinite(given):
        raise UserError(f"reward function {name!r} must return a finite number or None, not {given!r}")
    return float(given)


def _value(name: str, context: RewardContext) -> float | str | None:
    """Return what a name in an expression stands for, None where it is not known."""
    outcome, scenario = context.outcome, context.scenario
    if name == "joint":
        return outcome.joint_value
    if name == "own":
        return outcome.values[context.role] if outcome.values else None
    role, measure, moment = answer_named(name, scenario.roles[context.role].id, scenario.measures)
    given = _answers(measure, scenario.role_index[role], moment, context.measurements)
    if not given or None in given:
        return None
    if moment == "mean":
        numbers = [answer for answer in given if isinstance(answer, float)]
        return fmean(numbers) if len(numbers) == len(given) else None
    return given[-1]


def _answers(
    measure: Measure, role: int, moment: str, measurements: Sequence[Measurement]
) -> list[float | str | None]:
    """Return a role's answers in their order; None for each that was not given."""
    asked: Mapping[str, str] = {"last": "each_turn", "mean": "each_turn"}
    when = asked.get(moment, moment)
    found = [m for m in measurements if (m.measure, m.role, m.moment) == (measure.id, role, when)]
    given = [m.value for m in found]
    return [
        float(one) if isinstance(one, int | float) else one if isinstance(one, str) else None for one in given
    ]
