"""Text cut into pieces, so that what is marked in it (claims, quotes) can overlap."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from negosim._text import clean


@dataclass(frozen=True)
class Highlight:
    """Something about a passage of an utterance."""

    quote: str
    """The passage, as it was said."""
    look: str = ""
    """How a claim is marked: "true", "false", "misleading"; "" for the quote of a judgement."""
    quoted_by: str = ""
    """Id of the judgement that quotes it."""


@dataclass(frozen=True)
class Segment:
    """A piece of an utterance in which the same marks hold throughout."""

    text: str
    looks: tuple[str, ...] = ()
    quoted_by: tuple[str, ...] = ()


def quoted(quote: str, text: str) -> re.Match[str] | None:
    """Return where a text has a quote; small and capital letters, and the width of spaces, may differ."""
    words = r"\s+".join(map(re.escape, quote.split()))
    return re.search(words, text) or re.search(words, text, re.IGNORECASE) if words else None


def segments(text: str, marks: Iterable[Highlight]) -> tuple[Segment, ...]:
    """Cut an utterance where marks begin and end. A quote that does not occur in it marks nothing.

    Args:
        text: what was said.
        marks: what is to be marked in it.

    Returns:
        The pieces in order, in characters that cannot reorder or hide anything.

    Examples:
        >>> from negosim.web.segments import Highlight, segments
        >>> [(piece.text, piece.looks) for piece in segments("I pay 5.", [Highlight("pay 5", look="false")])]
        [('I ', ()), ('pay 5', ('false',)), ('.', ())]

    """
    shown = clean(text)
    placed: list[tuple[int, int, Highlight]] = []
    for mark in marks:
        found = quoted(clean(mark.quote), shown)
        if found:
            placed.append((*found.span(), mark))
    edges = sorted({0, len(shown), *(edge for start, end, _ in placed for edge in (start, end))})
    pieces = []
    for start, end in pairwise(edges):
        here = [mark for begins, ends, mark in placed if begins <= start and end <= ends]
        pieces.append(
            Segment(
                shown[start:end],
                tuple(dict.fromkeys(mark.look for mark in here if mark.look)),
                tuple(dict.fromkeys(mark.quoted_by for mark in here if mark.quoted_by)),
            )
        )
    return tuple(pieces)
