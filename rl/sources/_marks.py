"""Moves as text: what a policy reads and writes where a dialogue has structured offers."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

Move = Literal["talk", "offer", "accept", "reject", "walk_away"]

_MARK = re.compile(r"\s*\[(offer|accept|reject|walk away)(?:: ([^\[\]]*))?\]\s*$")
_SAID_MARK = re.compile(r"\[(\s*(?:offer|accept|reject|walk[\s_-]?away|end)\b[^\[\]]*)\]", re.IGNORECASE)


def mark(text: str, move: Move, offer: Mapping[str, object] | None = None) -> str:
    """Put a move behind a text: "Fine by me. [offer: price=0.11; term=two-years]".

    The values of an offer are as the scenario's issues have them. What is said in brackets and reads like
    a mark gets round brackets: saying "[accept]" accepts nothing.
    """
    text = _SAID_MARK.sub(r"(\1)", text)
    if move == "talk":
        return text
    what = "; ".join(f"{issue}={value}" for issue, value in (offer or {}).items())
    return f"{text} [{move.replace('_', ' ')}{f': {what}' if what else ''}]".strip()


def words_and_mark(text: str) -> tuple[str, str]:
    """Return a text's words, and the mark behind them with the space before it, empty where there is none."""
    match = _MARK.search(text)
    return (text, "") if match is None else (text[: match.start()], match[0].rstrip())


def turn_text(
    text: str,
    move: Move,
    offer: Mapping[str, object] | None = None,
    *,
    speaker: str | None = None,
    names: Sequence[str] = (),
) -> str:
    """Return a negotiator's turn as a policy reads it: on one line, its move behind it.

    Args:
        text: the words.
        move: what they do.
        offer: with which values.
        speaker: who says them, where several share the side of the user; it is put before the words.
        names: of all of them: words that read like another's label are none, they lose their colon.

    """
    words = " ".join(text.split())
    if speaker is not None:
        labels = "|".join(map(re.escape, names))
        words = f"{speaker}: " + re.sub(rf"\b({labels})\s*[:：]", r"\1,", words)
    return mark(words, move, offer)


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
