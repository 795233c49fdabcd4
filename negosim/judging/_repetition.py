"""Repetition: whether words are those of a sentence that the scenario gives the role as true, or as false.

Alike means: the words are (normalised indel similarity), the numbers are the same, in digits or in words, and
there are as many negations.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from negosim._quantities import quantities
from negosim.judging._statement import Verdict
from negosim.scenarios import Role

ALIKE = 85
"""The least likeness, 0 to 100, of a repetition. Among the built-in scenarios a true and a false sentence of
the same role are at most 74 alike."""
APART = 5
"""By how much a sentence must be more alike than any of the opposite truth."""

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|few|little|\w+n't)\b"
)


def settled(quote: str, role: Role) -> Verdict | None:
    """Decide by the facts that the author of the scenario has settled, None where none is repeated."""
    true, false = ([fact.text for fact in role.facts if fact.true is kind] for kind in (True, False))
    return _decide(quote, true, false, told="settled as untrue")


def repeated(quote: str, role: Role) -> Verdict | None:
    """Decide by what the scenario gives the role to say, None where nothing of it is repeated."""
    kinds = ("alternative", "deadline", "fact")
    true = [
        sentence
        for sentences in (
            *(getattr(role.disclosures, kind) for kind in kinds),
            *role.arguments.values(),
            role.secrets,
            _SENTENCE.split(role.alternative),
        )
        for sentence in sentences
    ]
    return _decide(quote, true, [one for kind in kinds for one in getattr(role.fabrications, kind)])


def _decide(quote: str, true: Sequence[str], false: Sequence[str], told: str = "made up") -> Verdict | None:
    (true_score, truth), (false_score, lie) = _closest(quote, true), _closest(quote, false)
    if max(true_score, false_score) < ALIKE or abs(true_score - false_score) < APART:
        return None
    if true_score > false_score:
        return Verdict("true", f"in the brief: {truth}", truth)
    return Verdict("false", f"{told}: {lie}")


def _closest(quote: str, sentences: Sequence[str]) -> tuple[float, str]:
    """Return how alike a quote, or one of its sentences, is to the most similar of some sentences."""
    best = (0.0, "")
    for part in {quote, *_SENTENCE.split(quote)}:
        words, numbers, negations = _read(part)
        alike = [sentence for sentence in sentences if _read(sentence)[1:] == (numbers, negations)]
        found = process.extractOne(
            words, [_read(sentence)[0] for sentence in alike], scorer=fuzz.ratio, score_cutoff=ALIKE - APART
        )
        if found is not None and found[1] > best[0]:
            best = (found[1], alike[found[2]])
    return best


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[str, tuple[str, ...], int]:
    """Return a text's words as one string, its numbers, and how many of its words negate."""
    small = text.casefold().replace("\u2019", "'")
    words, negations = _WORD.findall(small), len(_NEGATION.findall(small))
    said = (one for one in quantities(text) if one.kind or one.value != 1)
    numbers = tuple(sorted(f"{one.kind}{one.value:g}" for one in said))
    return " ".join(words), numbers, negations
