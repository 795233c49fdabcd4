"""ILQL's losses against figures found by running a published implementation (float64)."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from negosim.rl.training import _cross_entropy
from negosim.rl.training._cross_entropy import DenseScores, LinearScores
from negosim.rl.training._losses import (
    LossWeights,
    dense_ilql_losses,
    mc_losses,
    polyak,
    returns_to_go,
    td_targets,
)

IDS = torch.tensor([[1, 2, 3, 4, 0, 2, 3], [4, 3, 1, 0, 2, 0, 0]])
ACTIONS = torch.tensor([[1, 2, 4, 5], [0, 1, 3, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]], dtype=torch.bool)
LAST = torch.tensor([6, 4])
REWARD = torch.tensor([[0, 0, 0, 1.0], [0, 0, -0.5, 0]], dtype=torch.float64)
WEIGHTS = LossWeights(discount=0.99, expectile=0.8, cql=0.1, bc=1.0, advantage=0.5)


def fill(k: float, *shape: int) -> torch.Tensor:
    count = int(torch.tensor(shape).prod())
    return torch.sin(k * torch.arange(1, count + 1, dtype=torch.float64)).reshape(shape)


def heads() -> dict[str, torch.Tensor]:
    k = {"logits": 0.37, "q1": 0.53, "q2": 0.71, "target_q1": 0.59, "target_q2": 0.83}
    return {**{name: fill(value, 2, 7, 5) for name, value in k.items()}, "v": fill(0.91, 2, 7)}


def losses(terminal: tuple[bool, bool] = (True, True), **given: torch.Tensor) -> dict[str, torch.Tensor]:
    return dense_ilql_losses(
        {**heads(), **given},
        ids=IDS,
        actions=ACTIONS,
        last=LAST,
        mask=MASK,
        reward=REWARD,
        terminal=torch.tensor(terminal),
        weights=WEIGHTS,
    )


def test_losses_equal_the_published_figures() -> None:
    found = {name: value.item() for name, value in losses().items()}
    assert found == pytest.approx(
        {
            "q_loss": 1.085761,
            "v_loss": 0.421232,
            "cql_loss": 3.586398,
            "bc_loss": 1.400699,
            "loss": 3.266332,
        },
        abs=1e-6,
    )


def test_a_truncated_dialogue_goes_on_and_gains_no_action() -> None:
    assert losses((True, False))["q_loss"].item() == pytest.approx(1.678463, abs=1e-6)


def test_targets_of_q_follow_the_states() -> None:
    v = fill(0.91, 2, 7)
    y = td_targets(
        REWARD[0], v[0, [2, 4, 5, 6]], torch.tensor([1, 1, 1, 0], dtype=torch.float64), discount=0.99
    )
    assert y.tolist() == pytest.approx([0.396069, -0.976975, -0.725982, 1.0], abs=1e-6)
    y = td_targets(REWARD[1, :3], v[1, [1, 3, 4]], torch.tensor([1, 1, 0], dtype=torch.float64), 0.99)
    assert y.tolist() == pytest.approx([0.934634, -0.546861, -0.5], abs=1e-6)


def test_returns_to_go_and_the_monte_carlo_loss() -> None:
    to_go = returns_to_go(REWARD, 0.99)
    assert to_go[0].tolist() == pytest.approx([0.970299, 0.9801, 0.99, 1.0], abs=1e-6)
    row, column = MASK.nonzero(as_tuple=True)
    at = ACTIONS[row, column]
    token = IDS[row, at + 1]
    q = DenseScores(fill(0.53, 2, 7, 5)[row, at], token)
    found = mc_losses(q=q, returns=to_go[row, column], lm=q, cql=0.0, bc=0.0)
    assert set(found) == {"loss", "q_loss"}
    assert found["q_loss"].item() / 7 == pytest.approx(0.629560, abs=1e-6)


def test_gradients_are_those_of_finite_differences_and_reach_no_target() -> None:
    names = ("logits", "q1", "q2", "v")
    tensors = {name: heads()[name].requires_grad_() for name in names}
    targets = {name: heads()[name].requires_grad_() for name in ("target_q1", "target_q2")}
    losses(**tensors, **targets)["loss"].backward()
    for target in targets.values():
        assert target.grad is None
    # V stands in three places; only in the expectile loss does it take a gradient.
    row, column = MASK.nonzero(as_tuple=True)
    at = ACTIONS[row, column]
    token = IDS[row, at + 1]
    all_heads = heads()
    tq = torch.minimum(all_heads["target_q1"][row, at, token], all_heads["target_q2"][row, at, token])
    gap = tq - all_heads["v"][row, at]
    v_grad = torch.zeros(2, 7, dtype=torch.float64)
    v_grad[row, at] = -2 * torch.where(gap < 0, 0.2, 0.8) * gap / 7
    assert tensors["v"].grad is not None
    torch.testing.assert_close(tensors["v"].grad, v_grad, atol=1e-12, rtol=0)
    # Q and the language model: by differences of the total.
    for name in ("logits", "q1", "q2"):
        grad = tensors[name].grad
        assert grad is not None
        for place in ((0, 1, 3), (1, 3, 2), (0, 5, 0), (0, 0, 0), (1, 4, 1)):
            up, down = heads()[name], heads()[name]
            up[place] += 1e-6
            down[place] -= 1e-6
            slope = (losses(**{name: up})["loss"] - losses(**{name: down})["loss"]) / 2e-6
            assert grad[place].item() == pytest.approx(slope.item(), abs=1e-7)
        assert grad[0, 0].abs().sum() == 0  # no action is taken there
        assert grad[1, 4:].abs().sum() == 0


def test_targets_move_a_little_towards_the_online_heads() -> None:
    online, target = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    want = 0.995 * target.weight.detach() + 0.005 * online.weight.detach()
    polyak(target, online, 0.005)
    torch.testing.assert_close(target.weight, want)
    polyak(target, online, 1.0)
    torch.testing.assert_close(target.bias, online.bias)


def test_nothing_to_learn_from_is_no_division_by_zero() -> None:
    empty = dense_ilql_losses(
        heads(),
        ids=IDS,
        actions=ACTIONS,
        last=LAST,
        mask=torch.zeros_like(MASK),
        reward=REWARD,
        terminal=torch.tensor([True, True]),
        weights=WEIGHTS,
    )
    assert all(value.item() == 0 for value in empty.values())


@given(rows=st.integers(0, 9), chunk=st.integers(1, 4), bias=st.booleans(), seed=st.integers(0, 99))
def test_scores_in_chunks_equal_the_whole_matrix(rows: int, chunk: int, bias: bool, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    kind = {"dtype": torch.float64, "generator": draw}
    features = torch.randn(rows, 3, **kind).requires_grad_()  # type: ignore[call-overload]
    weight = torch.randn(7, 3, **kind).requires_grad_()  # type: ignore[call-overload]
    offset = torch.randn(7, **kind).requires_grad_() if bias else None  # type: ignore[call-overload]
    actions = torch.randint(7, (rows,), generator=draw)
    weights = torch.rand(rows, **kind)  # type: ignore[call-overload]
    inputs = [features, weight, *([offset] if offset is not None else [])]

    dense = DenseScores(torch.nn.functional.linear(features, weight, offset), actions)
    want = 3 * dense.cross_entropy(weights) + dense.chosen.sum()
    want_gradients = torch.autograd.grad(want, inputs)
    before = _cross_entropy.CHUNK_BYTES
    _cross_entropy.CHUNK_BYTES = 4 * 7 * chunk
    try:
        linear = LinearScores(features, weight, offset, actions)
        found = 3 * linear.cross_entropy(weights) + linear.chosen.sum()
    finally:
        _cross_entropy.CHUNK_BYTES = before
    torch.testing.assert_close(found, want)
    for one, other in zip(torch.autograd.grad(found, inputs), want_gradients, strict=True):
        torch.testing.assert_close(one, other)
