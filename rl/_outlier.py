"""Outlying rewards: training divides by the largest, so a single slip can make all others vanish."""

from collections.abc import Mapping

import numpy as np

FACTOR = 10
"""A reward is an outlier if it is more than this many times what nine tenths of the others stay below."""


def outlier_note(rewards: Mapping[str, float]) -> str | None:
    """Say that a few rewards would scale all others to nothing, and what to do; None if none would.

    Zeros do not count: they stay zero whatever they are divided by.

    Args:
        rewards: of whole dialogues, by id.

    """
    sizes = {id: abs(reward) for id, reward in rewards.items() if reward}
    if len(sizes) < 2:
        return None
    largest = max(sizes, key=lambda id: sizes[id])
    usual = float(np.quantile(list(sizes.values()), 0.9, method="lower"))
    if sizes[largest] <= FACTOR * usual:
        return None
    return (
        f"the reward of {largest} is {rewards[largest]:g}, and nine tenths of the others are within "
        f"{usual:g}: training divides all by the largest, which leaves these next to nothing. If it is a "
        "slip, mend or remove that dialogue in the source; else bound rewards with --reward MODULE:FUNCTION"
    )
