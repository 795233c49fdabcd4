import asyncio
import time

import pytest

from negosim.models import _limiter
from negosim.models._limiter import Limiter, Limits, _bucket


@pytest.fixture(autouse=True)
def _fixed_pauses(monkeypatch):
    monkeypatch.setattr(_limiter.random, "uniform", lambda low, high: high)
    monkeypatch.setattr(_limiter, "FIRST_PAUSE", 0.02)


def limiter(**limits):
    made = Limiter()
    made.tighten(Limits(**limits))
    return made


async def refuse(gate, pause):
    """Send a request that the server refuses."""
    epoch = await gate.enter(1)
    refused_for = gate.refused(epoch, pause)
    gate.leave()
    return refused_for


async def test_no_more_calls_than_allowed_are_in_flight_and_they_come_in_order():
    gate = limiter(max_in_flight=3)
    inside, most, order = 0, 0, []

    async def call(number):
        nonlocal inside, most
        await gate.enter(1)
        order.append(number)
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside -= 1
        gate.leave()

    await asyncio.gather(*(call(number) for number in range(20)))
    assert most == 3
    assert order == list(range(20))


async def test_the_strictest_of_several_limits_holds():
    gate = limiter(max_in_flight=8, rpm=600)
    gate.tighten(Limits(max_in_flight=5, rpm=6000, tpm=100))
    gate.tighten(Limits(max_in_flight=9))
    assert gate.window == 5
    assert gate._buckets["rpm"].max_rate == _bucket(600).max_rate
    assert gate._buckets["tpm"].max_rate == _bucket(100).max_rate


async def test_a_refusal_halves_the_window_once_for_all_that_were_under_way():
    gate = limiter(max_in_flight=64)
    epochs = [await gate.enter(1) for _ in range(16)]
    for epoch in epochs:
        gate.refused(epoch, 0.0)
        gate.leave()
    assert gate.window == 8  # of the 16 in flight, not of the 64 allowed
    await refuse(gate, 0.0)
    assert gate.window == 1  # one in flight was still too many


async def test_answers_widen_the_window_again_up_to_what_is_allowed():
    gate = limiter(max_in_flight=4)
    for epoch in [await gate.enter(1) for _ in range(4)]:
        gate.slow(epoch)
        gate.leave()
    assert gate.window == 2
    widths = []
    for _ in range(12):
        await gate.enter(1)
        gate.answered(1, 1)
        gate.leave()
        widths.append(gate.window)
    assert widths == [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]


async def test_a_wider_window_lets_in_who_waits():
    gate = limiter(max_in_flight=4)
    epochs = [await gate.enter(1) for _ in range(4)]
    gate.slow(epochs[0])
    waiting = [asyncio.create_task(gate.enter(1)) for _ in range(3)]
    for _ in range(3):
        gate.leave()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, False, False]
    for _ in range(3):
        gate.answered(1, 1)
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, True, False]
    gate.leave()
    await asyncio.wait_for(waiting[2], 1)


async def test_everyone_waits_for_the_pause_a_server_asks_for():
    gate = limiter()
    start = time.monotonic()
    await refuse(gate, 0.1)
    await gate.enter(1)
    assert time.monotonic() - start >= 0.1


async def test_a_pause_is_put_off_by_a_later_refusal():
    gate = limiter()
    epochs = [await gate.enter(1) for _ in range(4)]
    gate.refused(epochs[0], 0.05)
    for _ in range(3):
        gate.leave()
    start = time.monotonic()
    waiting = asyncio.create_task(gate.enter(1))
    await asyncio.sleep(0.02)
    gate.refused(epochs[3], 0.1)
    await waiting
    assert time.monotonic() - start >= 0.12


async def test_without_a_named_pause_refusals_in_a_row_wait_for_ever_longer():
    gate = limiter()
    pauses = []
    for _ in range(3):
        await refuse(gate, None)
        pauses.append(gate._resume_at - asyncio.get_running_loop().time())
    assert pauses == pytest.approx([0.04, 0.08, 0.16], abs=0.015)
    gate.answered(1, 1)
    await refuse(gate, None)
    assert gate._resume_at - asyncio.get_running_loop().time() == pytest.approx(0.04, abs=0.015)


async def test_how_long_a_server_has_refused_everything():
    gate = limiter()
    assert await refuse(gate, 0.05) == 0
    assert await refuse(gate, 0.0) >= 0.05
    gate.answered(1, 1)
    assert await refuse(gate, 0.0) == 0


async def test_who_stops_waiting_leaves_the_place_to_others():
    gate = limiter(max_in_flight=1)
    await gate.enter(1)
    gone, next_one = asyncio.create_task(gate.enter(1)), asyncio.create_task(gate.enter(1))
    await asyncio.sleep(0)
    gone.cancel()
    gate.leave()
    await asyncio.wait_for(next_one, 1)
    gate.leave()
    # Cancelled at the moment it is let in, and while it pauses.
    await gate.enter(1)
    gone = asyncio.create_task(gate.enter(1))
    await asyncio.sleep(0)
    gate.leave()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await refuse(gate, 60.0)
    pausing = asyncio.create_task(gate.enter(1))
    await asyncio.sleep(0.01)
    pausing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pausing
    assert gate._in_flight == 0


@pytest.mark.parametrize("per_minute", [1, 7, 12, 100, 6000])
def test_no_minute_has_more_requests_than_allowed(per_minute):
    bucket = _bucket(per_minute)
    # A full bucket at once, then as many as leak before the minute is over.
    leaking = 60 * bucket.max_rate / bucket.time_period
    assert int(bucket.max_rate) + leaking - 1 <= per_minute
    assert leaking >= per_minute * 0.9  # little of the minute is given away


async def test_requests_a_minute_are_spread():
    gate = limiter(rpm=1200)  # a hundred at once, then some 18 a second
    start = time.monotonic()
    for _ in range(102):
        await gate.enter(1)
        gate.leave()
    assert 0.1 <= time.monotonic() - start < 5


async def test_tokens_a_minute_count_what_was_used_and_not_what_was_expected():
    gate = limiter(tpm=6000)  # 500 at once, then some 92 a second
    await gate.enter(400)
    gate.answered(400, 100)
    start = time.monotonic()
    await gate.enter(390)  # 300 were given back
    assert time.monotonic() - start < 0.05
    gate.answered(390, 390)
    await gate.enter(20)
    assert time.monotonic() - start >= 0.05


async def test_a_prompt_larger_than_the_bucket_is_paid_in_parts():
    gate = limiter(tpm=60_000)  # 5,000 at once, then some 917 a second
    start = time.monotonic()
    await gate.enter(5_100)
    assert 0.1 <= time.monotonic() - start < 5
