"""The label map: published labels of four data sets, in five classes of negotiation strategy (data)."""

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import yaml

from negosim._frozen import Frozen
from negosim.errors import UserError

MAP = "labels.yaml"


class StrategySource(Frozen):
    """One data set, and what its labels count as."""

    title: str
    licence: str
    labelled_by: Literal["people", "parser"]
    """Whether people read the utterances, or a program."""
    published: int
    """Dialogues that the paper counts."""
    labels: dict[str, str]


class LabelMap(Frozen):
    """Classes of strategy, and which published label counts as which."""

    version: int
    classes: dict[str, str]
    """What they mean, by id, in the order of all figures."""
    sources: dict[str, StrategySource]
    """By the name of the importer."""

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of the classes."""
        return tuple(self.classes)

    def source(self, name: str) -> StrategySource:
        """Return a data set by the name of its importer.

        Raises:
            UserError: the map does not have it.

        """
        if name not in self.sources:
            raise UserError(
                f"labels of {name!r} are in no class of strategy; the label map has {', '.join(self.sources)}"
            )
        return self.sources[name]

    def classes_of(self, source: str, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return the classes of an utterance's labels, in the order of the map; unknown labels have none."""
        found = {self.source(source).labels.get(label) for label in labels}
        return tuple(name for name in self.classes if name in found)


@lru_cache(maxsize=1)
def label_map() -> LabelMap:
    """Return the label map that negosim comes with.

    Examples:
        >>> from negosim.gnome import label_map
        >>> label_map().classes_of("casino", ("self-need", "elicit-pref"))
        ('self-interest', 'coordination')

    """
    return LabelMap.model_validate(yaml.safe_load(_content()))


def map_digest() -> str:
    """Return the hash of the label map, which is stored with what is made with it."""
    return f"sha256:{hashlib.sha256(_content()).hexdigest()}"


@lru_cache(maxsize=1)
def _content() -> bytes:
    return files("negosim.gnome").joinpath(MAP).read_bytes()
