"""Voices of personas: terse, plain, warm, formal, salty, hesitant."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

from negosim.agents.sim.frame_files import load_data

Length = Literal["short", "middle", "long"]

LENGTHS: tuple[Length, ...] = ("short", "middle", "long")


@dataclass(frozen=True)
class Voice:
    """A way of talking that a persona keeps."""

    name: str
    share: float
    """How many personas have it, next to the others."""
    lengths: tuple[float, float, float]
    """How often a turn is short, of middle length, long."""
    uses_name: float
    argues: float
    opener: float
    chat: float

    def length(self, rng: Random) -> Length:
        """Draw how long a turn is meant to be."""
        return rng.choices(LENGTHS, self.lengths)[0]


@lru_cache(maxsize=1)
def voices() -> tuple[Voice, ...]:
    """Read the voices, once in a process."""
    return tuple(
        Voice(name, v["share"], tuple(v["lengths"]), v["name"], v["argues"], v["opener"], v["chat"])
        for name, v in load_data("voices.yaml").items()
    )


def draw_voice(rng: Random) -> Voice:
    """Draw a persona's voice."""
    return rng.choices(voices(), [voice.share for voice in voices()])[0]
