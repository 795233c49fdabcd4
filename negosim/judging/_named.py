"""Values of issues that words name: read from an answer, and held against what was said.

A package with one wrong value accuses most honest limits, one with a missing value none. So a value is kept
only where the words carry it: a number must be said, of the same kind of thing ("three years" are no three
weeks); of an option's label a word must be said, and no other option's label may have more of its words said.
"""

import re
from typing import Any

from negosim._quantities import Quantity, quantities
from negosim.scenarios import Issue, Value

_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?", re.ASCII)
_RATIOS = (1, 100, 0.01, 1000, 0.001, 1e6, 1e-6, 12, 1 / 12, 7, 1 / 7, 52, 1 / 52)
"""Between a number as it is said and as an issue counts it: cents and dollars, years and months, ..."""

_SCALES = (1, 100, 0.01, 1000, 0.001, 1e6, 1e-6)
"""Between numbers of money, or of no kind, as they are said for short: "nine" for nine thousand."""
_ALMOST = 0.02
"""Between a year and twelve months."""

_WORD = re.compile(r"[a-z]+")
_STEM = 5
"""Letters by which words are the same: "withdrawn" and "withdrawal"."""
_EMPTY = frozenset((
    *("a", "an", "the", "and", "or", "of", "to", "at", "in", "on", "for", "with", "by", "from", "as", "it"),
    *("its", "is", "be", "all", "any", "own", "other", "each", "every", "after", "before", "over", "under"),
    *("than", "that", "this", "there"),
))  # fmt: skip
_NONE = frozenset(("no", "none", "not", "nothing", "without"))


def read_value(issue: Issue, given: Any) -> Value:
    """Read a value of an issue; a number may lie between those of its grid.

    Raises:
        ValueError: it is none; says what would be right.

    """
    try:
        return issue.parse(given)
    except ValueError:
        numbers = _NUMBER.findall(str(given))
        if issue.range is None or isinstance(given, bool) or len(numbers) != 1:
            raise
        number = float(numbers[0].replace(",", ""))
        if not issue.range.min <= number <= issue.range.max:
            raise
        return number


def says_number(words: str, issue: Issue, value: Value) -> bool:
    """Return whether words say a number that can mean a value of an issue; options are no numbers."""
    if issue.range is None or isinstance(value, str):
        return True
    numbers = [number for said in quantities(words) for number in (said.value, said.count)]
    return any(
        abs(number * ratio - value) <= 1e-6 + 0.005 * abs(value) for number in numbers for ratio in _RATIOS
    )


def names(words: str, issue: Issue, value: Value) -> bool:
    """Return whether words name a value of an issue, and no other option of it as much."""
    if issue.range is not None:
        return not isinstance(value, str) and any(_means(one, issue, value) for one in quantities(words))
    said = _stems(words)
    shared = {option.id: _shared(said, option.label) for option in issue.options or ()}
    own = shared.pop(str(value), 0.0)
    return own > 0 and all(own > other for other in shared.values())


def _means(said: Quantity, issue: Issue, value: float) -> bool:
    """Return whether a number that is said can be a value of an issue: its kind, or what it counts, fits."""
    labelled = next(iter(quantities(issue.label(value))), Quantity(value))
    if said.kind and labelled.kind:
        return said.kind == labelled.kind and _close(said.value, labelled.value)
    if said.thing and said.thing not in _EMPTY and not _stems(said.thing) <= _about(issue, value):
        return False
    ratios = _SCALES if labelled.kind in ("", "money") else (1,)
    return any(_close(said.count * ratio, labelled.count or value) for ratio in ratios)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= _ALMOST * max(abs(one), abs(other))


def _about(issue: Issue, value: Value) -> frozenset[str]:
    return _stems(f"{issue.label(value)} {issue.name} {issue.phrase}")


def _shared(said: frozenset[str], label: str) -> float:
    """Return how many words of a label are said, then how few are not."""
    stems = _stems(label)
    found = len(stems & said)
    return found - (len(stems) - found) / 100 if (stems & said) - {"no"} else 0.0


def _stems(text: str) -> frozenset[str]:
    words = (word for word in _WORD.findall(text.casefold()) if word not in _EMPTY)
    return frozenset("no" if word in _NONE else word[:_STEM] for word in words)
