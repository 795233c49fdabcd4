"""Text for people: untrusted words made harmless; money, counts, times and points written readably."""

import re
from collections.abc import Iterable
from typing import TypeVar

from negosim.speech import visible

_SPACES = re.compile(r"[^\S\n]+")


Named = TypeVar("Named")


def several(given: "Iterable[Named] | str") -> "tuple[Named | str, ...]":
    """Return what was named; one text stands for itself, not for its letters.

    Examples:
        >>> several("oracle"), several(["oracle", "local"])
        (('oracle',), ('oracle', 'local'))

    """
    return (given,) if isinstance(given, str) else tuple(given)


def clean(text: str) -> str:
    """Return text without anything that could drive a terminal or reorder what is read.

    Escape sequences, other control characters, bidirectional overrides and what shows nothing are
    written as codes, as "⟨U+001B⟩"; line breaks stay.
    """
    return visible(text.replace("\r\n", "\n").expandtabs(4)).strip()


def spoken(text: str) -> str:
    """Return what somebody said, cleaned; it cannot pass for what stands below it.

    Further lines begin with a bar, and every run of spaces is one space, so that there are no empty lines
    and no columns.
    """
    first, *further = _SPACES.sub(" ", clean(text)).split("\n")
    return "\n".join([first, *(f"| {line.strip()}".rstrip() for line in further)])


def one_line(text: str) -> str:
    """Return cleaned text with every run of white space made one space."""
    return " ".join(clean(text).split())


def points(value: float) -> str:
    """Write points or a score: at most two decimals, no trailing zeros."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def money(usd: float | None) -> str:
    """Write an amount of money; None is unknown."""
    if usd is None:
        return "price unknown"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def tokens(count: int) -> str:
    """Write a number of tokens: exact when small, else in thousands or millions."""
    for size, letter in ((1_000_000, "M"), (10_000, "k")):
        if count >= size:
            unit = 1_000_000 if letter == "M" else 1_000
            return f"{count / unit:,.1f}{letter}"
    return f"{count:,}"


def duration(seconds: float) -> str:
    """Write a time span."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Write a count with its noun: "1 call", "2 calls"."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
