"""Likeness of texts: which candidate was said, and whether an utterance begins as earlier ones did."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

SAID = 0.2
"""The least share of words that what was said has in common with the candidate it was made from."""
CLEARLY = 1.5
"""How many times more another candidate has in common than the one judged best, if that is what was said."""
ALIKE = 0.6
"""From this likeness of their first words on, two utterances begin in the same way."""
OPENING = 6
"""Words that an utterance begins with."""

_WORD = re.compile(r"[^\W_]+(?:'\w+)?")
_COMMON = re.compile(
    r"a|an|and|are|as|at|be|but|by|can|do|for|from|have|i|if|in|is|it|me|my|not|of|on|or|our|so|that|the|this"
    r"|to|us|we|will|with|would|you|your"
)
"""Words that tell nothing of what is said."""


def said_candidate(text: str, candidates: Sequence[str], chosen: int) -> int | None:
    """Return the position of the candidate that words were made from, None where it was none of them.

    The chosen one is it, unless another has clearly more in common with the words.
    """
    likeness = [_shared(text, candidate) for candidate in candidates]
    best = max(range(len(likeness)), key=lambda position: likeness[position])
    if likeness[chosen] >= SAID and likeness[best] < CLEARLY * likeness[chosen]:
        return chosen
    return best if likeness[best] >= SAID else None


def opens_alike(text: str, earlier: Sequence[str]) -> bool:
    """Tell whether an utterance begins as one of the earlier ones does."""
    words = _opening(text)
    return any(
        words[:2] == other[:2] or SequenceMatcher(None, words, other).ratio() >= ALIKE
        for other in map(_opening, earlier)
        if words and other
    )


def _shared(one: str, other: str) -> float:
    """Return the share of the shorter text's telling words that both have."""
    left, right = _telling(one), _telling(other)
    fewest = min(len(left), len(right))
    return len(left & right) / fewest if fewest else float(one.strip() == other.strip())


def _telling(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if not _COMMON.fullmatch(word)}


def _opening(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)][:OPENING]
