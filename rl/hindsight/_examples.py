"""Dialogues of the data that chat models are shown: drawn once, so that prompts share their beginning."""

import hashlib
import random
from collections.abc import Sequence

from negosim.errors import UserError
from negosim.rl._trajectory import Trajectory, TrajectoryTurn
from negosim.rl.hindsight._protocol import BOTTOM

FORWARD_EXAMPLES = 4
FINISHED_EXAMPLES = 6
INTENSITY_EXAMPLES = 10
SCORE_EXAMPLES = 10
AMOUNTS = (0.0, 0.0, 0.0, 1.0, 2.0)
"""Donations of the examples for amounts: many gave nothing, as in the data."""


def pool_of(originals: Sequence[Trajectory]) -> list[Trajectory]:
    """Return the dialogues that examples come from: those for training, all if none is."""
    return [one for one in originals if one.split == "train"] or list(originals)


def drawn(pool: Sequence[Trajectory], count: int, rng: random.Random) -> list[Trajectory]:
    """Return so many of the dialogues, or all that there are."""
    return rng.sample(list(pool), min(count, len(pool)))


def bottom(pool: Sequence[Trajectory]) -> list[Trajectory]:
    """Return the quarter of the dialogues with the lowest rewards, at least one; ties fall as by lot."""
    ordered = sorted(pool, key=lambda one: (one.total_reward, hashlib.sha256(one.id.encode()).digest()))
    return ordered[: max(1, round(BOTTOM * len(ordered)))]


def of_amounts(pool: Sequence[Trajectory], rng: random.Random) -> list[Trajectory]:
    """Return a dialogue for each of `AMOUNTS`, none twice: one of those that come nearest to it."""
    left = list(pool)
    rng.shuffle(left)
    found = []
    for amount in AMOUNTS:
        if left:
            nearest = min(left, key=lambda one: abs(one.total_reward - amount))
            left.remove(nearest)
            found.append(nearest)
    return found


def finished_and_not(
    pool: Sequence[Trajectory], rng: random.Random
) -> list[tuple[tuple[TrajectoryTurn, ...], bool]]:
    """Return dialogues with whether they are finished: half as they are, half stopped after a third.

    Raises:
        UserError: no dialogue is long enough to be stopped.

    """
    long = [one for one in pool if len(one.turns) >= 6]
    half = FINISHED_EXAMPLES // 2
    if not long:
        raise UserError("no dialogue has six turns, so none can show the reward model what unfinished means")
    chosen = drawn(long, FINISHED_EXAMPLES, rng)
    cut = [(one.turns[: max(2, len(one.turns) // 3)], False) for one in chosen[:half]]
    return cut + [(one.turns, True) for one in chosen[half:] or chosen[:half]]
