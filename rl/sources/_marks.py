"""Moves as text: what a policy reads and writes where a dialogue has structured offers."""

import re
from collections.abc import Mapping
from typing import Literal

Move = Literal["talk", "offer", "accept", "reject", "walk_away"]

_MARK = re.compile(r"\s*\[(offer|accept|reject|walk away)(?:: ([^\[\]]*))?\]\s*$")


def mark(text: str, move: Move, offer: Mapping[str, object] | None = None) -> str:
    """Put a move behind a text: "Fine by me. [offer: price=0.11; term=two-years]".

    The values of an offer are as the scenario's issues have them.
    """
    if move == "talk":
        return text
    what = "; ".join(f"{issue}={value}" for issue, value in (offer or {}).items())
    return f"{text} [{move.replace('_', ' ')}{f': {what}' if what else ''}]".strip()


def read_mark(text: str) -> tuple[str, Move, dict[str, str]]:
    """Return a text without its move, the move, and the offer it makes; the inverse of `mark`."""
    match = _MARK.search(text)
    if match is None:
        return text, "talk", {}
    moves: dict[str, Move] = {
        "offer": "offer",
        "accept": "accept",
        "reject": "reject",
        "walk away": "walk_away",
    }
    pairs = (part.partition("=") for part in (match[2] or "").split(";"))
    offer = {issue.strip(): value.strip() for issue, sign, value in pairs if sign}
    return text[: match.start()], moves[match[1]], offer
