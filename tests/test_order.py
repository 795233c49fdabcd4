"""Tests of speaking orders: one function decides, and it gives everybody a word."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.order import Order
from negosim.seeding import Seed

SEED = Seed(3, "any", 0)


def played(order: Order, turns: int, gone: frozenset[int] = frozenset()) -> list[int]:
    speakers: list[int] = []
    while len(speakers) < turns:
        speakers.append(order.next_speaker(speakers, gone=gone))
    return speakers


@given(st.integers(2, 6), st.data(), st.integers(0, 30))
def test_in_turn_is_the_opener_and_then_one_after_the_other(
    roles: int, data: st.DataObject, turns: int
) -> None:
    opener = data.draw(st.integers(0, roles - 1))
    order = Order("round_robin", roles, opener, SEED)
    assert played(order, turns) == [(opener + turn) % roles for turn in range(turns)]
    for role in range(roles):
        last = order.last_turn(role, 20)
        assert (opener + last) % roles == role
        assert 20 - roles <= last < 20


@given(st.integers(3, 6), st.integers(0, 99))
def test_by_chance_nobody_speaks_twice_running_and_the_seed_decides(roles: int, run: int) -> None:
    order = Order("random", roles, 0, Seed(run, "any", 0))
    speakers = played(order, 60)
    assert all(one != other for one, other in pairwise(speakers))
    assert set(speakers) == set(range(roles))
    assert played(order, 60) == speakers
    assert played(order, 20, frozenset({1})).count(1) == 0


def test_the_chair_speaks_every_other_time_and_names_who_is_next() -> None:
    order = Order("chair", 4, 1, SEED, chair=0)
    assert order.next_speaker([1]) == 0
    assert order.next_speaker([1, 0], floor=3) == 3
    assert order.next_speaker([1, 0, 3], floor=None) == 0
    assert order.names_next(0)
    assert not order.names_next(1)


@pytest.mark.parametrize("floor", [None, 3])
def test_a_chair_that_names_nobody_who_is_here_gives_the_floor_to_the_most_silent(floor: int | None) -> None:
    order = Order("chair", 4, 0, SEED, chair=0)
    assert order.next_speaker([0, 2, 0], floor, frozenset({3})) == 1
    assert order.next_speaker([0, 1, 2], floor, frozenset({0, 3})) == 1
