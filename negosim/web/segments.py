"""Text cut into pieces, so that what is marked in it (claims, quotes) can overlap."""

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
        quote = clean(mark.quote)
        at = shown.find(quote) if quote else -1
        if at < 0:
            at = shown.casefold().find(quote.casefold()) if quote else -1
        if at >= 0:
            placed.append((at, at + len(quote), mark))
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
