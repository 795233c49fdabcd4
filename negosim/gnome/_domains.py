"""Which domain each mapping is asked for: given ones or drawn ones, each as seldom as possible."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from negosim.errors import UserError
from negosim.gnome._lexicon import TargetDomain, target_domains
from negosim.plugins import suggest
from negosim.seeding import Seed

FREE = "free"
"""In place of domains: a model names one of its own each time."""


class DomainMemory:
    """Draws domains so that they spread: for each dialogue those it has not had, of these the least drawn.

    What is drawn depends on the order of the draws alone, so that a mapping that goes on draws the same.

    Examples:
        >>> from negosim.gnome import DomainMemory
        >>> memory = DomainMemory(["a fair", "a ship"], seed=1)
        >>> sorted([memory.draw("a"), memory.draw("a")])
        ['a fair', 'a ship']

    """

    def __init__(self, domains: Sequence[str], seed: int) -> None:
        self._domains = list(dict.fromkeys(domains))
        self._seed = seed
        self._drawn: Counter[str] = Counter()
        self._had: dict[str, Counter[str]] = {}

    def draw(self, parent: str) -> str:
        """Return a domain for one more mapping of a dialogue."""
        had = self._had.setdefault(parent, Counter())
        random = Seed(self._seed, parent, had.total()).stream("gnome-domain")
        ranked = [(had[name], self._drawn[name], random.random(), name) for name in self._domains]
        name = min(ranked)[-1]
        had[name] += 1
        self._drawn[name] += 1
        return name


def wished_domains() -> tuple[str, ...]:
    """Return the domains that chat models are asked for where none are given."""
    return _wishes()


@lru_cache(maxsize=1)
def _wishes() -> tuple[str, ...]:
    content: Any = yaml.safe_load(files("negosim.gnome").joinpath("wishes.yaml").read_text(encoding="utf-8"))
    return tuple(
        f"{subject}, in or near {setting}"
        for subject in content["subjects"]
        for setting in content["settings"]
    )


def rule_domains(names: Sequence[str]) -> list[TargetDomain]:
    """Return domains of the rule-based mapper by name; all of them where none is named.

    Raises:
        UserError: it has no lexicon for one.

    """
    known = {domain.name: domain for domain in target_domains()}
    for name in names:
        if name not in known:
            raise UserError(
                f"the rule-based mapper has no lexicon for the domain {name!r}; {suggest(name, known)} A "
                "chat model (--mapper MODEL) takes any domain"
            )
    return [known[name] for name in (names or known)]
