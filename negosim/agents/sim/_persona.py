"""Who the simulated negotiator is in one dialogue: how it concedes and how it talks."""

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from zlib import crc32

from negosim.views import Side


@dataclass(frozen=True)
class Persona:
    """Traits drawn once for a role of a dialogue, the same in both conditions of a matched pair."""

    exponent: float
    """Shape of the concession curve (Faratin et al. 1998): below 1 boulware, above 1 conceder."""
    opening: float
    """Aspiration at the start: 0 is the reservation value, 1 the best deal."""
    floor: float
    """Aspiration at the end of the time there is."""
    patience: float
    """0 to 1: how long it stays where nothing acceptable is in sight."""
    talkativeness: float
    """0 to 1: how often it argues or asks where it could make an offer."""
    directness: float
    """0 to 1: how soon it comes to offers."""
    decoy: float
    """0 to 1: which of its lesser issues it pretends to care for, where it lies about priorities."""
    taste: int
    """Seeds its liking for some tactics over others."""
    guile: float
    """Share of its turns with a lie planned for them, where its brief allows lying."""

    def aspiration(self, time: float) -> float:
        """Return the utility it wants at `time` (0 start, 1 end of the time there is)."""
        conceded: float = min(1.0, max(0.0, time)) ** (1.0 / self.exponent)
        return self.opening - (self.opening - self.floor) * conceded

    def liking(self, tactic: str) -> float:
        """Return how much it likes a tactic, 0.5 to 1.5."""
        liking: float = _liking(self.taste, tactic)
        return liking


@lru_cache(maxsize=1024)
def _liking(taste: int, tactic: str) -> float:
    return 0.5 + float(crc32(f"{taste} {tactic}".encode())) / 2**32


def persona_of(side: Side) -> Persona:
    """Draw the persona of a role."""
    rng: Random = side.seed.stream("sim", side.index, "persona")
    return Persona(
        exponent=rng.uniform(0.5, 1.7),
        opening=rng.uniform(0.84, 0.97),
        floor=rng.uniform(0.04, 0.3) if rng.random() < 0.63 else rng.uniform(0.42, 0.7),
        patience=rng.random(),
        talkativeness=rng.uniform(0.15, 0.6),
        directness=rng.random(),
        decoy=rng.random(),
        taste=rng.getrandbits(32),
        guile=rng.uniform(0.2, 0.8),
    )
