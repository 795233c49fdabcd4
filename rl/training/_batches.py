"""Batches: which dialogues make one, and a batch as tensors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor

from negosim.rl.training.dialogue_format import Encoded


@dataclass(frozen=True)
class Batch:
    """B dialogues of at most T tokens with N actions in all, in order of row and time."""

    ids: Tensor
    """Tokens, [B, T]."""
    attention: Tensor
    """1 where there is a token, 0 on padding, [B, T]."""
    row: Tensor
    """Dialogue of each action, [N]."""
    at: Tensor
    """Position of each action's state: the token before it, [N]."""
    action: Tensor
    """The token chosen, [N]."""
    final: Tensor
    """Whether it is its dialogue's last action, [N]."""
    last: Tensor
    """Position of each dialogue's last token, the state after its last action, [B]."""
    reward: Tensor
    """[N]."""
    not_done: Tensor
    """0 on the last action of a dialogue that came to its end, else 1, [N]."""

    def to(self, device: torch.device) -> Self:
        """Return the batch on a device."""
        return type(self)(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def collate(dialogues: Sequence[Encoded]) -> Batch:
    """Pad dialogues on the right and lay out their actions flat."""
    longest = max(len(dialogue.tokens) for dialogue in dialogues)
    ids = torch.zeros(len(dialogues), longest, dtype=torch.long)
    attention = torch.zeros_like(ids)
    for number, dialogue in enumerate(dialogues):
        ids[number, : len(dialogue.tokens)] = torch.tensor(dialogue.tokens)
        attention[number, : len(dialogue.tokens)] = 1
    counts = torch.tensor([len(dialogue.actions) for dialogue in dialogues])
    row = torch.repeat_interleave(torch.arange(len(dialogues)), counts)
    at = torch.tensor([place for dialogue in dialogues for place in dialogue.actions])
    final = torch.zeros(len(at), dtype=torch.bool)
    final[counts.cumsum(0) - 1] = True
    terminal = torch.tensor([dialogue.terminal for dialogue in dialogues])
    return Batch(
        ids=ids,
        attention=attention,
        row=row,
        at=at,
        action=ids[row, at + 1],
        final=final,
        last=attention.sum(1) - 1,
        reward=torch.tensor([reward for dialogue in dialogues for reward in dialogue.rewards]),
        not_done=1.0 - (final & terminal[row]).float(),
    )


def batches(lengths: Sequence[int], size: int, seed: int) -> Iterator[list[int]]:
    """Yield batches of `size` indices without end, each epoch in another order.

    Every index comes at least once an epoch; what an epoch lacks to whole batches is drawn again.
    Each batch is sorted, longest first, so that micro-batches hold dialogues of like length. Batches
    themselves are drawn without regard to length: a loss is a mean over a batch's actions, and in a batch
    of short dialogues each action would count more.
    """
    count, epoch = len(lengths), 0
    while True:
        draw = np.random.default_rng((seed, epoch))
        order = list(draw.permutation(count))
        while len(order) % size:
            order += list(draw.permutation(count))[: size - len(order) % size]
        for start in range(0, len(order), size):
            drawn = order[start : start + size]
            yield [int(index) for index in sorted(drawn, key=lambda index: (-lengths[index], index))]
        epoch += 1


def share(batch: Sequence[int], process: int, processes: int, micro_size: int) -> list[list[int]]:
    """Return the micro-batches one process takes of a batch: every process as many, of like lengths."""
    mine = list(batch[process::processes])
    return [mine[start : start + micro_size] for start in range(0, len(mine), micro_size)]
