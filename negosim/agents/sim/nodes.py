"""Parts of a template: how they are read, and what they need and name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from negosim.agents.sim.spelling import expanded

_TOKEN = re.compile(
    r"\{(?P<slot>\w+)\}|\{\?(?P<when>\w+)\}|<(?P<claim>\w+): |(?P<close>>)|"
    r"(?P<open>\[)|(?P<bar>\|)|(?P<end>\])"
)


_LEAST_KEY = 10


"""Letters a stretch of text needs to tell its template apart."""


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


def needs_of(nodes: Nodes) -> frozenset[str]:
    """Return what must be known whichever wording is chosen."""
    needs: set[str] = set()
    for node in nodes:
        if isinstance(node, Slot | When):
            needs.add(node.name)
        elif isinstance(node, Choice):
            needs |= frozenset.intersection(*node.needs)
    return frozenset(needs)


def names_in(nodes: Nodes) -> frozenset[str]:
    """Return what is named in any wording."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, Slot | When):
            names.add(node.name)
        elif isinstance(node, Choice):
            names |= frozenset().union(*map(names_in, node.options))
    return frozenset(names)


def fixed_text(nodes: Nodes) -> str:
    """Return the words of all wordings; marks of claims as they are written."""
    parts = []
    for node in nodes:
        if isinstance(node, Text):
            parts.append(node.plain)
        elif isinstance(node, Choice):
            parts += map(fixed_text, node.options)
        elif isinstance(node, Mark):
            parts.append("<" if node.kind else ">")
    return " ".join(parts)


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in _TOKEN.finditer(source):
        if match.start() > end:
            yield "text", source[end : match.start()]
        yield match.lastgroup or "", match.group(match.lastgroup or 0)
        end = match.end()
    if end < len(source):
        yield "text", source[end:]


def parse(body: str, paraphrases: "Paraphrases | None") -> Nodes:
    """Read a template's body.

    Raises:
        ValueError: it is not written as templates are.

    """
    nodes, rest = _parsed(list(_tokens(body)), paraphrases)
    if rest:
        raise ValueError(f"{rest[0][1]!r} stands outside [ ]")
    return nodes


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
            nodes.append(Choice(tuple(options), tuple(map(needs_of, options)), None))
            tokens = tokens[1:]
        else:
            nodes.append(Mark(value if kind == "claim" else None))
    return tuple(nodes), tokens


@lru_cache(maxsize=8192)
def _text(value: str) -> Text:
    return Text(value, expanded(value))


def length_of(nodes: Nodes) -> int:
    """Return about how many words they have, the mean over their wordings."""
    return round(sum(_mean_length(node) for node in nodes))


def _mean_length(node: Node) -> float:
    if isinstance(node, Text):
        return float(len([word for word in node.plain.split() if word[0].isalnum() or len(word) > 1]))
    if isinstance(node, Choice):
        return sum(sum(map(_mean_length, option)) for option in node.options) / len(node.options)
    return 0.0


def keys_of(nodes: Nodes, *, formal: bool = False) -> tuple[str, ...]:
    """Return texts of which one stands in every wording: the longest fixed stretch, else an alternative's.

    The first letter is left out where it may have been made small or a capital.
    """
    fixed = [node.formal if formal else node.plain for node in nodes if isinstance(node, Text)]
    longest = max((text.strip()[1:] for text in fixed), key=len, default="")
    if len(longest) >= _LEAST_KEY:
        return (longest,)
    choices = [node for node in nodes if isinstance(node, Choice)]
    by_choice = [
        tuple(max(keys_of(option, formal=formal), key=len, default="") for option in choice.options)
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
