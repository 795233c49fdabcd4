"""Language of a dialogue: length, questions, diversity, repetition. Every measure is linear in the text.

Words are runs of letters with their apostrophes and hyphens, or numbers with their decimal points and
thousands separators, in lower case. N-grams do not cross utterances.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

GRAM = 4
"""Words in the n-grams that repetition is counted in."""
BUDGET = 8_000_000
"""Hashes of n-grams kept at most, about 100 MB; past that, repetition between dialogues is sampled."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_QUESTION = re.compile(r"[?？]+")


class Vocabulary:
    """The hash of every word met: equal words have equal hashes in every process."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def hashes(self, text: str) -> Hashes:
        """Return the hash of each word of a text, in order."""
        known, found = self._known, []
        for word in _WORD.findall(text.lower()):
            number = known.get(word)
            if number is None:
                number = known[word] = _mixed(zlib.crc32(word.encode()))
            found.append(number)
        return np.array(found, dtype=np.uint64)


def _mixed(number: int) -> int:
    """Spread a number over 64 bits (the finaliser of SplitMix64; Steele, Lea and Flood 2014)."""
    mask = 2**64 - 1
    number = (number + 0x9E3779B97F4A7C15) & mask
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & mask
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & mask
    return number ^ (number >> 31)


def _grams(utterances: Sequence[Hashes], size: int) -> Hashes:
    """Return the hash of every n-gram of `size` words, in order."""
    parts = []
    for words in utterances:
        if len(words) < size:
            continue
        grams = words[: len(words) - size + 1].copy()
        for place in range(1, size):
            # Odd multiplier: order counts. The shift brings the high bits into the low ones, which sample.
            grams = grams * np.uint64(0x100000001B3) + words[place : len(words) - size + 1 + place]
            grams ^= grams >> np.uint64(29)
        parts.append(grams)
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def language(texts: Sequence[str], utterances: Sequence[Hashes]) -> dict[str, float | int | None]:
    """Return the measures of one dialogue, from its utterances and the hashes of their words.

    - `words`; `words_per_turn` and `questions_per_turn` (runs of question marks), means over utterances.
    - `distinct_1`, `distinct_2`: different words and bigrams by number of words (Li et al. 2016, A
      Diversity-Promoting Objective Function for Neural Conversation Models). They fall with length.
    - `repetition`: share of the dialogue's word 4-grams that it had already said, 1 - different / all
      (seq-rep-4 of Welleck et al. 2020, Neural Text Generation with Unlikelihood Training).

    What has no words or no 4-grams is None, not 0.
    """
    count = sum(map(len, utterances))
    turns = len(texts)
    grams = _grams(utterances, GRAM)
    return {
        "words": count,
        "words_per_turn": count / turns if turns else None,
        "questions_per_turn": sum(len(_QUESTION.findall(t)) for t in texts) / turns if turns else None,
        "distinct_1": len(np.unique(np.concatenate(utterances))) / count if count else None,
        "distinct_2": len(np.unique(_grams(utterances, 2))) / count if count else None,
        "repetition": 1 - len(np.unique(grams)) / len(grams) if len(grams) else None,
    }


class Overlap:
    """Repetition between dialogues: the share of a dialogue's different 4-grams that another one has too.

    Others are those of the same group. Memory is bounded by keeping, once there are more than `budget`
    4-grams, only those whose hash ends in enough zeros (distinct sampling; Gibbons 2001): every dialogue
    loses the same 4-grams, so that the shares stay unbiased.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._mask = np.uint64(0)
        self._kept = 0
        self._groups: dict[Any, list[tuple[int, Hashes]]] = defaultdict(list)

    def add(self, number: int, group: Any, utterances: Sequence[Hashes]) -> None:
        """Take in one dialogue, known by its number."""
        grams = self._sampled(np.unique(_grams(utterances, GRAM)))
        self._groups[group].append((number, grams))
        self._kept += len(grams)
        while self._kept > self._budget:
            self._mask = (self._mask << np.uint64(1)) | np.uint64(1)
            for members in self._groups.values():
                members[:] = [(known, self._sampled(old)) for known, old in members]
            self._kept = sum(len(old) for members in self._groups.values() for _, old in members)

    def _sampled(self, grams: Hashes) -> Hashes:
        return grams[(grams & self._mask) == 0]

    def shares(self) -> dict[int, float]:
        """Return the share by dialogue; one that is alone in its group or has no 4-grams has none."""
        return {
            number: share
            for members in self._groups.values()
            if len(members) > 1
            for number, share in _shared(members)
        }


def _shared(members: Iterable[tuple[int, Hashes]]) -> Iterator[tuple[int, float]]:
    numbers, grams = zip(*members, strict=True)
    _, inverse, counts = np.unique(np.concatenate(grams), return_inverse=True, return_counts=True)
    elsewhere = counts[inverse] > 1
    end = 0
    for number, own in zip(numbers, grams, strict=True):
        begin, end = end, end + len(own)
        if len(own):
            yield number, float(elsewhere[begin:end].mean())
