"""Frames: sentences with slots, kept as YAML, compiled once.

A frame is text with `{slots}`. `<kind: words>` marks words as a claim of that kind, `{?name}` says
that the frame may only be used where `name` is known. Frames lie in pools ("reactions.concession"); a
frame is used only where all its slots can be filled, and not again while others of its pool are
unused in the dialogue.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from math import gcd
from random import Random
from typing import Any, NamedTuple

import yaml

_TOKEN = re.compile(r"\{(?P<slot>\w+)\}|\{\?(?P<when>\w+)\}|<(?P<claim>\w+): |(?P<close>>)")
_SENTENCE_END = (". ", "? ", "! ", ".” ", "?” ")


def read_data(name: str) -> str:
    """Read one of the files in `frames/`."""
    return (files("negosim.agents.sim") / "frames" / name).read_text(encoding="utf-8")


class Filled(NamedTuple):
    """A frame with its slots filled."""

    text: str
    claims: tuple[tuple[str, str], ...]
    """(kind, quote) of each marked claim."""
    slots: frozenset[str]
    """The slots the frame has."""


class Frame:
    """One compiled frame."""

    __slots__ = ("key", "needs", "source", "tokens", "words")

    def __init__(self, source: str) -> None:
        self.source = source
        tokens: list[tuple[str, str]] = []
        end = 0
        for match in _TOKEN.finditer(source):
            if match.start() > end:
                tokens.append(("text", source[end : match.start()]))
            tokens.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
            end = match.end()
        if end < len(source):
            tokens.append(("text", source[end:]))
        self.tokens = tuple(token for token in tokens if token[0] != "when")
        self.needs = frozenset(value for kind, value in tokens if kind in ("slot", "when"))
        literals = [value for kind, value in tokens if kind == "text"]
        self.words = sum(len(value.split()) for value in literals)
        # The longest stretch of plain text tells whether a frame was used; its first letter may have
        # been changed when the utterance's opening was varied.
        self.key = max(
            (value[1:] if index == 0 else value for index, value in enumerate(literals)), key=len, default=""
        )

    def size(self, slots: Mapping[str, str]) -> int:
        """Return how many words the frame has with these slots."""
        size = self.words + len(self.needs)
        for slot in self.needs:
            size += slots[slot].count(" ")
        return size

    def fill(self, slots: Mapping[str, str]) -> Filled:
        """Fill the slots; sentences begin with a capital and end with one stop."""
        text, claims, opened = "", [], []
        for kind, value in self.tokens:
            if kind == "slot":
                filler = slots[value]
                text += (
                    filler[:1].upper() + filler[1:] if not text or text.endswith(_SENTENCE_END) else filler
                )
            elif kind == "text":
                text += value[1:] if value[0] in ".?" and text[-1:] in (".", "!", "?") else value
            elif kind == "claim":
                opened.append((value, len(text)))
            else:
                claims.append((*opened.pop(), len(text)))
        return Filled(text, tuple((kind, text[start:end]) for kind, start, end in claims), self.needs)


Pool = tuple[Frame, ...]


@dataclass(frozen=True)
class TacticFrames:
    """How a tactic is put into words, and when and how it bargains."""

    weights: tuple[float, float, float]
    """Its use early, in the middle and late."""
    stance: str
    """What it does to the offer: "firm", "fair", "give" or "step" (one issue at a time)."""
    frames: Pool
    closing: Pool

    @cached_property
    def retreats(self) -> bool:
        """Whether the tactic lives on a step back from an earlier demand."""
        return all("was" in frame.needs for frame in self.frames)


@dataclass(frozen=True)
class Library:
    """Every frame there is."""

    pools: Mapping[str, Pool]
    tactics: Mapping[str, TacticFrames]
    neutral: TacticFrames
    """For tactics of other taxonomies that have no frames of their own."""


@lru_cache(maxsize=1)
def library() -> Library:
    """Read and compile the frames, once in a process."""
    pools: dict[str, Pool] = {}
    for name in ("reactions", "moves", "claims", "thoughts", "replies"):
        _gather(name, yaml.load(read_data(f"{name}.yaml"), Loader=yaml.CSafeLoader), pools)
    data = yaml.load(read_data("tactics.yaml"), Loader=yaml.CSafeLoader)
    tactics = {tactic: _tactic(entry) for tactic, entry in data.items()}
    return Library(pools, tactics, tactics.pop("neutral"))


def _gather(name: str, data: Any, pools: dict[str, Pool]) -> None:
    if isinstance(data, list):
        pools[name] = tuple(Frame(source) for source in data)
    else:
        for key, value in data.items():
            _gather(f"{name}.{key}", value, pools)


def _tactic(entry: Mapping[str, Any]) -> TacticFrames:
    return TacticFrames(
        weights=tuple(entry["weights"]),
        stance=entry["stance"],
        frames=tuple(Frame(source) for source in entry["frames"]),
        closing=tuple(Frame(source) for source in entry.get("closing", ())),
    )


def pick(
    pool: Sequence[Frame], slots: Mapping[str, str], rng: Random, said: str, own: str, budget: int = 99
) -> Frame | None:
    """Choose a frame that can be filled, if possible within a budget of words.

    Frames nobody has used come first, then those the speaker has not used, then any; among equals,
    those within the budget, then the shortest.

    Args:
        pool: the frames to choose from.
        slots: what is there to fill them with.
        rng: breaks ties.
        said: everything said so far in the dialogue.
        own: what the speaker said of it.
        budget: the most words the filled frame should have.

    """
    keys, count = slots.keys(), len(pool)
    if not count:
        return None
    position, step = rng.randrange(count), 1 + rng.randrange(count)
    while gcd(count, step) > 1:
        step -= 1
    best: Frame | None = None
    best_rank = (9, 0)
    for _ in range(count):
        position = (position + step) % count
        frame = pool[position]
        if not frame.needs <= keys:
            continue
        over = max(0, frame.size(slots) - budget) if budget < 99 else 0
        used = 0 if frame.key not in said else 1 if frame.key not in own else 2
        if not over and not used:
            return frame
        if (used, over) < best_rank:
            best, best_rank = frame, (used, over)
    return best
