"""Rate limits of a model's server: calls in flight, requests and tokens a minute, pauses it asks for.

All who call a model in one event loop share a limiter, since the server counts their calls together.

- The window of calls in flight adapts: a server that is overloaded has it halved, every answer widens
  it again, by one call for each full window of answers (additive increase, multiplicative decrease;
  Chiu and Jain, Computer Networks 17, 1989).
- Requests and tokens a minute are leaky buckets of aiolimiter. It has no adaptive window, so that
  part is here.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

MOST_IN_FLIGHT = 1024
"""Calls in flight where nothing else is set: as many as there are connections."""
BURST = 1 / 12
"""The part of a minute's requests or tokens that may go out at once."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds all calls wait, on average, after a refusal that names no pause; doubled with each in a row."""


SILENCE = 60.0
"""Seconds for which a server that fails and answers nobody is waited for: a restart, a network that drops."""


@dataclass(frozen=True)
class Limits:
    """What the user allows for one model; None is no limit."""

    max_in_flight: int | None = None
    rpm: int | None = None
    """Requests a minute."""
    tpm: int | None = None
    """Tokens a minute, in and out."""


class Limiter:
    """The gate before one model's server. Every request passes `enter`, and `leave` when it is over."""

    def __init__(self) -> None:
        self._most = MOST_IN_FLIGHT
        self._window = float(self._most)
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._epoch = 0
        self._refusals = 0
        self._refused_since: float | None = None
        self._failures = 0
        self._silent_since: float | None = None
        self._waited_for = False
        self.answers = 0
        """Requests answered so far."""
        self._resume_at = 0.0
        self._buckets: dict[str, AsyncLimiter] = {}
        self._owed = 0.0
        # aiolimiter serves the smallest amount first; in this queue long prompts are not passed by.
        self._queue = asyncio.Lock()

    @property
    def window(self) -> int:
        """Calls that may be in flight now."""
        return int(self._window)

    def tighten(self, limits: Limits) -> None:
        """Keep these limits too; of several for the same thing the strictest holds."""
        self._most = min(self._most, limits.max_in_flight or self._most)
        self._window = min(self._window, self._most)
        for name, amount in (("rpm", limits.rpm), ("tpm", limits.tpm)):
            bucket = _bucket(amount) if amount else None
            if bucket and (name not in self._buckets or bucket.max_rate < self._buckets[name].max_rate):
                self._buckets[name] = bucket

    async def enter(self, tokens: int) -> int:
        """Wait until a request of about so many tokens may be sent; return the epoch it belongs to."""
        await self._take_place()
        try:
            if self._buckets:
                await self._pace(tokens)
            while (pause := self._resume_at - _now()) > 0:  # noqa: ASYNC110 (it may be put off meanwhile)
                await asyncio.sleep(pause)
        except BaseException:
            self.leave()
            raise
        return self._epoch

    def leave(self) -> None:
        """Give the place of a request to the next."""
        self._in_flight -= 1
        self._let_in()

    def answered(self, estimated: int, tokens: int) -> None:
        """Take note of an answer, and of what it used in place of what `enter` was told."""
        self._refusals, self._refused_since, self._failures = 0, None, 0
        self._silent_since, self._waited_for = None, False
        self.answers += 1
        if self._window < self._most:
            self._window = min(self._window + 1 / self._window, self._most)
            self._let_in()
        if "tpm" in self._buckets:
            self._owed += tokens - estimated

    def failed(self) -> int:
        """Take note that a request was given up; return how many were since the last answer."""
        self._failures += 1
        return self._failures

    def failing(self) -> None:
        """Take note that a request has failed in passing."""
        if self._silent_since is None:
            self._silent_since = _now()

    def silent(self) -> bool:
        """Return whether requests have failed for `SILENCE` seconds, and none was answered.

        A server that has never answered is not waited for: what is wrong there does not pass.
        """
        failing = self._silent_since is not None and _now() - self._silent_since >= SILENCE
        return failing or not self.answers

    def begins_to_wait(self) -> bool:
        """Return whether this is the first time since the last answer that the server is waited for."""
        first, self._waited_for = not self._waited_for, True
        return first

    def slow(self, epoch: int) -> None:
        """Take note that a request of an epoch was not answered in time."""
        self._narrow(epoch)

    def refused(self, epoch: int, pause: float | None) -> float:
        """Take note that the server is overloaded; return for how many seconds it has refused everything.

        All calls wait for `pause` seconds, where the server named them, otherwise for ever longer.
        """
        now = _now()
        if self._narrow(epoch):
            self._refusals += 1
            if pause is None:
                longest = min(FIRST_PAUSE * 2 ** min(self._refusals, 16), LONGEST_PAUSE)
                pause = random.uniform(0, longest)
        if pause is not None:
            self._resume_at = max(self._resume_at, now + pause)
        if self._refused_since is None:
            self._refused_since = now
        return now - self._refused_since

    def _narrow(self, epoch: int) -> bool:
        """Halve the window, once for all the requests that were under way together."""
        if epoch != self._epoch:
            return False
        self._epoch += 1
        self._window = max(1.0, min(self._window, self._in_flight) / 2)
        return True

    async def _take_place(self) -> None:
        if self._in_flight < self.window and not self._waiting:
            self._in_flight += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def _let_in(self) -> None:
        while self._waiting and self._in_flight < self.window:
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)

    async def _pace(self, tokens: int) -> None:
        async with self._queue:
            if "rpm" in self._buckets:
                await self._buckets["rpm"].acquire()
            if "tpm" in self._buckets:
                bucket = self._buckets["tpm"]
                self._owed += tokens
                while self._owed > 0:
                    part = min(self._owed, bucket.max_rate)
                    self._owed -= part
                    await bucket.acquire(part)


def _bucket(per_minute: int) -> AsyncLimiter:
    """Return a bucket that lets no more than this through in any minute, and that evenly.

    A full bucket empties at once, so what leaks in the rest of the minute is that much less.
    """
    size = max(1.0, per_minute * BURST)
    return AsyncLimiter(size, 60 * size / (per_minute - size + 1))


def _now() -> float:
    return asyncio.get_running_loop().time()
