"""Contractions: writing them the way people talk, and writing them out."""

import re
from functools import lru_cache

_I = r"\b(I|[Ww]e|[Yy]ou|[Tt]hey|[Ss]he|[Hh]e)"
_NEGATED = "do|does|did|is|are|was|were|would|could|should|has|have"
_PARTICIPLE = (
    r"(?!need|seed|red|bed|feed|speed)(?:\w+ed|been|had|seen|told|made|put|spent|heard|come|got|kept)\b"
)
_INVERTED = r"(?! (?:you|we|I|they|it|he|she|that)\b)"

_CONTRACTIONS = (
    (re.compile(r"\b([Cc])annot\b"), r"\1an't"),
    (re.compile(r"\b([Ww])ill not\b"), r"\1on't"),
    (re.compile(rf"\b({_NEGATED}) not (?=\w)", re.IGNORECASE), r"\1n't "),
    (re.compile(rf"{_I} would (?=\w)"), r"\1'd "),
    (re.compile(rf"{_I} will (?=\w)"), r"\1'll "),
    (re.compile(r"\bI am (?=\w)"), "I'm "),
    (re.compile(r"\b([Ww]e|[Yy]ou|[Tt]hey) are (?=\w)"), r"\1're "),
    (re.compile(r"\b([Ii]t|[Tt]hat|[Tt]here) is (?=(?:a|an|the|my|our|no|why|what|how)\b)"), r"\1's "),
    (re.compile(rf"\b(I|[Ww]e|[Yy]ou|[Tt]hey) have (?={_PARTICIPLE})"), r"\1've "),
)

_EXPANSIONS = (
    (re.compile(rf"\b([Cc])an't\b{_INVERTED}"), r"\1annot"),
    (re.compile(rf"\b([Ww])on't\b{_INVERTED}"), r"\1ill not"),
    (re.compile(rf"\b(\w+)n't\b{_INVERTED}"), r"\1 not"),
    (re.compile(r"\b(\w+)'d (?=better\b)"), r"\1 had "),
    (re.compile(rf"\b(\w+)'d (?=(?:{_PARTICIPLE}))"), r"\1 had "),
    (re.compile(r"\b(I|[Ww]e|[Yy]ou|[Tt]hey|[Ss]he|[Hh]e|[Ii]t|[Tt]hat|[Nn]obody)'d\b"), r"\1 would"),
    (re.compile(r"\b(\w+)'ll\b"), r"\1 will"),
    (re.compile(r"\bI'm\b"), "I am"),
    (re.compile(r"\b([Ww]e|[Yy]ou|[Tt]hey)'re\b"), r"\1 are"),
    (re.compile(r"\b(I|[Ww]e|[Yy]ou|[Tt]hey)'ve\b"), r"\1 have"),
    (re.compile(r"\b([Ll])et's\b"), r"\1et us"),
    (re.compile(rf"\b([Ii]t|[Tt]hat|[Tt]here|[Ww]hat)'s (?={_PARTICIPLE})"), r"\1 has "),
    (re.compile(r"\b([Ii]t|[Tt]hat|[Tt]here|[Hh]ere|[Ww]hat|[Ww]here|[Ww]ho)'s\b"), r"\1 is"),
)


@lru_cache(maxsize=8192)
def spoken(sentence: str) -> str:
    """Write a scenario's sentence the way people talk: with contractions, ending in a stop."""
    return _ended(_replaced(sentence.strip(), _CONTRACTIONS))


@lru_cache(maxsize=8192)
def written(sentence: str) -> str:
    """Write a scenario's sentence in full, ending in a stop."""
    return _ended(expanded(sentence.strip()))


@lru_cache(maxsize=8192)
def expanded(text: str) -> str:
    """Write contractions out, as a formal speaker does."""
    return _replaced(text, _EXPANSIONS) if "'" in text else text


def _replaced(text: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def _ended(text: str) -> str:
    return text if text[-1] in ".!?" else text + "."
