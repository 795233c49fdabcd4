"""Strength of a claim by its words: how good an alternative is said to be, how near a deadline.

"I have a signed offer that is better than yours" says more than "I could look elsewhere, although I would
rather not". What words count is in `frames/cues.yaml`, under `strength`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from negosim.agents.sim.frame_files import load_data

ClaimKind = Literal["alternative", "deadline", "limit", "promise", "priority", "fact"]
"""What a claim of the other side is about, as it is heard."""

_MIDDLE, _STEP = 0.5, 0.2
"""Strength of an alternative whose words do not tell, and what each telling word changes."""


@dataclass(frozen=True)
class _Scale:
    """The words that tell."""

    none: re.Pattern[str]
    """There is nothing else."""
    strong: Sequence[re.Pattern[str]]
    weak: Sequence[re.Pattern[str]]
    near: Sequence[tuple[float, re.Pattern[str]]]
    """How near deadlines are; the first that is found counts."""


@lru_cache(maxsize=1)
def _scale() -> _Scale:
    data = load_data("cues.yaml")["strength"]
    none = re.compile(data["alternative"]["none"])
    strong, weak = ([re.compile(text) for text in data["alternative"][way]] for way in ("strong", "weak"))
    return _Scale(none, strong, weak, [(level, re.compile(text)) for level, text in data["deadline"]])


def strength_of(kind: ClaimKind, sentence: str) -> float:
    """Return how strong a claim is, 0 to 1; 1 where words make no difference.

    Args:
        kind: what the sentence claims.
        sentence: the words.

    Example:
        >>> strength_of("deadline", "I need your answer tonight.")
        1.0
        >>> strength_of("alternative", "I could go on alone, though it would be worse.")
        0.0

    """
    scale, small = _scale(), sentence.casefold()
    if kind == "deadline":
        return next((level for level, pattern in scale.near if pattern.search(small)), _MIDDLE)
    if kind != "alternative":
        return 1.0
    if scale.none.search(small):
        return 0.0
    found = sum(bool(one.search(small)) for one in scale.strong)
    found -= sum(bool(one.search(small)) for one in scale.weak)
    return round(min(1.0, max(0.0, _MIDDLE + _STEP * found)), 2)
