"""Near duplicates: MinHash finds candidates, an edit ratio confirms them."""

import re
from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from rapidfuzz import fuzz

SHINGLE = 4
"""Words in a row that are compared."""
BANDS, ROWS = 16, 3
"""Texts are candidates if one of so many bands of so many hashes agrees: from a similarity of about 0.4."""
NEAR = 95.0
"""Edit ratio (0 to 100) from which two texts are taken for the same."""

_PRIME = (1 << 31) - 1


def normalised(texts: Sequence[str]) -> str:
    """Return a dialogue's words alone: small letters, digits, one space between."""
    return " ".join(re.findall(r"\w+", "\n".join(texts).casefold()))


class NearIndex:
    """Texts that were taken, and which of them a further one nearly is.

    Examples:
        >>> from negosim.gnome import NearIndex
        >>> index = NearIndex()
        >>> index.add("two of the blue ones for ten and we have a deal then")
        >>> index.nearest("two of the blue ones for ten and we have a deal the")
        'two of the blue ones for ten and we have a deal then'
        >>> index.nearest("something else altogether") is None
        True

    """

    def __init__(self) -> None:
        random = np.random.default_rng(20240615)
        self._factors = random.integers(1, _PRIME, size=(BANDS * ROWS, 2), dtype=np.int64)
        self._bands: dict[tuple[int, bytes], list[str]] = defaultdict(list)

    def add(self, text: str) -> None:
        """Take a text."""
        for band in self._banded(text):
            self._bands[band].append(text)

    def nearest(self, text: str) -> str | None:
        """Return a text that was taken of which this is nearly a copy, None where there is none."""
        seen: set[str] = set()
        for band in self._banded(text):
            for other in self._bands.get(band, ()):
                if other in seen:
                    continue
                seen.add(other)
                if other == text or fuzz.ratio(text, other, score_cutoff=NEAR) >= NEAR:
                    return other
        return None

    def _banded(self, text: str) -> list[tuple[int, bytes]]:
        words = text.split()
        shingles = {" ".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))}
        codes = np.array([crc32(shingle.encode()) % _PRIME for shingle in sorted(shingles)], dtype=np.int64)
        hashes = (codes[None, :] * self._factors[:, :1] + self._factors[:, 1:]) % _PRIME
        signature = hashes.min(axis=1).reshape(BANDS, ROWS)
        return [(number, row.tobytes()) for number, row in enumerate(signature)]
