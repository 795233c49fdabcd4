"""Beliefs of the simulated negotiator about another role: its priorities and its reservation value.

Learnt as in Hindriks and Tykhonov (2008, Opponent Modelling in Automated Multi-Issue Negotiation Using
Bayesian Learning): every ranking of the issues is a hypothesis, and one is the likelier, the better the
offers fit a negotiator that begins near its best deal and gives way with time. Their worth is judged by
supposing that the other wants the opposite of what the believer wants, issue by issue.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations
from random import Random

import numpy as np

from negosim.agents.sim.deals import Deals, Floats, deals_of
from negosim.agents.sim.faith import PRIOR
from negosim.agents.sim.hearing import words_and_ear
from negosim.agents.sim.plan import HORIZON, plan_for
from negosim.agents.sim.reading import Reading, read
from negosim.scenarios import PRIORITY, RESERVATION
from negosim.views import View

_OPENING, _CLOSING = 0.95, 0.65
"""Worth to the other, 0 (its worst deal) to 1 (its best), of what it is expected to offer first and last."""
_SPREAD = 0.15
"""Standard deviation of an offer's worth around what is expected."""
_TRUST = 0.5
"""How likely it is thought that what the other calls most important is."""

_PRIOR_SPREAD = 0.15
"""Standard deviation of the reservation value, 0 to 1, before anything is known."""
_GAP = (0.9, 0.25)
"""What the other is expected to want at first and at last, in parts of what lies between its reservation
value and its best deal."""
_NOISE = 0.2
"""Standard deviation of what its lowest offer says: its worth is guessed, and so is how it gives way."""

_ENUMERATED = 7
"""Up to so many issues every ranking is a hypothesis, of more a sample as large as with so many."""


def belief(view: View, other: int) -> dict[str, float]:
    """Estimate another role's priorities and reservation value from the view alone."""
    deals = deals_of(view.side.issues, view.side.role.payoff)
    _, ear = words_and_ear(view.side.issues)
    reading = read(view, deals, ear)
    end = (view.side.max_turns or HORIZON) - 1
    worths, times = _offers(reading, other, deals, end)
    weights = _weights(worths, times, _stressed(reading, other, deals))
    priorities = zip(deals.ids, weights.tolist(), strict=True)
    return {
        RESERVATION: _reservation(worths @ weights, times, _claimed(view, other)),
        **{PRIORITY + issue: weight for issue, weight in priorities},
    }


def _offers(reading: Reading, other: int, deals: Deals, end: int) -> tuple[Floats, Floats]:
    """Return what the other's complete offers seem worth to it, and when they were made.

    Shapes (offers, issues), 0 to 1 each, and (offers,), 0 (start) to 1 (end of the time there is).
    """
    rows, times = [], []
    positions, turns = reading.positions.get(other, ()), reading.offer_turns.get(other, ())
    for position, turn in zip(positions, turns, strict=True):
        if len(position) == len(deals.ids):
            codes = [deals.positions[place][position[issue]] for place, issue in enumerate(deals.ids)]
            rows.append([1.0 - deals.scores[place][code] for place, code in enumerate(codes)])
            times.append(min(1.0, turn / max(1, end)))
    return np.array(rows).reshape(-1, len(deals.ids)), np.array(times)


def _stressed(reading: Reading, other: int, deals: Deals) -> int | None:
    """Return the position of the issue the other has called most important, the most often of several."""
    stressed = reading.stressed.get(other)
    return deals.index[max(stressed, key=lambda issue: stressed[issue])] if stressed else None


def _weights(worths: Floats, times: Floats, stressed: int | None) -> Floats:
    """Return the expected weight of each issue; all alike before anything is known."""
    rankings = _rankings(worths.shape[1])
    expected = _OPENING - (_OPENING - _CLOSING) * times
    likelihood = -((rankings @ worths.T - expected) ** 2).sum(axis=1) / (2 * _SPREAD**2)
    if stressed is not None and rankings.shape[1] > 1:
        first = rankings[:, stressed] == rankings.max()
        likelihood += np.log(np.where(first, _TRUST, (1 - _TRUST) / (rankings.shape[1] - 1)))
    chances = np.exp(likelihood - likelihood.max())
    weights: Floats = chances @ rankings / chances.sum()
    return weights


@lru_cache(maxsize=16)
def _rankings(issues: int) -> Floats:
    """Return the hypotheses, shape (rankings, issues): weights that fall evenly with the rank, sum 1."""
    by_rank = np.arange(issues, 0, -1) * 2 / (issues * (issues + 1))
    if issues <= _ENUMERATED:
        ranks: Sequence[Sequence[int]] = list(permutations(range(issues)))
    else:
        # Every ranking comes with its rotations: so each issue has each rank equally often, and nothing
        # is taken to matter more before something is known.
        rng, several = Random(issues), 5040 // issues
        drawn = [rng.sample(range(issues), issues) for _ in range(several)]
        ranks = [[(rank + turn) % issues for rank in ranking] for ranking in drawn for turn in range(issues)]
    hypotheses: Floats = by_rank[np.array(ranks)]
    return hypotheses


def _claimed(view: View, other: int) -> float:
    """Return the mean expected before any offer: what believed claims say, where they say something."""
    said = plan_for(view).faith[other].reservation
    return PRIOR if said is None else said


def _reservation(worth: Floats, times: Floats, prior: float) -> float:
    """Return the expected reservation value: the prior, moved by what the lowest offer says.

    An offer leaves the other some gain over its reservation value r: worth = r + (1 - r) wanted, with
    what it wants at that time. Both are normal, so the expectation is their precision-weighted mean.
    """
    if not len(worth):
        return prior
    lowest = int(worth.argmin())
    wanted = _GAP[0] - (_GAP[0] - _GAP[1]) * times[lowest]
    slope, said = 1 - wanted, worth[lowest] - wanted
    precision = 1 / _PRIOR_SPREAD**2 + slope**2 / _NOISE**2
    mean = (prior / _PRIOR_SPREAD**2 + slope * said / _NOISE**2) / precision
    return min(1.0, max(0.0, float(mean)))
