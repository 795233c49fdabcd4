"""Templates: sentences with slots and alternatives, compiled once, worded anew by each speaker.

A template is text with `{slots}`. `[a|b|]` is one of several wordings, the last of them empty, and they may
be nested. `<kind: words>` marks words as a claim of that kind. `{?name}` says that the template may only be
used where `name` is known. `@terse` in front keeps it for the speakers with that voice.
The first words of a set in `paraphrases.yaml` may be replaced by the others of it wherever they occur.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd
from random import Random

from negosim.agents.sim.spelling import expanded

_TOKEN = re.compile(
    r"\{(?P<slot>\w+)\}|\{\?(?P<when>\w+)\}|<(?P<claim>\w+): |(?P<close>>)|"
    r"(?P<open>\[)|(?P<bar>\|)|(?P<end>\])"
)
_VOICES = re.compile(r"(?:@\w+ )*")
_SENTENCE_END = (". ", "? ", "! ", ".” ", "?” ", "… ")
_HABIT = 0.75
"""How often a speaker uses the paraphrase it is used to."""
_SLACK = 3
"""Words by which a budget may be exceeded."""
_NOTICED = 7
"""Words from which on a sentence is noticed when it comes again."""
_LEAST_KEY = 10
"""Letters a stretch of text needs to tell its template apart."""


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


@dataclass(frozen=True)
class Text:
    """Plain words, as written and without contractions."""

    plain: str
    formal: str


@dataclass(frozen=True)
class Slot:
    """A place to be filled."""

    name: str


@dataclass(frozen=True)
class Mark:
    """Where a claim begins (with its kind) or ends."""

    kind: str | None


@dataclass(frozen=True)
class When:
    """What must be known for the words beside it, without being said."""

    name: str


@dataclass(frozen=True)
class Choice:
    """One of several wordings."""

    options: tuple["Nodes", ...]
    needs: tuple[frozenset[str], ...]
    """By option: what must be known for it."""
    habit: int | None
    """Number of the paraphrase set, None for alternatives written in the template itself."""


Node = Text | Slot | Mark | When | Choice
Nodes = tuple[Node, ...]


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
    def nodes(self) -> "Nodes":
        """What it is made of.

        Raises:
            ValueError: it is not written as templates are.

        """
        nodes, rest = _parsed(list(_tokens(self._body)), self._paraphrases)
        if rest:
            raise ValueError(f"{rest[0][1]!r} stands outside [ ]")
        return nodes

    @cached_property
    def needs(self) -> frozenset[str]:
        """What must be known for it."""
        return _needs(self.nodes)

    @cached_property
    def names(self) -> frozenset[str]:
        """What it names in any of its wordings."""
        return _names(self.nodes)

    @cached_property
    def text(self) -> str:
        """All its fixed words, those of every wording."""
        return _fixed(self.nodes)

    @cached_property
    def words(self) -> int:
        """About how many words it has, slots aside."""
        return _length(self.nodes)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Texts that tell whether it was used."""
        return _keys(self.nodes)

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


def _chosen(node: Choice, slots: Mapping[str, str], rng: Random, speaker: Speaker) -> "Nodes":
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


def _needs(nodes: "Nodes") -> frozenset[str]:
    """Return what must be known whichever wording is chosen."""
    needs: set[str] = set()
    for node in nodes:
        if isinstance(node, Slot | When):
            needs.add(node.name)
        elif isinstance(node, Choice):
            needs |= frozenset.intersection(*node.needs)
    return frozenset(needs)


