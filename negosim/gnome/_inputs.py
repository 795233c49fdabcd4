"""Inputs of classifiers of strategies: utterances with what was said before, and their classes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._labels import label_map

MASK, NUMBER, BEFORE = "thing", "number", " || "
"""What stands for a masked word, for a number, and between what was said before and the utterance."""

_TOKEN = re.compile(r"\d[\d.,]*|[^\W\d_]+(?:'[^\W\d_]+)?|[^\w\s]|_")

Marks = NDArray[np.bool_]
"""Classes by utterance, shape (utterances, classes)."""


@dataclass(frozen=True)
class LabelledTexts:
    """Labelled utterances, in the order of their dialogues."""

    texts: list[str]
    marks: Marks
    groups: list[str]
    """The group of each utterance's dialogue."""


def labelled_texts(
    dialogues: Iterable[StrategyDialogue], *, context: int = 0, masked: bool = False
) -> LabelledTexts:
    """Return the labelled utterances of dialogues.

    Args:
        dialogues: labelled ones; utterances without a class are context alone.
        context: how many utterances before each are read with it.
        masked: whether numbers and words that are not general are masked.

    """
    names = label_map().names
    texts, marks, groups = [], [], []
    for dialogue in dialogues:
        for place, text in enumerate(with_context(dialogue.texts, context)):
            strategies = dialogue.utterances[place].strategies
            if strategies:
                texts.append(mask(text) if masked else text)
                marks.append([name in strategies for name in names])
                groups.append(dialogue.group)
    return LabelledTexts(texts, np.array(marks, dtype=bool).reshape(-1, len(names)), groups)


def with_context(texts: Sequence[str], context: int) -> list[str]:
    """Return each utterance behind so many of those before it."""
    return [BEFORE.join(texts[max(0, place - context) : place + 1]) for place in range(len(texts))]


def mask(text: str) -> str:
    """Return a text with its numbers and all words masked that are not general.

    General words are those that people say in all four data sets (`general.txt`): what is left is how
    something is said, without what it is about.

    Examples:
        >>> from negosim.gnome import mask
        >>> mask("Could I have 2 firewood?")
        'Could I have number thing ?'

    """
    known = _general()
    return " ".join(
        NUMBER
        if token[0].isdigit()
        else token
        if not token[0].isalpha() or token.casefold() in known
        else MASK
        for token in _TOKEN.findall(text)
    )


@lru_cache(maxsize=1)
def _general() -> frozenset[str]:
    text = files("negosim.gnome").joinpath("general.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
