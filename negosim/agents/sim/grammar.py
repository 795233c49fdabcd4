"""Templates: sentences with slots and alternatives, compiled once, worded anew by each speaker.

A template is text with `{slots}`. `[a|b|]` is one of several wordings, the last of them empty, and they may
be nested. `<kind: words>` marks words as a claim of that kind. `{?name}` says that the template may only be
used where `name` is known. `@terse` in front keeps it for the speakers with that voice.
The first words of a set in `paraphrases.yaml` may be replaced by the others of it wherever they occur.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd
from random import Random

from negosim.agents.sim.nodes import (
    Choice,
    Nodes,
    Paraphrases,
    Slot,
    Text,
    When,
    fixed_text,
    keys_of,
    length_of,
    names_in,
    needs_of,
    parse,
)

_VOICES = re.compile(r"(?:@\w+ )*")
_SENTENCE_END = (". ", "? ", "! ", ".” ", "?” ", "… ")
_HABIT = 0.75
"""How often a speaker uses the paraphrase it is used to."""
_SLACK = 3
"""Words by which a budget may be exceeded."""
_NOTICED = 7
"""Words from which on a sentence is noticed when it comes again."""


@dataclass(frozen=True)
class Speaker:
    """Who words a template: which alternatives come naturally."""

    voice: str
    habits: int
    """Seeds the paraphrases the speaker is used to, and its part of the inventory."""

    @property
    def formal(self) -> bool:
        """Whether the speaker uses no contractions."""
        return self.voice == "formal"


@dataclass(frozen=True)
class Filled:
    """A template in words."""

    text: str
    claims: tuple[tuple[str, str], ...]
    """(kind, quote) of each marked claim."""
    slots: frozenset[str]
    """The slots it has."""


class Template:
    """One template, compiled when it is first looked at: a dialogue needs a part of them."""

    def __init__(self, source: str, paraphrases: "Paraphrases | None" = None) -> None:
        tags = _VOICES.match(source)
        assert tags is not None
        self.source = source
        self.voices = frozenset(tag[1:] for tag in tags.group().split())
        self._body = source[tags.end() :]
        self._paraphrases = paraphrases

    @cached_property
    def nodes(self) -> Nodes:
        """What it is made of.

        Raises:
            ValueError: it is not written as templates are.

        """
        return parse(self._body, self._paraphrases)

    @cached_property
    def needs(self) -> frozenset[str]:
        """What must be known for it."""
        return needs_of(self.nodes)

    @cached_property
    def names(self) -> frozenset[str]:
        """What it names in any of its wordings."""
        return names_in(self.nodes)

    @cached_property
    def text(self) -> str:
        """All its fixed words, those of every wording."""
        return fixed_text(self.nodes)

    @cached_property
    def words(self) -> int:
        """About how many words it has, slots aside."""
        return length_of(self.nodes)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Texts that tell whether it was used."""
        return tuple(dict.fromkeys((*keys_of(self.nodes), *keys_of(self.nodes, formal=True))))

    @cached_property
    def spread(self) -> int:
        """Number that puts it into some speakers' parts of the inventory."""
        return hash_of(self.source)

    def size(self, slots: Mapping[str, str]) -> int:
        """Return about how many words the template has with these slots."""
        return self.words + sum(slots[slot].count(" ") + bool(slots[slot]) for slot in self.needs)

    def said_in(self, text: str) -> bool:
        """Return whether it seems to have been used in a text."""
        return any(key in text for key in self.keys)

    def fill(self, slots: Mapping[str, str], rng: Random, speaker: Speaker) -> Filled:
        """Word the template; sentences begin with a capital and end with one stop."""
        text, claims, opened = "", [], []
        pending = list(reversed(self.nodes))
        while pending:
            node = pending.pop()
            if isinstance(node, Text):
                text = _joined(text, node.formal if speaker.formal else node.plain)
            elif isinstance(node, Slot):
                text = _joined(text, slots[node.name])
            elif isinstance(node, Choice):
                pending.extend(reversed(_chosen(node, slots, rng, speaker)))
            elif isinstance(node, When):
                continue
            elif node.kind is not None:
                opened.append((node.kind, len(text)))
            else:
                claims.append((*opened.pop(), len(text)))
        quotes = ((kind, text[start:end].strip()) for kind, start, end in claims)
        return Filled(text.strip(), tuple(quotes), self.needs)


def hash_of(text: str, seed: int = 0) -> int:
    """Return a number that a text and a seed always have in common, in any process."""
    return Random(f"{seed}/{text}").getrandbits(32)


def _chosen(node: Choice, slots: Mapping[str, str], rng: Random, speaker: Speaker) -> Nodes:
    """Choose a wording that can be filled: by habit where it is a paraphrase, three times in four."""
    if node.habit is not None:
        by_habit = rng.random() < _HABIT
        number = speaker.habits // (1 + node.habit * 7) if by_habit else rng.getrandbits(16)
        return node.options[number % 9973 % len(node.options)]
    if any(node.needs):
        keys = slots.keys()
        usable = [o for o, needs in zip(node.options, node.needs, strict=True) if needs <= keys]
        return usable[int(rng.random() * len(usable))]
    return node.options[int(rng.random() * len(node.options))]


def _joined(text: str, more: str) -> str:
    if not more:
        return text
    ended, apart = text[-1:] in (".", "!", "?"), text[-1:] in ("", " ")
    if (more[0] in ".?" and ended) or (more[0] == " " and apart):
        more = more[1:]
    elif more[0] in ",.;:?!" and text[-1:] == " ":
        text = text.rstrip(" ")
    if not text or text.endswith(_SENTENCE_END):
        more = more[:1].upper() + more[1:]
    return text + more


def pick(
    pool: Sequence[Template],
    slots: Mapping[str, str],
    rng: Random,
    said: str,
    own: str,
    speaker: Speaker,
    budget: int = 99,
) -> Template | None:
    """Choose a template that can be filled, if possible within a budget of words.

    What would be noticed as a repetition comes last, those within the budget first, give or take a few
    words; among equals those that nobody has used,
    then those the speaker has not used; among these, the speaker's part of the inventory and what is made for
    its voice.

    Args:
        pool: the templates to choose from.
        slots: what is there to fill them with.
        rng: breaks ties.
        said: everything said so far in the dialogue.
        own: what the speaker said of it.
        speaker: whose words they are to be.
        budget: the most words the filled template should have.

    """
    keys = slots.keys()
    best: Template | None = None
    best_rank: tuple[float, ...] = (999.0,)
    for template in _shuffled(pool, rng):
        if not template.needs <= keys or (template.voices and speaker.voice not in template.voices):
            continue
        over = max(0, template.size(slots) - budget) if budget < 99 else 0
        used = 0 if not template.said_in(said) else 1 if not template.said_in(own) else 2
        foreign = (template.spread ^ speaker.habits) % 3 == 0 and not template.voices
        rank = (used > 0 and template.words > _NOTICED, max(0, over - _SLACK), used, over, foreign)
        if rank < best_rank:
            best, best_rank = template, rank
            if rank == (False, 0, 0, 0, False):
                break
    return best


def _shuffled(pool: Sequence[Template], rng: Random) -> Iterator[Template]:
    count = len(pool)
    if count:
        start, step = rng.randrange(count), _coprime(count, rng)
        for place in range(count):
            yield pool[(start + place * step) % count]


def _coprime(count: int, rng: Random) -> int:
    step = 1 + rng.randrange(count)
    while gcd(count, step) > 1:
        step -= 1
    return step
