"""Telling strategies, and what users want, from text alone: lexicons of patterns, kept as YAML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from negosim.plugins import read_yaml

STRONG, WEAK = 2, 1
"""Points of a pattern; those of a sentence add up by label."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')]*\s+")


def load_data(name: str) -> Any:
    """Return the content of a YAML file of the users' data, for example "donation/frames"."""
    file = files("negosim.agents.users").joinpath("data", *f"{name}.yaml".split("/"))
    return read_yaml(file.read_text(encoding="utf-8"), f"{name}.yaml")[0]


@dataclass(frozen=True, eq=False)
class Recogniser:
    """Finds labels in text, sentence by sentence."""

    patterns: Mapping[str, tuple[tuple[re.Pattern[str], int], ...]]
    """By label, in the order that decides ties: patterns with their points."""

    @classmethod
    def load(cls, name: str) -> "Recogniser":
        """Load a lexicon by name: `{label: {strong: [pattern], weak: [pattern]}}`."""
        return _load(name)

    def sentence(self, text: str) -> str | None:
        """Return the label with most points in one sentence, None where nothing matches."""
        return self._best(" ".join(text.casefold().replace("’", "'").split()))

    @lru_cache(maxsize=50_000)  # noqa: B019 (recognisers are few and live as long as the process)
    def find(self, text: str) -> tuple[str, ...]:
        """Return the labels of a text's sentences, each once, in order of first use."""
        found = (self.sentence(part) for part in sentences(text))
        return tuple(dict.fromkeys(label for label in found if label is not None))

    @lru_cache(maxsize=50_000)  # noqa: B019 (recognisers are few and live as long as the process)
    def _best(self, text: str) -> str | None:
        best, most = None, 0
        for label, patterns in self.patterns.items():
            points = sum(weight for pattern, weight in patterns if pattern.search(text))
            if points > most:
                best, most = label, points
        return best


@lru_cache
def _load(name: str) -> Recogniser:
    return Recogniser(
        {
            label: tuple(
                (re.compile(pattern), weight)
                for key, weight in (("strong", STRONG), ("weak", WEAK))
                for pattern in entry.get(key, ())
            )
            for label, entry in load_data(name).items()
        }
    )


def sentences(text: str) -> list[str]:
    """Split a text into sentences."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def strategies_in(kind: str, text: str) -> tuple[str, ...]:
    """Return the ids of the strategies (of its taxonomy) that a turn of a conversation uses, in order.

    Told from the text by a lexicon of patterns, sentence by sentence; docs/rl.md has its accuracy.
    """
    return Recogniser.load(f"{kind}/strategies").find(text)
