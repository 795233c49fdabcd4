"""End markers: reading a mapped dialogue's utterances, mended where they can be read in one way only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

END = "[EOS]"

Fault = Literal["missing", "inside", "repeated", "empty"]
"""What is wrong with markers: none at an utterance's end, words behind one, several at one end, no words."""

_MARKER = re.compile(r"[\[<(]\s*/?\s*eos\s*/?\s*[\]>)]", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s*[\[(]?(\d+)[\]).:]+\s*")


@dataclass(frozen=True)
class MarkedReading:
    """What an answer's items say."""

    utterances: tuple[str, ...] | None
    """As many as were wanted; None where the answer cannot be read so, or in two ways."""
    faults: frozenset[Fault]

    @property
    def repaired(self) -> bool:
        """Whether something was wrong that only one reading mends."""
        return self.utterances is not None and bool(self.faults)


def read_marked(items: Sequence[str], wanted: int) -> MarkedReading:
    """Read the utterances of an answer: items, each of which should end with one marker.

    Where markers are missing, repeated or inside an item, there are two ways to read: by items, and by
    markers. If just one of them gives the number wanted, or both give the same, it is taken.

    Args:
        items: of the answer's list.
        wanted: how many utterances the source has.

    Examples:
        >>> from negosim.gnome import read_marked
        >>> read_marked(["Hello. [EOS]", "Two, please. [EOS] Fine. [EOS]"], 3).utterances
        ('Hello.', 'Two, please.', 'Fine.')
        >>> read_marked(["Hello.", "Two. [EOS] Fine."], 2).utterances is None
        True

    """
    items = _without_numbers(items)
    faults = frozenset(fault for item in items if (fault := _fault(item)) is not None)
    by_item = tuple(_MARKER.sub(" ", item).strip() for item in items)
    readings = set()
    if len(by_item) == wanted and all(by_item) and "inside" not in faults:
        readings.add(_spaced(by_item))
    by_marker = tuple(part.strip() for part in _MARKER.split("\n".join(items)) if part.strip())
    if len(by_marker) == wanted and any(_MARKER.search(item) for item in items):
        readings.add(_spaced(by_marker))
    return MarkedReading(readings.pop() if len(readings) == 1 else None, faults)


def _spaced(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in texts)


def _fault(item: str) -> Fault | None:
    markers = list(_MARKER.finditer(item))
    words = _MARKER.sub("", item).strip()
    if not words:
        return "empty"
    if not markers:
        return "missing"
    if any(_MARKER.sub("", item[marker.end() :]).strip() for marker in markers):
        return "inside"
    return "repeated" if len(markers) > 1 else None


def _without_numbers(items: Sequence[str]) -> list[str]:
    """Return the items without numbers before them, where they are numbered from one."""
    found = [_NUMBERED.match(item) for item in items]
    if len(items) > 1 and all(match and int(match[1]) == n for n, match in enumerate(found, 1)):
        return [item[match.end() :] for item, match in zip(items, found, strict=True) if match]
    return list(items)
