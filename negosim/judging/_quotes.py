"""Evidence: whether a quote was said, word for word."""

import re
from collections.abc import Iterable
from functools import lru_cache

from negosim.speech import unquoted, without_codes

_MARKS = {
    **dict.fromkeys("'\u2018\u2019\u201a\u201b`\u00b4", "['\u2018\u2019\u201a\u201b`\u00b4]"),
    **dict.fromkeys('"\u201c\u201d\u201e\u201f\u00ab\u00bb', '["\u201c\u201d\u201e\u201f\u00ab\u00bb]'),
}
"""Each quotation mark, and what it may be written as instead."""

_FURTHER_LINE = re.compile(r"(?:\A|\n)[ \t]*[|>] ?")
"""What prompts and sheets put before further lines of an utterance."""

_LABEL = re.compile(r"\s*(?:\[\d+\]\s*(?:(?P<numbered>[^:\n]{1,60}):)?|(?P<name>[^:\n]{1,60}):)\s*(?=\S)")
"""The number or the speaker that a transcript puts before an utterance."""
_DOTS = re.compile(r"\A\s*(?:\.\.\.|…)\s*|\s*(?:\.\.\.|…)\s*\Z")


def verbatim(quote: str, texts: Iterable[str]) -> str | None:
    """Return a quote as it stands in one of the texts, None where it occurs in none.

    White space, letter case and the shape of quotation marks are overlooked, and marks put around the
    whole quote, the number or the speaker's label before it, and dots at its ends; nothing else is. It may
    also be copied from how a text is shown to people or in prompts (`negosim.speech`).

    Examples:
        >>> verbatim("[3] Mira: Nobody has called me...", ["Between us, nobody has called me in weeks."])
        'nobody has called me'

    """
    texts = list(texts)
    bare = _DOTS.sub("", without_label(quote))
    for written in dict.fromkeys((quote, without_codes(quote), unquoted(quote), bare, unquoted(bare))):
        pattern = _pattern(written)
        found = pattern and next((said[0] for text in texts if (said := pattern.search(text))), None)
        if found:
            return found
    return None


def label_of(quote: str) -> str:
    """Return what a quote names as its speaker, as words before a colon do; "" where there are none."""
    found = _LABEL.match(quote.strip().lstrip("".join(_MARKS)))
    return ((found["numbered"] or found["name"] or "") if found else "").strip()


def without_label(quote: str) -> str:
    """Return a quote without the number and the speaker before it."""
    return _LABEL.sub("", quote.strip().lstrip("".join(_MARKS)), count=1)


@lru_cache(maxsize=1024)
def _pattern(quote: str) -> re.Pattern[str] | None:
    words = _FURTHER_LINE.sub("\n", quote).strip().strip("".join(_MARKS)).split()
    if not words:
        return None
    written = r"\s+".join("".join(_MARKS.get(mark) or re.escape(mark) for mark in word) for word in words)
    return re.compile(rf"(?<!\w){written}(?!\w)", re.IGNORECASE)
