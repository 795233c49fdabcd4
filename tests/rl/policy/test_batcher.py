"""Turns that wait are said in batches: who is beside whom, how long is waited, what one's failure does."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from negosim.rl.policy import PolicyContext, PolicyReply, Sampling, _batcher
from negosim.rl.policy._batcher import TurnBatcher


class Echo:
    """Stands for a policy: says its seed, notes its batches, and takes two seconds of the clock for each."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.how: list[tuple[str, Sampling | None]] = []
        self.clock = 0.0
        self.meanwhile: Callable[[], None] = lambda: None

    def reply(self, prefixes, *, seeds, sampling, speaker) -> list[PolicyReply]:
        assert len(prefixes) == len(seeds)
        self.batches.append(list(seeds))
        self.how.append((speaker, sampling))
        self.clock += 2
        self.meanwhile()
        if 13 in seeds:
            raise ValueError("unlucky")
        return [PolicyReply(f"{speaker} {seed}", complete=True) for seed in seeds]


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    echo = Echo()
    monkeypatch.setattr(_batcher, "time", SimpleNamespace(monotonic=lambda: echo.clock))
    return echo


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the times that were waited for a newcomer; nobody comes."""
    waits: list[float] = []

    async def nobody(newcomer, patience: float) -> None:
        newcomer.close()
        waits.append(patience)
        await asyncio.sleep(0)
        raise TimeoutError

    monkeypatch.setattr(asyncio, "wait_for", nobody)
    return waits


async def said(batcher: TurnBatcher, seeds, **how) -> list[str]:
    replies = await asyncio.gather(
        *(batcher.say(PolicyContext(), seed, **how) for seed in seeds), return_exceptions=True
    )
    return [reply.text if isinstance(reply, PolicyReply) else str(reply) for reply in replies]


def test_what_waits_is_said_at_once_up_to_a_full_batch(echo: Echo, waits: list[float]) -> None:
    batcher = TurnBatcher(echo)

    async def all_of_them() -> None:
        assert await said(batcher, range(100, 230)) == [f"agent {seed}" for seed in range(100, 230)]
        await said(batcher, range(64))

    asyncio.run(all_of_them())
    assert [len(batch) for batch in echo.batches[:3]] == [64, 64, 2]
    assert not waits  # a full batch waits for nobody, however many went on before


def test_a_batch_is_of_one_speaker_and_one_way_of_sampling(echo: Echo, waits: list[float]) -> None:
    batcher, short = TurnBatcher(echo), Sampling(max_tokens=3)

    async def mixed() -> list[list[str]]:
        return await asyncio.gather(
            said(batcher, [1, 2]), said(batcher, [3], speaker="user"), said(batcher, [4, 5], sampling=short)
        )

    assert asyncio.run(mixed()) == [["agent 1", "agent 2"], ["user 3"], ["agent 4", "agent 5"]]
    assert echo.batches == [[1, 2], [3], [4, 5]]
    assert echo.how == [("agent", None), ("user", None), ("agent", short)]


def test_the_next_batch_waits_for_as_many_as_went_on_before_but_not_long(
    echo: Echo, waits: list[float]
) -> None:
    batcher, later = TurnBatcher(echo), list[asyncio.Task]()

    async def talk() -> None:
        loop = asyncio.get_running_loop()

        async def come_in() -> None:
            later.append(loop.create_task(said(batcher, [3, 4, 5])))
            for _ in range(5):  # until all three wait
                await asyncio.sleep(0)

        def come() -> None:
            echo.meanwhile = lambda: None
            asyncio.run_coroutine_threadsafe(come_in(), loop).result()

        echo.meanwhile = come
        await said(batcher, [1, 2])
        await later[0]

    asyncio.run(talk())
    assert echo.batches == [[1, 2], [3, 4, 5]]
    # Of a full batch 62 were missing at first; then two of five, for a tenth of the two seconds.
    assert waits == [0.02, pytest.approx(0.2)]


def test_who_comes_while_a_batch_is_awaited_is_in_it(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    batcher, waits = TurnBatcher(echo), list[float]()
    others = list[asyncio.Task]()

    async def one_more(newcomer, patience: float) -> None:
        waits.append(patience)
        if len(waits) > 2:
            newcomer.close()
            raise TimeoutError
        others.append(asyncio.create_task(said(batcher, [6 + len(waits)])))
        await newcomer

    monkeypatch.setattr(asyncio, "wait_for", one_more)
    asyncio.run(said(batcher, [6]))
    assert echo.batches == [[6, 7, 8]]
    assert waits == [0.02] * 3


def test_a_failure_is_that_of_its_batch_and_a_later_loop_goes_on(echo: Echo, waits: list[float]) -> None:
    batcher = TurnBatcher(echo)

    async def two_kinds() -> list[list[str]]:
        return await asyncio.gather(said(batcher, [12, 13]), said(batcher, [14], speaker="user"))

    assert asyncio.run(two_kinds()) == [["unlucky", "unlucky"], ["user 14"]]
    assert asyncio.run(said(batcher, [15])) == ["agent 15"]


@pytest.mark.parametrize("fails", [False, True], ids=["said", "fails"])
def test_who_no_longer_waits_is_not_said_and_harms_nobody(
    echo: Echo, waits: list[float], fails: bool
) -> None:
    batcher = TurnBatcher(echo)

    async def talk() -> list[str]:
        loop = asyncio.get_running_loop()
        before, during, stays = (
            asyncio.create_task(batcher.say(PolicyContext(), seed)) for seed in (1, 2, 13 if fails else 3)
        )
        await asyncio.sleep(0)
        before.cancel()
        gone = asyncio.Event()

        def cancel() -> None:
            during.cancel()
            loop.call_soon(gone.set)

        def meanwhile() -> None:
            loop.call_soon_threadsafe(cancel)
            asyncio.run_coroutine_threadsafe(gone.wait(), loop).result()

        echo.meanwhile = meanwhile
        replies = await asyncio.gather(before, during, stays, return_exceptions=True)
        return [reply.text if isinstance(reply, PolicyReply) else type(reply).__name__ for reply in replies]

    last = "ValueError" if fails else "agent 3"
    assert asyncio.run(talk()) == ["CancelledError", "CancelledError", last]
    assert [len(batch) for batch in echo.batches] == [2]
