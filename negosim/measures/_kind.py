"""The kind of a negotiation: how wide its zone of agreement is, how integrative, what solutions choose."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from negosim.measures._solutions import SOLUTIONS, Solutions
from negosim.scenarios import DealSpace, Scenario

_TOLERANCE = 1e-9
_HARDLY, _MUCH = 0.05, 0.25
"""Gain over no deal, as a share of a role's scale, that is hardly any, and that is much."""


@dataclass(frozen=True)
class NegotiationKind:
    """What kind of negotiation a space of deals makes."""

    zone: tuple[float, ...]
    """By role: points between its reservation value and the best deal that costs nobody; 0 for none."""
    integrative: float | None
    """0 where what one role gains the others lose, up to 1 where all can have their best at once.

    Gains are scaled for each role from 0 (no deal) to 1 (the best deal that costs nobody); it is the largest
    sum of them less 1, over the number of other roles. None without a zone of agreement.
    """
    solutions: dict[str, tuple[float, ...]]
    """By solution (Nash, Kalai-Smorodinsky, egalitarian, utilitarian): its deal's worth to each role."""


def kind_of(space: DealSpace) -> NegotiationKind:
    """Work out what kind of negotiation a space of deals makes.

    Args:
        space: the deals of a scenario and their values.

    Returns:
        Zone, integrative index and solutions, in points.

    Example:
        >>> from negosim.measures import kind_of
        >>> from negosim.scenarios import load_scenario
        >>> kind = kind_of(load_scenario("viatex").space)
        >>> sorted(kind.solutions)
        ['egalitarian', 'kalai_smorodinsky', 'nash', 'utilitarian']

    """
    gains = np.clip((space.outcomes - space.reservations)[_rational(space)], 0, None)
    if not len(gains):
        return NegotiationKind((0.0,) * len(space.reservations), None, {})
    ideal = gains.max(axis=0)
    scaled = gains / np.where(ideal > _TOLERANCE, ideal, 1.0)
    others = max(1, len(ideal) - 1)
    found = Solutions.among(space).outcomes
    solutions = {name: tuple(found[name][0].tolist()) for name in SOLUTIONS if name in found}
    integrative = float((scaled.sum(axis=1).max() - 1.0) / others) if ideal.min() > _TOLERANCE else None
    return NegotiationKind(tuple(ideal.tolist()), integrative, solutions)


def kind_warnings(scenario: Scenario) -> Iterator[str]:
    """Yield what makes a negotiation one that hardly is one.

    Args:
        scenario: has deals.

    Yields:
        A sentence for each: no deal suits all, an issue matters to nobody, one side holds all the cards.

    """
    space = scenario.space
    if not _rational(space).any():
        yield "no deal is worth its reservation value to every role; lower one, or add options"
    for issue in scenario.issues:
        worth = ([role.payoff.points(issue, value) for value in issue.values] for role in scenario.roles)
        if all(max(points) - min(points) <= _TOLERANCE for points in worth):
            yield f"issue {issue.id!r} matters to nobody: every value of it has the same points for each role"
    yield from _one_sided(scenario)


def _one_sided(scenario: Scenario) -> Iterator[str]:
    space = scenario.space
    zone, scale = kind_of(space).zone, np.ptp(space.values, axis=0)
    shares = [gain / (span or 1.0) for gain, span in zip(zone, scale, strict=True)]
    worst = space.values.min(axis=0)
    takes_any = [low >= reservation for low, reservation in zip(worst, space.reservations, strict=True)]
    for role, any_deal, share in zip(scenario.roles, takes_any, shares, strict=True):
        if any_deal and not all(takes_any):
            yield f"one side holds all the cards: to role {role.id!r} any deal is as good as none, or better"
        elif share < _HARDLY and max(shares) > _MUCH:
            yield f"one side holds all the cards: role {role.id!r} can gain hardly anything over no deal"


def _rational(space: DealSpace) -> np.ndarray:
    enough: np.ndarray = np.all(space.outcomes >= space.reservations - _TOLERANCE, axis=1)
    return enough
