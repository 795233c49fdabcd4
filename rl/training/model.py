"""A language model with value heads on its last hidden states."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from negosim.errors import UserError
from negosim.rl.training._batches import Batch
from negosim.rl.training._cross_entropy import LinearScores, chosen_columns

if TYPE_CHECKING:
    from transformers import PreTrainedModel

HeadName = Literal["q1", "q2", "target_q1", "target_q2", "v"]

TARGETS: tuple[tuple[HeadName, HeadName], ...] = (("target_q1", "q1"), ("target_q2", "q2"))


def guides(heads: Collection[str]) -> tuple[HeadName, ...]:
    """Return which of a model's heads guide its policy: both targets, else the one Q, else none."""
    if "target_q1" in heads:
        return ("target_q1", "target_q2")
    return ("q1",) if "q1" in heads else ()


class ValueHead(nn.Module):
    """Two layers, d -> 2d -> ReLU -> outputs: a Q value for each token, or one V.

    All outputs begin at 0: a token the data never has keeps its first value unless the conservative term
    changes it, and with random ones the policy would follow noise, beta times as loud.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, 2 * width)
        self.output = nn.Linear(2 * width, outputs)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def features(self, states: Tensor) -> Tensor:
        """Return what the last layer is applied to, [..., 2d]."""
        return torch.relu(self.hidden(states))

    def forward(self, states: Tensor) -> Tensor:
        """Return all outputs, [..., outputs]."""
        outputs: Tensor = self.output(self.features(states))
        return outputs

    def scores(self, states: Tensor, actions: Tensor) -> LinearScores:
        """Return the scores of [N, d] states, of which [N] actions were chosen."""
        return LinearScores(self.features(states), self.output.weight, self.output.bias, actions)

    def of(self, states: Tensor, columns: Tensor) -> Tensor:
        """Return the outputs of the given columns only: one a state, [N], or k a state, [N, k]."""
        return chosen_columns(self.features(states), self.output.weight, self.output.bias, columns)


@dataclass(frozen=True)
class States:
    """The hidden states an algorithm learns from."""

    before: Tensor
    """Where each action was chosen, [N, d]."""
    after: Tensor
    """After each dialogue's last action, [B, d]."""


Losses = dict[str, Tensor]


class ValueModel(nn.Module):
    """A causal language model (pi_b) and value heads on its trunk."""

    def __init__(self, lm: "PreTrainedModel", heads: tuple[HeadName, ...]) -> None:
        """Put heads on a language model; targets begin as copies and take no gradient.

        Raises:
            UserError: the model's logits are no linear function of its last hidden states.

        """
        super().__init__()
        _check_linear(lm)
        self.lm = lm
        self._no_split_modules = lm._no_split_modules  # where FSDP may wrap
        width, vocabulary = self.lm_weight.shape[1], self.lm_weight.shape[0]
        self.heads = nn.ModuleDict(
            {name: ValueHead(width, 1 if name == "v" else vocabulary) for name in heads}
        )
        for target, online in TARGETS:
            if target in self.heads:
                self.heads[target].load_state_dict(self.heads[online].state_dict())
                self.heads[target].requires_grad_(False)

    @property
    def lm_weight(self) -> Tensor:
        """The language model's output matrix, [V, d]."""
        weight: Tensor = self.lm.get_output_embeddings().weight
        return weight

    @property
    def lm_bias(self) -> Tensor | None:
        """The language model's output bias, [V]; most have none."""
        return getattr(self.lm.get_output_embeddings(), "bias", None)

    def head(self, name: HeadName) -> ValueHead:
        """Return a head by name."""
        head = self.heads[name]
        assert isinstance(head, ValueHead)
        return head

    def forward(self, batch: Batch, losses: Callable[["ValueModel", Batch, States], Losses]) -> Losses:
        """Run the trunk and return an algorithm's losses.

        The losses are computed inside, where data-parallel wrappers have the heads' weights at hand.
        Under automatic mixed precision the trunk and the cross-entropies are in low precision; values
        and targets are in float32.
        """
        hidden = self.lm.base_model(
            input_ids=batch.ids, attention_mask=batch.attention, use_cache=False
        ).last_hidden_state
        rows = torch.arange(len(batch.last), device=hidden.device)
        before, after = hidden[batch.row, batch.at], hidden[rows, batch.last]
        return losses(self, batch, States(before, after))

    def lm_scores(self, states: Tensor, actions: Tensor) -> LinearScores:
        """Return the language model's logits in [N, d] states, of which [N] actions were chosen."""
        return LinearScores(states, self.lm_weight, self.lm_bias, actions)


def _check_linear(lm: "PreTrainedModel") -> None:
    """Refuse models that cap or scale their logits: the losses here would silently differ from theirs."""
    ids = torch.arange(4)[None]
    training = lm.training
    lm.eval()
    with torch.no_grad():
        hidden = lm.base_model(input_ids=ids, use_cache=False).last_hidden_state
        same = torch.allclose(
            lm.get_output_embeddings()(hidden), lm(input_ids=ids, use_cache=False).logits, atol=1e-3
        )
    lm.train(training)
    if not same:
        raise UserError(
            f"{type(lm).__name__} caps or scales its logits, which is not supported; take another model, "
            "such as a Llama, Qwen or GPT-2"
        )
