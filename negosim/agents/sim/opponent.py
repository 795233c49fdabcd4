"""Opponent model: the other side's interests, learnt from its public offers and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from negosim.agents.sim.deals import Deals, Floats
from negosim.scenarios import Value

_STATED = 0.9
"""How much an issue's weight grows when the other side says it matters most."""
_BEYOND_LIMIT = 0.5
"""What is left of a value's worth to them once they said they cannot go there."""


@dataclass(frozen=True)
class Opponent:
    """An estimate of one other role's payoff, from 0 (worst deal) to 1 (best deal)."""

    weights: tuple[float, ...]
    """By issue; they add up to 1."""
    scores: tuple[Floats, ...]
    """By issue: what each value is worth to them, 0 to 1."""
    value: Floats
    """By deal."""
    ranking: tuple[str, ...]
    """The issues, the one that seems to matter most to them first."""


def estimate(
    deals: Deals,
    offers: Sequence[Mapping[str, Value]],
    stressed: Mapping[str, int],
    limits: Mapping[str, Value],
    fixed_pie: float = 1.2,
) -> Opponent:
    """Estimate a payoff from offers and words.

    Issue weights follow the frequency heuristic of agenda-based agents (van Krimpen, Looije & Hajizadeh
    2013, HardHeaded): what a negotiator leaves unchanged from offer to offer matters to it. Values
    are scored by closeness to the first demand (numbers) or by how often they were offered (options).

    Args:
        deals: the deals with the observer's own payoff.
        offers: the other side's positions, oldest first; early ones may lack issues.
        stressed: how often it said that an issue matters most.
        limits: by issue, the value it said it cannot go past.
        fixed_pie: how many offers the first guess, that they want the opposite of what I want, weighs.

    """
    weights: list[float] = []
    scores: list[Floats] = []
    for index, issue in enumerate(deals.issues):
        codes = [deals.positions[index][offer[issue.id]] for offer in offers if issue.id in offer]
        own = deals.scores[index].tolist()
        score = _scores(own, codes, issue.range is not None, fixed_pie)
        if issue.id in limits:
            edge = own[deals.positions[index][limits[issue.id]]] + 1e-9
            score = [s * _BEYOND_LIMIT if o > edge else s for s, o in zip(score, own, strict=True)]
        scores.append(np.array(score))
        weights.append(_weight(codes, len(own)) + _STATED * min(2, stressed.get(issue.id, 0)))
    whole = sum(weights)
    shares = tuple(weight / whole for weight in weights)
    ranking = sorted(range(len(shares)), key=lambda position: -shares[position])
    return Opponent(
        weights=shares,
        scores=tuple(scores),
        value=deals.total([share * score for share, score in zip(shares, scores, strict=True)]),
        ranking=tuple(deals.ids[position] for position in ranking),
    )


def _scores(own: list[float], codes: Sequence[int], numeric: bool, fixed_pie: float) -> list[float]:
    prior = [1.0 - 0.8 * score for score in own]
    if not codes:
        return prior
    ideal, size = codes[0], max(1, len(own) - 1)
    if numeric:
        evidence = [1.0 - abs(c - ideal) / size if score > own[ideal] else 1.0 for c, score in enumerate(own)]
    else:
        evidence = [
            0.35 + 0.65 * codes.count(c) / len(codes) if c in codes else 0.4 * p for c, p in enumerate(prior)
        ]
        evidence[ideal] = 1.0
    seen = min(len(codes), 5)
    return [(fixed_pie * p + seen * e) / (fixed_pie + seen) for p, e in zip(prior, evidence, strict=True)]


def _weight(codes: Sequence[int], size: int) -> float:
    if len(codes) < 2:
        return 1.0
    same = sum(a == b for a, b in pairwise(codes)) / (len(codes) - 1)
    conceded = abs(codes[-1] - codes[0]) / max(1, size - 1)
    return 0.5 + same - 0.4 * conceded
