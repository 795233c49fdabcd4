"""Effects of traits on the embedded persuader and supporter beyond their skill: turns by disposition."""

import random
from collections.abc import Iterable, Sequence

from negosim.traits import Trait, favour

LEANS = 0.3
"""Share of the turns that go by what its traits favour rather than by plan or habit."""


def leaning(traits: Sequence[Trait], acts: Iterable[str], rng: random.Random) -> str | None:
    """Return an act that the traits favour, in some turns; None where plan or habit decides."""
    liked = {act: weight for act in acts if (weight := favour(traits, act)) > 1}
    if not liked or rng.random() >= LEANS:
        return None
    return rng.choices(list(liked), list(liked.values()))[0]
