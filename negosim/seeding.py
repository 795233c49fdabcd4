"""Randomness: every choice comes from a generator derived from what it is for.

Streams are derived from (run seed, scenario, index) and a purpose. The condition is left out on
purpose: the dialogues of a matched pair share their streams, so that only the condition differs
(common random numbers).
"""

import hashlib
import random
from dataclasses import dataclass
from functools import cached_property

__all__ = ["Seed"]


@dataclass(frozen=True)
class Seed:
    """Where the randomness of one dialogue comes from."""

    run: int
    scenario: str
    index: int

    def number(self, *purpose: str | int) -> int:
        """Return a 63-bit number that depends on this seed and the purpose alone."""
        text = "\x1f".join([self._prefix, *map(str, purpose)])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1

    @cached_property
    def _prefix(self) -> str:
        return f"{self.run}\x1f{self.scenario}\x1f{self.index}"

    def stream(self, *purpose: str | int) -> random.Random:
        """Return a fresh generator for a purpose; equal purposes give equal streams."""
        return random.Random(self.number(*purpose))
