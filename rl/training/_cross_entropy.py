"""Scores over the vocabulary at action positions: the chosen one, and cross-entropies without the matrix.

A full matrix of scores, [actions, vocabulary], is what makes offline RL on language models run out of
memory. What the losses need of it is one column a row and a weighted sum of cross-entropies.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK_BYTES = 32 * 2**20
"""Most memory the scores of a chunk of rows may take: it is filled, used and dropped."""


class ActionScores(Protocol):
    """What one head says of N actions: a score for each token of the vocabulary in each state."""

    @property
    def chosen(self) -> Tensor:
        """The score of the action taken in each state, [N]."""
        ...

    def cross_entropy(self, weights: Tensor) -> Tensor:
        """Return the sum over actions of weight x cross-entropy of the scores' softmax with the action.

        `weights` is [N] and takes no gradient.
        """
        ...


@dataclass(frozen=True)
class DenseScores:
    """Scores as a matrix, [N, V]."""

    scores: Tensor
    actions: Tensor
    """Token of each action, [N]."""

    @property
    def chosen(self) -> Tensor:
        """The score of the action taken in each state, [N]."""
        return self.scores.gather(1, self.actions[:, None]).squeeze(1)

    def cross_entropy(self, weights: Tensor) -> Tensor:
        """Return the weighted sum of cross-entropies."""
        each = torch.nn.functional.cross_entropy(self.scores, self.actions, reduction="none")
        return (weights * each).sum()


@dataclass(frozen=True)
class LinearScores:
    """Scores as `features @ weight.T + bias`, of which no more than a chunk of rows ever exists."""

    features: Tensor
    """[N, d]."""
    weight: Tensor
    """[V, d]."""
    bias: Tensor | None
    """[V], or None."""
    actions: Tensor
    """Token of each action, [N]."""

    @property
    def chosen(self) -> Tensor:
        """The score of the action taken in each state, [N]: one column each, not the whole vocabulary."""
        return chosen_columns(self.features, self.weight, self.bias, self.actions)

    def cross_entropy(self, weights: Tensor) -> Tensor:
        """Return the weighted sum of cross-entropies; its gradient is worked out along with it."""
        total: Tensor = _CrossEntropySum.apply(  # type: ignore[no-untyped-call]
            self.features, self.weight, self.bias, self.actions, weights
        )
        return total


def chosen_columns(features: Tensor, weight: Tensor, bias: Tensor | None, columns: Tensor) -> Tensor:
    """Return the scores of the given columns only.

    `features` is [N, d]; `columns` is [N] (one a row) or [N, k] (k candidates a row), and so is the
    result.
    """
    scores = (features.reshape(-1, *(1,) * (columns.dim() - 1), features.shape[-1]) * weight[columns]).sum(-1)
    return scores if bias is None else scores + bias[columns]


class _CrossEntropySum(torch.autograd.Function):
    """Sum of weight x (logsumexp(scores) - score of the action), by chunks of rows.

    The gradient with respect to a chunk's scores is weight x (softmax - one-hot): it is at hand while the
    chunk exists, so nothing is computed twice.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, actions: Tensor, weights: Tensor
    ) -> Tensor:
        with_features, with_weight = ctx.needs_input_grad[0], ctx.needs_input_grad[1]
        with_bias = bias is not None and ctx.needs_input_grad[2]
        d_features = torch.zeros_like(features) if with_features else None
        d_weight = torch.zeros_like(weight) if with_weight else None
        d_bias = torch.zeros_like(bias) if with_bias and bias is not None else None
        kind = torch.promote_types(torch.float32, features.dtype)
        total = torch.zeros((), dtype=kind, device=features.device)
        rows = max(1, CHUNK_BYTES // (4 * weight.shape[0]))
        for start in range(0, features.shape[0], rows):
            part = slice(start, start + rows)
            scores = torch.nn.functional.linear(features[part], weight, bias).to(kind)
            action, row_weight = actions[part, None], weights[part].to(kind)
            logsumexp = scores.logsumexp(1, keepdim=True)
            chosen = scores.gather(1, action)
            total += (row_weight * (logsumexp - chosen).squeeze(1)).sum()
            if not (with_features or with_weight or with_bias):
                continue
            slope = scores.sub_(logsumexp).exp_()
            slope.scatter_add_(1, action, -torch.ones_like(chosen))
            slope.mul_(row_weight[:, None])
            if d_bias is not None:
                d_bias += slope.sum(0)
            if d_features is not None:
                d_features[part] = slope.to(weight.dtype) @ weight
            if d_weight is not None and d_weight.dtype == slope.dtype == features.dtype:
                d_weight.addmm_(slope.T, features[part])
            elif d_weight is not None:
                d_weight += slope.to(features.dtype).T @ features[part]
        ctx.save_for_backward(d_features, d_weight, d_bias)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        gradients = [None if saved is None else slope.to(saved.dtype) * saved for saved in ctx.saved_tensors]
        return (*gradients, None, None)
