"""Splits by group: a dialogue, what shares its ad, and all that was mapped from it stay on one side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.seeding import Seed

TRAIN_SHARE = 0.6


@dataclass(frozen=True)
class StrategySplit:
    """People's dialogues to train on and to test on, and which groups are whose."""

    train: tuple[StrategyDialogue, ...]
    test: tuple[StrategyDialogue, ...]

    @property
    def test_groups(self) -> frozenset[str]:
        """The groups that nothing in training may come from."""
        return frozenset(dialogue.group for dialogue in self.test)

    def mapped_for_training(self, mapped: Iterable[StrategyDialogue]) -> list[StrategyDialogue]:
        """Return the mapped dialogues that come from the training side: their parents are in it."""
        parents = {(dialogue.source, dialogue.id) for dialogue in self.train}
        return [item for item in mapped if (item.source, item.parent) in parents]

    def mapped_from_test(self, mapped: Iterable[StrategyDialogue]) -> list[StrategyDialogue]:
        """Return those that come from the test side: to train on them is the leak, shown on purpose."""
        parents = {(dialogue.source, dialogue.id) for dialogue in self.test}
        return [item for item in mapped if (item.source, item.parent) in parents]


def split_by_group(dialogues: Sequence[StrategyDialogue], seed: int) -> StrategySplit:
    """Split dialogues 60/40 by group, for each source by itself.

    Args:
        dialogues: people's, not mapped ones.
        seed: another seed draws another split.

    Raises:
        UserError: a dialogue is mapped, or a source has only one group.

    """
    if mapped := next((item for item in dialogues if item.parent is not None), None):
        raise UserError(f"{mapped.id!r} is a mapped dialogue; name mapped runs with --mapped, sources as RUN")
    train: list[StrategyDialogue] = []
    test: list[StrategyDialogue] = []
    for source in dict.fromkeys(dialogue.source for dialogue in dialogues):
        own = [dialogue for dialogue in dialogues if dialogue.source == source]
        groups = sorted({dialogue.group for dialogue in own})
        if len(groups) < 2:
            raise UserError(f"{source} has {len(groups)} group of dialogues; a split needs two or more")
        Seed(seed, source, 0).stream("gnome-split").shuffle(groups)
        size = {group: sum(item.group == group for item in own) for group in groups}
        chosen: set[str] = set()
        count = 0
        for group in groups[:-1]:
            if count >= TRAIN_SHARE * len(own):
                break
            chosen.add(group)
            count += size[group]
        train += [item for item in own if item.group in chosen]
        test += [item for item in own if item.group not in chosen]
    return StrategySplit(tuple(train), tuple(test))
