"""Content of batches, and how the data are cut into them."""

from itertools import islice

import torch
from hypothesis import given
from hypothesis import strategies as st

from negosim.rl.training._batches import batches, collate, share
from negosim.rl.training.dialogue_format import Encoded


def test_a_batch_lays_out_actions_flat_and_adds_none() -> None:
    long = Encoded("a", [5, 0, 7, 8, 0], [0, 1, 3], [0.0, 0.5, 1.0], terminal=True)
    short = Encoded("b", [6, 9, 4], [1], [2.0], terminal=False)
    batch = collate([long, short])
    assert batch.ids.tolist() == [[5, 0, 7, 8, 0], [6, 9, 4, 0, 0]]
    assert batch.attention.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert batch.row.tolist() == [0, 0, 0, 1]
    assert batch.at.tolist() == [0, 1, 3, 1]
    assert batch.action.tolist() == [0, 7, 0, 4]  # 0 is a token like any other
    assert batch.final.tolist() == [False, False, True, True]
    assert batch.last.tolist() == [4, 2]
    assert batch.reward.tolist() == [0.0, 0.5, 1.0, 2.0]
    assert batch.not_done.tolist() == [1, 1, 0, 1]
    assert torch.equal(batch.to(torch.device("cpu")).ids, batch.ids)


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    size=st.integers(1, 12),
    seed=st.integers(0, 5),
)
def test_every_dialogue_comes_once_an_epoch(lengths: list[int], size: int, seed: int) -> None:
    count = -(-len(lengths) // size)
    epoch = list(islice(batches(lengths, size, seed), count))
    assert all(len(batch) == size for batch in epoch)
    drawn = [index for batch in epoch for index in batch]
    assert set(drawn) == set(range(len(lengths)))
    assert len(drawn) - len(lengths) < size
    assert epoch == list(islice(batches(lengths, size, seed), count))


def test_micro_batches_hold_dialogues_of_like_length() -> None:
    lengths = list(range(640))
    for batch in islice(batches(lengths, 64, 0), 10):
        spread = [lengths[part[0]] - lengths[part[-1]] for part in share(batch, 0, 2, 8)]
        assert all(one >= 0 for one in spread)
        assert sum(spread) / len(spread) < 240


def test_batches_have_short_and_long_dialogues_alike() -> None:
    # Actions of a batch share its weight: were batches sorted by length, those of short dialogues would
    # count more than those of long ones.
    lengths = list(range(640))
    means = [sum(lengths[i] for i in batch) / 64 for batch in islice(batches(lengths, 64, 0), 50)]
    assert max(means) - min(means) < 200


@given(size=st.integers(1, 6), processes=st.integers(1, 4), micro=st.integers(1, 5))
def test_processes_share_a_batch_evenly(size: int, processes: int, micro: int) -> None:
    batch = list(range(size * processes))
    parts = [share(batch, process, processes, micro) for process in range(processes)]
    assert sorted(index for part in parts for small in part for index in small) == batch
    assert len({len(part) for part in parts}) == 1
    assert all(1 <= len(small) <= micro for part in parts for small in part)
