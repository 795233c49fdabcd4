"""Language of a dialogue: length, questions, diversity, repetition. Every measure is linear in the text.

Words are runs of letters and digits, with apostrophes, hyphens, decimal points and thousands separators
inside them, in lower case. N-grams do not cross utterances.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

BUDGET = 8_000_000
"""Hashes of n-grams kept at most, about 100 MB; past that, repetition between dialogues is sampled."""

_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:['’\-][^\W_]+)*|\x1e")
_QUESTION = re.compile(r"[?？]+")
_END = "\x1e"
"""The record separator stands between utterances."""


class Vocabulary(dict[str, int]):
    """The hash of every word met: equal words have equal hashes in every process."""

    def __missing__(self, word: str) -> int:
        number = self[word] = _mixed(zlib.crc32(word.encode()))
        return number


def _mixed(number: int) -> int:
    """Spread a number over 64 bits (the finaliser of SplitMix64; Steele, Lea and Flood 2014)."""
    mask = 2**64 - 1
    number = (number + 0x9E3779B97F4A7C15) & mask
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & mask
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & mask
    return number ^ (number >> 31)


class HashedText:
    """The words and n-grams of a dialogue, as hashes, in order."""

    def __init__(self, utterances: Sequence[str], vocabulary: Vocabulary) -> None:
        """Read the utterances; `vocabulary` keeps what it learns for the next dialogue."""
        whole = _END.join(text.replace(_END, " ") for text in utterances).lower()
        tokens = np.array([vocabulary[token] for token in _TOKEN.findall(whole)], dtype=np.uint64)
        ends = tokens == np.uint64(vocabulary[_END])
        self.utterances = len(utterances)
        self.questions = len(_QUESTION.findall(whole))
        self.words: Hashes = tokens[~ends]
        place = np.cumsum(ends)[~ends]
        self.bigrams, place = _joined(self.words, place, 1)
        # A 4-gram is two bigrams side by side.
        self.grams, _ = _joined(self.bigrams, place, 2)


def _joined(units: Hashes, place: NDArray[Any], step: int) -> tuple[Hashes, NDArray[Any]]:
    """Return the hash of each unit with the one `step` further in its utterance; and the utterances."""
    same = place[:-step] == place[step:]
    # Odd multiplier: order counts. The shift brings the high bits into the low ones, by which is sampled.
    joined = units[:-step] * np.uint64(0x9E3779B97F4A7C15) + units[step:]
    joined ^= joined >> np.uint64(32)
    return joined[same], place[:-step][same]


def _distinct(hashes: Hashes) -> int:
    return int(np.count_nonzero(np.diff(np.sort(hashes)))) + 1


def language(text: HashedText) -> dict[str, float | int | None]:
    """Return the measures of one dialogue.

    - `words`; `words_per_turn` and `questions_per_turn` (runs of question marks), means over utterances.
    - `distinct_1`, `distinct_2`: different words and bigrams by number of words (Li et al. 2016, A
      Diversity-Promoting Objective Function for Neural Conversation Models). They fall with length.
    - `repetition`: share of the dialogue's word 4-grams that it had already said, 1 - different / all
      (seq-rep-4 of Welleck et al. 2020, Neural Text Generation with Unlikelihood Training).

    What has no words or no 4-grams is None, not 0.
    """
    words, turns, grams = len(text.words), text.utterances, len(text.grams)
    bigrams = _distinct(text.bigrams) if len(text.bigrams) else 0
    return {
        "words": words,
        "words_per_turn": words / turns if turns else None,
        "questions_per_turn": text.questions / turns if turns else None,
        "distinct_1": _distinct(text.words) / words if words else None,
        "distinct_2": bigrams / words if words else None,
        "repetition": 1 - _distinct(text.grams) / grams if grams else None,
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

    def add(self, number: int, group: Any, text: HashedText) -> None:
        """Take in one dialogue, known by its number."""
        grams = self._sampled(np.unique(text.grams))
        self._groups[group].append((number, grams))
        self._kept += len(grams)
        while self._kept > self._budget:
            self._mask = (self._mask << np.uint64(1)) | np.uint64(1)
            for members in self._groups.values():
                members[:] = [(known, self._sampled(old)) for known, old in members]
            self._kept = sum(len(old) for members in self._groups.values() for _, old in members)

    def _sampled(self, grams: Hashes) -> Hashes:
        kept: Hashes = grams[(grams & self._mask) == 0]
        return kept

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
