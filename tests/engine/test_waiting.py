"""Functions in greenlets that wait for coroutines."""

import asyncio
from contextvars import ContextVar

import pytest

from negosim.engine._waiting import in_greenlet, wait_for


async def late(answer: int) -> int:
    await asyncio.sleep(0.001 * (answer % 3))
    return answer


def test_functions_wait_side_by_side() -> None:
    heard: list[tuple[int, int]] = []

    async def ask(number: int) -> None:
        def run() -> None:
            heard.extend((number, wait_for(late(number + step))) for step in range(20))

        await in_greenlet(run)

    async def ask_all() -> None:
        await asyncio.gather(*map(ask, range(8)))

    asyncio.run(ask_all())
    for number in range(8):
        assert [answer for one, answer in heard if one == number] == list(range(number, number + 20))
    assert [number for number, _ in heard] != sorted(number for number, _ in heard)


def test_an_error_reaches_who_waits_and_who_asked() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError("not there")

    def run() -> None:
        with pytest.raises(LookupError):
            wait_for(fail())
        wait_for(fail())

    async def main() -> None:
        await in_greenlet(run)

    with pytest.raises(LookupError, match="not there"):
        asyncio.run(main())


@pytest.mark.parametrize("disguised", [False, True])
def test_a_cancelled_task_ends_what_it_waits_for(disguised: bool) -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("coroutine")

    def run() -> None:
        try:
            wait_for(forever())
        except asyncio.CancelledError as error:
            ended.append("function")
            if disguised:  # as LangGraph does
                raise LookupError("a node was cancelled") from error
            raise

    async def main() -> None:
        task = asyncio.ensure_future(in_greenlet(run))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended == ["coroutine", "function"]


def test_an_error_of_what_was_waited_for_keeps_its_wrapping() -> None:
    async def main() -> None:
        broken = asyncio.get_running_loop().create_future()

        async def stage() -> None:
            await broken

        def run() -> None:
            try:
                wait_for(stage())
            except LookupError as error:
                raise ValueError("the stage failed") from error

        asyncio.get_running_loop().call_soon(broken.set_exception, LookupError("not there"))
        await in_greenlet(run)

    with pytest.raises(ValueError, match="the stage failed"):
        asyncio.run(main())


def test_a_timeout_belongs_to_the_task_that_waits() -> None:
    async def slow() -> None:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    def run() -> None:
        with pytest.raises(TimeoutError):
            wait_for(slow())

    async def main() -> None:
        await in_greenlet(run)

    asyncio.run(main())


def test_a_greenlet_has_a_copy_of_the_context() -> None:
    place: ContextVar[str] = ContextVar("place")

    async def look() -> str:
        before = place.get()
        await asyncio.sleep(0)
        assert place.get() == before
        return before

    def run() -> None:
        assert wait_for(look()) == "outside"
        place.set("inside")
        assert wait_for(look()) == "inside"

    async def main() -> None:
        place.set("outside")
        await in_greenlet(run)
        assert place.get() == "outside"

    asyncio.run(main())


def test_nothing_is_waited_for_outside_of_a_greenlet() -> None:
    with pytest.raises(RuntimeError, match="greenlet"):
        wait_for(asyncio.sleep(0))
    assert wait_for(at_once()) == 7


async def at_once() -> int:
    return 7
