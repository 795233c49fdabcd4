"""Dialogues with a strategy for each utterance: people's, and those mapped from them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StrategyUtterance:
    """One utterance and what it does."""

    role: int
    text: str
    strategies: tuple[str, ...] = ()
    """Classes of the label map; () where nobody labelled it."""


@dataclass(frozen=True)
class StrategyDialogue:
    """One dialogue, labelled utterance by utterance."""

    id: str
    source: str
    """Data set, by the name of its importer."""
    utterances: tuple[StrategyUtterance, ...]
    group: str
    """What no split may divide: the ad that several dialogues share, or else the dialogue itself. A mapped
    dialogue has its parent's."""
    about: str = ""
    """The thing for sale, where each dialogue has another."""
    parent: str | None = None
    """Id of the dialogue it was mapped from."""
    domain: str | None = None
    """The domain it was mapped to."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The words, in order."""
        return tuple(item.text for item in self.utterances)
