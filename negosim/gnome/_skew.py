"""Skew correction: the dialogues of each source that are richest in rare strategies.

A dialogue's score is the sum, over the strategies of its utterances, of the strategy's inverse frequency
among all labels of its source (Deshpande et al. 2024, section 2); the first k by score are the seed set.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._sources import spoken

TOP = 250
"""Seed dialogues of each source, as the paper has it."""


def strategy_shares(dialogues: Iterable[StrategyDialogue]) -> dict[str, float]:
    """Return the share that each strategy has of all labels; empty where there is none."""
    counts = Counter(name for utterance in spoken(dialogues) for name in utterance.strategies)
    total = counts.total()
    return {name: count / total for name, count in counts.items()}


def rarity_scores(dialogues: Sequence[StrategyDialogue]) -> list[float]:
    """Return the score of each dialogue: its labels, each by the inverse of its share.

    Examples:
        >>> from negosim.gnome import StrategyDialogue, StrategyUtterance, rarity_scores
        >>> def talk(id, *said):
        ...     return StrategyDialogue(
        ...         id, "casino", tuple(StrategyUtterance(0, "...", (name,)) for name in said), id
        ...     )
        >>> rarity_scores([talk("a", "rapport"), talk("b", "assessment", "assessment", "assessment")])
        [4.0, 4.0]

    """
    shares = strategy_shares(dialogues)
    return [
        sum(1 / shares[name] for item in dialogue.utterances for name in item.strategies)
        for dialogue in dialogues
    ]


def seed_set(dialogues: Sequence[StrategyDialogue], top: int = TOP) -> list[StrategyDialogue]:
    """Return the `top` dialogues of each source with the largest scores; ties go by id.

    Args:
        dialogues: labelled ones, of any sources.
        top: how many of each source; all where it has no more.

    Raises:
        UserError: `top` is no positive number.

    """
    if top < 1:
        raise UserError(f"top must be at least 1, not {top}")
    chosen: list[StrategyDialogue] = []
    for source in dict.fromkeys(dialogue.source for dialogue in dialogues):
        own = [dialogue for dialogue in dialogues if dialogue.source == source]
        ranked = sorted(
            zip(rarity_scores(own), own, strict=True), key=lambda item: (-round(item[0], 9), item[1].id)
        )
        chosen += [dialogue for _, dialogue in ranked[:top]]
    return chosen