def _names(nodes: "Nodes") -> frozenset[str]:
    """Return what is named in any wording."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, Slot | When):
            names.add(node.name)
        elif isinstance(node, Choice):
            names |= frozenset().union(*map(_names, node.options))
    return frozenset(names)


def _fixed(nodes: "Nodes") -> str:
    """Return the words of all wordings; marks of claims as they are written."""
    parts = []
    for node in nodes:
        if isinstance(node, Text):
            parts.append(node.plain)
        elif isinstance(node, Choice):
            parts += map(_fixed, node.options)
        elif isinstance(node, Mark):
            parts.append("<" if node.kind else ">")
    return " ".join(parts)


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


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in _TOKEN.finditer(source):
        if match.start() > end:
            yield "text", source[end : match.start()]
        yield match.lastgroup or "", match.group(match.lastgroup or 0)
        end = match.end()
    if end < len(source):
        yield "text", source[end:]


def _parsed(
    tokens: Sequence[tuple[str, str]], paraphrases: "Paraphrases | None"
) -> tuple[Nodes, Sequence[tuple[str, str]]]:
    """Read nodes up to the end of the innermost bracket; return them and the tokens left."""
    nodes: list[Node] = []
    while tokens and tokens[0][0] not in ("bar", "end"):
        (kind, value), tokens = tokens[0], tokens[1:]
        if kind == "text":
            nodes += paraphrases.split(value) if paraphrases is not None else (_text(value),)
        elif kind == "slot":
            nodes.append(Slot(value))
        elif kind == "when":
            nodes.append(When(value))
        elif kind == "open":
            options: list[Nodes] = []
            while not options or tokens[0][0] == "bar":
                option, tokens = _parsed(tokens[1:] if options else tokens, paraphrases)
                options.append(option)
                if not tokens:
                    raise ValueError("a [ has no ]")
            nodes.append(Choice(tuple(options), tuple(map(_needs, options)), None))
            tokens = tokens[1:]
        else:
            nodes.append(Mark(value if kind == "claim" else None))
    return tuple(nodes), tokens


@lru_cache(maxsize=8192)
def _text(value: str) -> Text:
    return Text(value, expanded(value))


def _length(nodes: Nodes) -> int:
    return round(sum(_mean_length(node) for node in nodes))


def _mean_length(node: Node) -> float:
    if isinstance(node, Text):
        return float(len([word for word in node.plain.split() if word[0].isalnum() or len(word) > 1]))
    if isinstance(node, Choice):
        return sum(sum(map(_mean_length, option)) for option in node.options) / len(node.options)
    return 0.0


def _keys(nodes: Nodes) -> tuple[str, ...]:
    """Return texts of which one stands in every wording: the longest fixed stretch, else an alternative's.

    The first letter is left out where it may have been made small or a capital.
    """
    fixed = [node.plain for node in nodes if isinstance(node, Text)]
    longest = max((text.strip()[1:] for text in fixed), key=len, default="")
    if len(longest) >= _LEAST_KEY:
        return (longest,)
    choices = [node for node in nodes if isinstance(node, Choice)]
    by_choice = [
        tuple(max(_keys(option), key=len, default="") for option in choice.options)
        for choice in choices
        if all(choice.options)
    ]
    whole = [keys for keys in by_choice if keys and min(map(len, keys)) >= _LEAST_KEY]
    return whole[0] if whole else (longest,) if len(longest) > 4 else ()


class Paraphrases:
    """Sets of words; the others of a set can stand wherever the first one does."""

    def __init__(self, sets: Sequence[Sequence[str]]) -> None:
        self._options = [tuple((_text(text),) for text in texts) for texts in sets]
        self._number = {texts[0]: number for number, texts in enumerate(sets)}
        ordered = sorted(self._number, key=lambda text: (-len(text), text))
        self._pattern = re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, ordered))})(?![\w'’-])")

    def split(self, text: str) -> Nodes:
        """Return a text as nodes, its known words being choices."""
        nodes: list[Node] = []
        end = 0
        for match in self._pattern.finditer(text):
            if match.start() > end:
                nodes.append(_text(text[end : match.start()]))
            number = self._number[match.group()]
            options = self._options[number]
            nodes.append(Choice(options, (frozenset(),) * len(options), number))
            end = match.end()
        if end < len(text):
            nodes.append(_text(text[end:]))
        return tuple(nodes)


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
