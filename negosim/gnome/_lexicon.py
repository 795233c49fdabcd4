"""Typed lexicons: the words of each data set's domain by slot, and those of target domains for the slots."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from negosim._frozen import Frozen


class SourceLexicon(Frozen):
    """What belongs to the domain of one data set."""

    factors: tuple[float, ...]
    """A dialogue's quantities are multiplied by one of these."""
    least: float | None
    """The smallest number that is a quantity; None: only amounts of money are."""
    slots: dict[str, tuple[str, ...]]
    """Words and phrases, by slot."""
    ads: tuple[str, ...] = ()
    """Words of ads that people also say of other things than the one for sale."""
    common: tuple[str, ...] = ()
    """Those of them that other domains have too: no trace of this one where they are left."""

    @property
    def by_word(self) -> dict[str, str]:
        """Slots by word."""
        return {word: slot for slot, words in self.slots.items() for word in words}


class TargetDomain(Frozen):
    """A domain that dialogues can be mapped to by rule."""

    name: str
    words: dict[str, str]
    """By slot."""


@lru_cache(maxsize=1)
def lexicons() -> dict[str, SourceLexicon]:
    """Return the lexicon of every data set, by the name of its importer."""
    return {name: SourceLexicon.model_validate(content) for name, content in _read("lexicon.yaml").items()}


@lru_cache(maxsize=1)
def target_domains() -> tuple[TargetDomain, ...]:
    """Return the domains of the rule-based mapper.

    Examples:
        >>> from negosim.gnome import target_domains
        >>> len(target_domains()) >= 12
        True

    """
    return tuple(TargetDomain(name=entry.pop("name"), words=entry) for entry in _read("domains.yaml"))


@lru_cache(maxsize=8)
def source_pattern(source: str) -> re.Pattern[str]:
    """Return what finds the words of a data set's domain in a text, the longest first."""
    words = sorted(lexicons()[source].by_word, key=lambda word: (-len(word), word))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def leftovers(source: str, text: str, kept: str = "") -> list[str]:
    """Return the words of a source's domain that a mapped text still has, other than those in `kept`.

    Args:
        source: the data set it was mapped from.
        text: the mapped text.
        kept: words of the new domain, which may have them too.

    """
    own = {*re.findall(r"\w+", kept.casefold()), *lexicons()[source].common}
    found = (match.casefold() for match in source_pattern(source).findall(text))
    return [word for word in found if word not in own and not own.issuperset(word.split())]


def words_of(domain: str) -> str:
    """Return a domain's name and, where the rule-based mapper has it, its words."""
    known = next((target.words for target in target_domains() if target.name == domain), {})
    return " ".join([domain, *known.values()])


def _read(name: str) -> Any:
    return yaml.safe_load(files("negosim.gnome").joinpath(name).read_text(encoding="utf-8"))
