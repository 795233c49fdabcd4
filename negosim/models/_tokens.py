"""Estimate of the tokens of a text, without any model's vocabulary."""

import re
from functools import lru_cache

_PIECE = re.compile(r"([^\W\d_]+)|\d{1,3}|[^\w\s]+|_+|\n+| {2,}")
"""What tokenizers of today's models cut a text into before they look for its tokens."""

LONGEST_WORD = 10
"""Letters of a word that is one token as a rule; a longer one is cut."""
BYTES_ELSEWHERE = 4
"""Bytes of a token in words of other letters than English has."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text is.

    Prompts of built-in scenarios come out within 3 % of what o200k_base, the vocabulary of OpenAI's models,
    has for them; JSON Schemas up to 15 % below.

    Examples:
        >>> from negosim.models import estimated_tokens
        >>> estimated_tokens("I could go to 12,500 dollars for the whole lot.")
        13

    """
    return sum(map(_of_line, text.split("\n"))) + text.count("\n")


@lru_cache(maxsize=8192)
def _of_line(line: str) -> int:
    return sum(_of_word(match[1]) if match[1] else 1 for match in _PIECE.finditer(line))


def _of_word(word: str) -> int:
    if word.isascii():
        return 1 + (len(word) - 1) // LONGEST_WORD
    return -(-len(word.encode()) // BYTES_ELSEWHERE)
