"""Finding the turn that a controller quotes."""

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from negosim.rl._trajectory import TrajectoryTurn

THRESHOLD = 85.0
"""Least similarity of a quote to a turn, 0 to 100 (normalised indel similarity). Punctuation, case and
spacing are overlooked before; a word or two may differ, another sentence does not pass."""

SHORTEST_PART = 20
"""Characters from which on a quote may also be a part of a turn: shorter ones occur by chance."""

SAME = 95.0
"""A suggestion as similar as this to what was said says nothing new."""


def quoted_turn(quote: str, turns: Sequence[TrajectoryTurn]) -> tuple[int, float] | None:
    """Return the agent's turn that a quote is from, as its position, and the similarity; None if none is.

    Several equally similar: the first.
    """
    wanted = _plain(quote)
    scored = [
        (_score(wanted, _plain(turn.text)), -number)
        for number, turn in enumerate(turns)
        if turn.role == "agent" and wanted
    ]
    score, negative = max(scored, default=(0.0, 0))
    return (-negative, score) if score >= THRESHOLD else None


def says_the_same(first: str, second: str) -> bool:
    """Return whether two texts differ in nothing but a letter or two."""
    return fuzz.ratio(_plain(first), _plain(second)) >= SAME


def _score(quote: str, text: str) -> float:
    whole = fuzz.ratio(quote, text)
    if SHORTEST_PART <= len(quote) < len(text):
        return max(whole, fuzz.partial_ratio(quote, text))
    return whole


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w$']+", text.casefold().replace("’", "'")))
