"""Context of a model in this process: what its dialogues need, as far as model and memory allow."""

import os
from dataclasses import dataclass
from pathlib import Path

from negosim.models._gguf import ModelShape, shape_of

STEP = 1024
"""Contexts are a multiple of it."""
LEAST = 4096
"""Less is not worth a second thought."""
MEMORY_SHARE = 0.5
"""Of the memory that is free once the model is loaded, what all slots together may take."""


@dataclass(frozen=True)
class ContextChoice:
    """Tokens that a slot holds, and why so many."""

    tokens: int
    needed: int
    reason: str

    @property
    def enough(self) -> bool:
        """Whether the longest dialogue there can be fits in."""
        return self.tokens >= self.needed


def choose_context(path: Path, needed: int, *, slots: int, kv_cache: str = "f16") -> ContextChoice:
    """Choose the context of a slot: what is needed, as far as model and memory allow.

    Args:
        path: the GGUF file.
        needed: tokens of prompt and answer that the longest call can have.
        slots: how many there are.
        kv_cache: how precisely what was read is kept.

    """
    shape, free = shape_of(path), free_memory()
    wanted = max(LEAST, -(-needed // STEP) * STEP)
    limits = {}
    if shape is not None:
        limits[f"it was trained on {shape.trained:,}"] = shape.trained
        if free is not None:
            limits["free memory holds no more"] = _in_memory(path, shape, free, slots, kv_cache)
    reason, tokens = min(limits.items(), key=lambda limit: limit[1], default=("", wanted))
    if tokens >= wanted:
        reason, tokens = f"the longest call can have about {needed:,}", wanted
    return ContextChoice(tokens, needed, reason)


def _in_memory(path: Path, shape: ModelShape, free: int, slots: int, kv_cache: str) -> int:
    """Return the context that memory holds for every slot; the least is given in any case."""
    left = max(0, free - path.stat().st_size) * MEMORY_SHARE
    tokens = int(left / slots / max(1, shape.cache_bytes(1, kv_cache)))
    return max(LEAST, tokens // STEP * STEP)


def free_memory() -> int | None:
    """Return the bytes of memory that can be had without paging, None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
