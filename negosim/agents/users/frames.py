"""Surface text: sentences by situation and persona, varied, not said twice in a dialogue."""

import random
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from negosim.agents.users.recognise import load_data

ANY = "any"

Frames = Mapping[str, Any]
"""By situation: sentences, or by persona sentences; the persona "any" serves every one."""


@lru_cache
def load_frames(name: str) -> Frames:
    """Load frames by name, for example "donation/user-frames"."""
    frames: Frames = load_data(name)
    return frames


def choose(
    frames: Frames,
    situation: str,
    rng: random.Random,
    used: Collection[str] = (),
    *,
    persona: str = ANY,
    **slots: str,
) -> str:
    """Return a sentence for a situation, one that is not in `used` where there is one left."""
    entry = frames[situation]
    sentences = entry if isinstance(entry, list) else entry.get(persona) or entry[ANY]
    filled = [sentence.format(**slots) for sentence in sentences] if slots else sentences
    fresh = [sentence for sentence in filled if sentence not in used]
    return str(rng.choice(fresh or filled))
