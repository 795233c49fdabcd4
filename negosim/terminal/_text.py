"""Text for a terminal: untrusted words made harmless, numbers made readable, a colour for each speaker."""

import unicodedata

SPEAKER_COLOURS = ("#2f8fd8", "#d98200", "#009e73", "#cc79a7")
"""One a role, after Okabe and Ito: blue and orange stay apart for every kind of colour vision, and
both are legible on black and on white."""

_KEPT = "\n\u200c\u200d"
"""Line breaks, and the joiners that scripts and emoji need."""


def clean(text: str) -> str:
    """Return text without anything that could drive a terminal or reorder what is read.

    Escape sequences, other control characters, bidirectional overrides and lone surrogates go;
    line breaks stay.
    """
    text = text.expandtabs(4).replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(filter(_harmless, text)).strip()


def _harmless(character: str) -> bool:
    return character in _KEPT or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def one_line(text: str) -> str:
    """Return cleaned text with every run of white space made one space."""
    return " ".join(clean(text).split())


def colour(role: int) -> str:
    """Return the colour of a role."""
    return SPEAKER_COLOURS[role % len(SPEAKER_COLOURS)]


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
