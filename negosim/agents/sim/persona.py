"""Persona of the simulated negotiator in one dialogue: how it concedes, talks, believes and errs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any
from zlib import crc32

from negosim.agents.sim.grammar import Speaker
from negosim.agents.sim.voice import Voice, draw_voice
from negosim.seeding import Seed
from negosim.traits import NEGOTIATOR, PARAMETERS, Trait, shifted

_NEVER, _OFTEN = 0.3, 0.2
"""Shares of personas that never lie, where they may, and that do so often; the rest lie now and then."""
_SPITEFUL = 0.06
"""Share of personas that would rather lose than deal with somebody they have caught lying."""
_OVERCONFIDENT = 0.05
"""Share of personas that believe, wrongly, that they can do much better elsewhere."""


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
    """Share of its turns with a lie planned for them, where its brief allows lying; 0 is never."""
    credulity: float
    """How likely it believes what somebody says of whom it has caught nothing, 0 to 1."""
    attention: float
    """How likely it answers a claim rather than passing it over, 0 to 1."""
    reserve: float
    """How likely it keeps silent about its situation when asked, 0 to 1."""
    palters: bool
    """Whether it lets true words mislead."""
    nerve: float
    """How likely it invents a proof for a lie when asked for one, 0 to 1."""
    fixed_pie: float
    """How long it takes the other to want the opposite, in offers seen (Thompson & Hastie 1990)."""
    anchored: float
    """How far the other's first offer draws its own wishes along, 0 to 1 (Galinsky & Mussweiler 2001)."""
    careless: float
    """How far down the list of bids it reaches, 0 to 1."""
    mishears: float
    """How likely it takes a stated priority for another one, 0 to 1."""
    spiteful: bool
    overconfident: bool
    voice: Voice
    speaker: Speaker

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


def persona_of(seed: Seed, role: int, traits: Sequence[Trait] = ()) -> Persona:
    """Draw the persona of a role in the dialogue of a seed, and let the role's traits change it."""
    drawn = _drawn(seed, role)
    if not traits:
        return drawn
    numbers = {name: float(getattr(drawn, name)) for name in PARAMETERS[NEGOTIATOR]}
    changed: dict[str, Any] = shifted(traits, NEGOTIATOR, numbers)
    # Nobody wants less at the start than at the end.
    changed["floor"] = min(changed.get("floor", drawn.floor), changed.get("opening", drawn.opening))
    return replace(drawn, **changed)


def _drawn(seed: Seed, role: int) -> Persona:
    rng: Random = seed.stream("sim", role, "persona")
    voice = draw_voice(rng)
    return Persona(
        exponent=rng.uniform(0.5, 1.7),
        opening=rng.uniform(0.84, 0.97),
        floor=rng.uniform(0.04, 0.3) if rng.random() < 0.63 else rng.uniform(0.42, 0.7),
        patience=rng.random(),
        talkativeness=rng.uniform(0.15, 0.6),
        directness=rng.random(),
        decoy=rng.random(),
        taste=rng.getrandbits(32),
        guile=_guile(rng),
        credulity=rng.uniform(0.2, 0.95),
        attention=rng.uniform(0.8, 1.0),
        reserve=rng.uniform(0.0, 0.8),
        palters=rng.random() < 0.35,
        nerve=rng.random(),
        fixed_pie=rng.uniform(0.6, 6.0),
        anchored=rng.uniform(0.0, 1.0),
        careless=rng.random() ** 2,
        mishears=rng.uniform(0.0, 0.25),
        spiteful=rng.random() < _SPITEFUL,
        overconfident=rng.random() < _OVERCONFIDENT,
        voice=voice,
        speaker=Speaker(voice.name, rng.getrandbits(62)),
    )


def _guile(rng: Random) -> float:
    kind, amount = rng.random(), rng.random()
    if kind < _NEVER:
        return 0.0
    return 0.45 + 0.35 * amount if kind > 1 - _OFTEN else 0.08 + 0.3 * amount
