"""Acts of Job Interview beside its texts: realigned by dynamic programming, as the files do not align them.

The published acts were found by patterns, on a speaker's consecutive messages together, and on offers made by
button, which have no text. So a row has more groups of acts than texts, or fewer. A row is realigned to the
cheapest reading in which each group is some consecutive texts, or an offer without text; how well words go
with acts is told by a log-linear model over their cues (`acts.yaml`, made by `benchmarks/gnome_acts.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import exp, log
from typing import Any

import yaml

MOST_TEXTS = 5
"""Messages in a row that one speaker's turn may consist of."""
BUTTON, NO_BUTTON, JOINED = 2.0, 8.0, 0.5
"""What it costs to read a group as an offer without text: of the acts that such offers have, or of others;
and to join one more message."""
EXPLAINED = 0.7
"""Share of a row's turns whose words must say exactly its acts, or the row is left out."""

MOST_SURE = 4.6
"""Log-odds beyond which words are not trusted: a chance of 0.01."""

_OFFERED = frozenset({"propose", "disagree", "agree"})
_TOKEN = re.compile(r"<(\w+)>")
_WORD = re.compile(r"[a-z']+|\d+|\?|\$")

Group = frozenset[str]


@dataclass(frozen=True)
class ActSpan:
    """Consecutive texts that bear one group of acts."""

    start: int
    stop: int
    acts: Group


def groups_in(acts: str) -> list[Group]:
    """Return the groups of acts of a row: "<sep> <greet> <sep> <agree> <propose> <end>"."""
    found: list[set[str]] = []
    for name in _TOKEN.findall(acts):
        if name in ("sep", "end"):
            found.append(set())
        elif found:
            found[-1].add("unk" if name == "unknown" else name)
    return [frozenset(group) for group in found if group]


def cues(text: str) -> set[str]:
    """Return what of a text tells its acts: words, the first word, pairs of neighbours; numbers are one."""
    words = ["#" if word.isdigit() else word for word in _WORD.findall(text.casefold())]
    pairs = (f"{one}_{other}" for one, other in pairwise(words))
    return {*words, f"^{words[0] if words else ''}", *pairs}


def realigned(texts: Sequence[str], groups: Sequence[Group]) -> list[ActSpan] | None:
    """Return the texts of each group of acts in the cheapest reading; None where it is a poor one.

    Args:
        texts: the messages of a row.
        groups: its groups of acts.

    """
    count = len(texts)
    cost: dict[tuple[int, int], float] = {(0, 0): 0.0}
    back: dict[tuple[int, int], int] = {}
    known = {
        (start, length): _Reading.of(" ".join(texts[start : start + length]))
        for start in range(count)
        for length in range(1, min(MOST_TEXTS, count - start) + 1)
    }
    for number, group in enumerate(groups):
        for start in range(count + 1):
            if (here := cost.get((start, number))) is None:
                continue
            for length in range(min(MOST_TEXTS, count - start) + 1):
                if length:
                    step = JOINED * (length - 1) + known[start, length].surprise(group)
                else:
                    step = BUTTON if group <= _OFFERED else NO_BUTTON
                place = start + length, number + 1
                if here + step < cost.get(place, float("inf")):
                    cost[place], back[place] = here + step, start
    if (count, len(groups)) not in cost:
        return None
    spans, stop = list[ActSpan](), count
    for number in range(len(groups), 0, -1):
        start = back[stop, number]
        if start < stop:
            spans.insert(0, ActSpan(start, stop, groups[number - 1]))
        stop = start
    exact = sum(known[span.start, span.stop - span.start].acts == span.acts for span in spans)
    return spans if spans and exact >= EXPLAINED * len(spans) else None


@dataclass(frozen=True)
class _Reading:
    """What the words of a turn say of its acts."""

    odds: dict[str, float]
    """Logarithm of the odds, by act."""
    base: float
    """Surprise at a turn without any act."""

    @classmethod
    def of(cls, text: str) -> "_Reading":
        found = cues(text)
        odds = {act: _log_odds(weights, found) for act, weights in _model().items()}
        return cls(odds, sum(log(1 + exp(value)) for value in odds.values()))

    @property
    def acts(self) -> Group:
        """The acts that are likelier than not."""
        return frozenset(act for act, value in self.odds.items() if value > 0)

    def surprise(self, group: Group) -> float:
        """Return the surprise (negative log-likelihood) at a group of acts."""
        return self.base - sum(self.odds[act] for act in group)


def _log_odds(weights: dict[str, float], found: set[str]) -> float:
    total = weights["always"] + sum(weights.get(cue, 0.0) for cue in found)
    return min(max(total, -MOST_SURE), MOST_SURE)


@lru_cache(maxsize=1)
def _model() -> dict[str, dict[str, float]]:
    content: Any = yaml.safe_load(files("negosim.gnome").joinpath("acts.yaml").read_text(encoding="utf-8"))
    return {
        act: {str(cue): float(weight) for cue, weight in weights.items()}
        for act, weights in content["acts"].items()
    }
