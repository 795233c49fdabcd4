"""The losses of offline RL on token sequences, as pure functions of tensors.

Every function works on N actions in flat order; sums are over actions, and dividing by their number is
left to the caller, who knows how many there are in the whole batch (over micro-batches and processes).

Sources: Snell et al. 2022 (Implicit Language Q-Learning); Kostrikov et al. 2021 (expectiles); Kumar et
al. 2020 (conservative Q-learning); Abdulhai et al. 2023 (Monte Carlo returns, LMRL-Gym).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from negosim.rl.training._cross_entropy import ActionScores, DenseScores


@dataclass(frozen=True)
class LossWeights:
    """The numbers ILQL's losses depend on."""

    discount: float = 0.99
    """gamma, a token."""
    expectile: float = 0.8
    """tau: above 0.5, V leans to the better of the actions seen."""
    cql: float = 0.1
    bc: float = 1.0
    advantage: float = 0.0
    """beta_w: how much more the better actions count in behavioural cloning; 0 clones all alike."""


def td_targets(reward: Tensor, v_next: Tensor, not_done: Tensor, discount: float) -> Tensor:
    """Return y = r + gamma * notdone * V(s'), without gradient.

    `not_done` is 0 only on the last action of a dialogue that came to its end: one that was cut off
    still has value to come.
    """
    return (reward + discount * not_done * v_next).detach()


def q_loss(q: Tensor, y: Tensor) -> Tensor:
    """Return the sum of (Q(s,a) - y)^2 over actions."""
    return (q - y).square().sum()


def v_loss(v: Tensor, target_q: Tensor, expectile: float) -> Tensor:
    """Return the sum of |tau - 1[tQ < V]| * (tQ - V)^2: the expectile regression of V on the target Q."""
    gap = target_q.detach() - v
    slope = torch.where(gap < 0, 1 - expectile, expectile)
    return (slope * gap.square()).sum()


def ilql_losses(
    *,
    q1: ActionScores,
    q2: ActionScores,
    target_q: Tensor,
    v: Tensor,
    v_next: Tensor,
    lm: ActionScores,
    reward: Tensor,
    not_done: Tensor,
    weights: LossWeights,
) -> dict[str, Tensor]:
    """Return the sums over actions of ILQL's four losses, and `loss`, their weighted total.

    `q1`, `q2` and `lm` are the scores of the online heads and of the language model; `target_q` is
    min(target_q1, target_q2)(s,a). `target_q`, `v` = V(s), `v_next` = V(s'), `reward` and `not_done` are
    [N]. A loss of weight 0 is not computed.
    """
    target_q = target_q.detach()
    y = td_targets(reward, v_next, not_done, weights.discount)
    losses = {
        "q_loss": q_loss(q1.chosen, y) + q_loss(q2.chosen, y),
        "v_loss": v_loss(v, target_q, weights.expectile),
    }
    loss = losses["q_loss"] + losses["v_loss"]
    if weights.cql:
        every = torch.ones_like(target_q)
        losses["cql_loss"] = q1.cross_entropy(every) + q2.cross_entropy(every)
        loss = loss + weights.cql * losses["cql_loss"]
    if weights.bc:
        losses["bc_loss"] = lm.cross_entropy(torch.exp(weights.advantage * (target_q - v)).detach())
        loss = loss + weights.bc * losses["bc_loss"]
    return {"loss": loss, **losses}


def returns_to_go(reward: Tensor, discount: float) -> Tensor:
    """Return the discounted reward to come at each action of a dialogue.

    `reward` is [B, n] in order of time; the discount counts actions of the agent, not what the other
    side says between them.
    """
    to_go = torch.empty_like(reward)
    ahead = torch.zeros_like(reward[:, 0])
    for step in range(reward.shape[1] - 1, -1, -1):
        ahead = reward[:, step] + discount * ahead
        to_go[:, step] = ahead
    return to_go


def mc_losses(
    *, q: ActionScores, returns: Tensor, lm: ActionScores, cql: float, bc: float
) -> dict[str, Tensor]:
    """Return the sums of 0.5 * (Q(s,a) - return)^2, of the CQL term and of behavioural cloning."""
    losses = {"q_loss": 0.5 * q_loss(q.chosen, returns.detach())}
    loss = losses["q_loss"]
    every = torch.ones_like(returns)
    for name, weight, scores in (("cql_loss", cql, q), ("bc_loss", bc, lm)):
        if weight:
            losses[name] = scores.cross_entropy(every)
            loss = loss + weight * losses[name]
    return {"loss": loss, **losses}


def polyak(target: torch.nn.Module, online: torch.nn.Module, rate: float) -> None:
    """Move every weight of the target network towards the online one: target += rate * (online - target)."""
    with torch.no_grad():
        for goal, source in zip(target.parameters(), online.parameters(), strict=True):
            goal.lerp_(source, rate)


def dense_ilql_losses(
    heads: Mapping[str, Tensor],
    *,
    ids: Tensor,
    actions: Tensor,
    last: Tensor,
    mask: Tensor,
    reward: Tensor,
    terminal: Tensor,
    weights: LossWeights,
) -> dict[str, Tensor]:
    """Return ILQL's losses, divided by the number of actions, from heads at every position.

    The same arithmetic as training, for checking it or another implementation against it.

    Args:
        heads: `logits`, `q1`, `q2`, `target_q1`, `target_q2`, each [B, T, V], and `v`, [B, T].
        ids: Tokens, [B, T].
        actions: Positions whose next token is an action, [B, n], padded with anything.
        last: Position of each row's last token, [B].
        mask: Which of `actions` are real, [B, n].
        reward: Of each action, [B, n].
        terminal: Whether each row came to its end, [B].
        weights: The numbers the losses depend on.

    """
    row, column = mask.nonzero(as_tuple=True)
    at = actions[row, column]
    final = column == mask.sum(1)[row] - 1
    after = torch.where(final, last[row], actions[row, (column + 1).clamp(max=mask.shape[1] - 1)])
    token = ids[row, at + 1]
    scores = {
        name: DenseScores(heads[name][row, at], token)
        for name in ("logits", "q1", "q2", "target_q1", "target_q2")
    }
    sums = ilql_losses(
        q1=scores["q1"],
        q2=scores["q2"],
        target_q=torch.minimum(scores["target_q1"].chosen, scores["target_q2"].chosen),
        v=heads["v"][row, at],
        v_next=heads["v"][row, after],
        lm=scores["logits"],
        reward=reward[row, column],
        not_done=1 - (final & terminal[row]).to(reward.dtype),
        weights=weights,
    )
    count = max(1, len(token))
    return {name: value / count for name, value in sums.items()}
