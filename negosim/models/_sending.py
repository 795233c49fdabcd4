"""Sending requests to one model: as its limits allow, and again what fails in passing.

Imported only for the first request: tenacity takes a while to load.
"""

import asyncio
import email.utils
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import tenacity

from negosim.errors import ModelError
from negosim.models._completion import read_completion
from negosim.models._dialect import names_a_setting
from negosim.models._faults import fault_of
from negosim.models._limiter import Limiter, Limits
from negosim.models._reply import Reply
from negosim.models._share import Share
from negosim.models._types import Usage

logger = logging.getLogger("negosim.models")

ATTEMPTS = 4
FIRST_WAIT = 0.5
"""Seconds before the second attempt, on average; the wait doubles with each."""
LONGEST_WAIT = 120.0
"""A server that asks for a longer pause (Retry-After, in seconds) is not waited for."""
PATIENCE = 600.0
"""Seconds after which a server that has refused every request since is given up."""

OUTAGE = 2
"""Requests given up in a row, none being answered meanwhile, after which the server is out for all; one may
fail by what it asks for."""

_OVERLOADED = frozenset({429, 503, 529})
"""The server has refused the request unread, as it has too much to do."""
_TOO_LARGE = re.compile(
    r"request too large|too large for (the |your )?model|reduce your message", re.IGNORECASE
)
"""What an account's tokens a minute will never allow: refused like an overload, and for ever."""
_PASSING = frozenset({408, 409, 425, *range(500, 600)} - {501, 505})


class PassingError(Exception):
    """A failure that may pass: the request is sent again.

    `what` is in negosim's words, and `reply` is what the server said; `wait` is the pause it asks for, in
    seconds; `lost` says whether it may have answered.
    """

    def __init__(
        self, what: str, *, reply: Reply | None = None, wait: float | None = None, lost: bool = False
    ) -> None:
        super().__init__(what)
        self.said = reply.message if reply else ""
        self.wait = wait
        self.lost = lost
        self.reply = reply


class NotConnectedError(PassingError):
    """The server could not be reached, so it has seen no request."""


class SlowError(PassingError):
    """The server did not answer in time."""


class OverloadedError(PassingError):
    """The server refused the request unread; all wait, and it is sent again however often that takes."""


class Sender:
    """Sends the requests of one model; all who send to it in an event loop share its limits."""

    def __init__(self, place: str, model: str, limits: Limits) -> None:
        """Say where the model is, as messages name it, and what the user allows for it."""
        self.place = place
        self._model = model
        self._limits = limits
        self._share: Share | None = None

    async def send(
        self,
        attempt: Callable[[int], Awaitable[Reply]],
        tokens: int,
        before_resend: Callable[[], Awaitable[None]],
        *,
        doubtful: bool = False,
        spare: bool = False,
    ) -> Reply:
        """Make attempts, with growing pauses, until one fails in no passing way.

        A request is given up after `ATTEMPTS` failures; where the server has answered nobody since the first
        of them, it is waited for first (`Limiter.silent`). One that is refused as if for overload is given up
        after `PATIENCE`, though others are answered.

        Args:
            attempt: sends the request once and returns the reply, or raises `PassingError`; it is told how
                often the request has been sent, this time included.
            tokens: about as many as the prompt has.
            before_resend: awaited before a request is sent again whose answer was lost.
            doubtful: whether the server may not bear what it was asked for: the last of its own failures
                is then returned like an answer.
            spare: whether another server takes over: this one is given up at the first failure to connect,
                and is not waited for.

        Raises:
            ModelError: no attempt came through, or the server asked for too long a pause.

        """
        sent, lost, failures, answers, refused_since = 0, False, 0, 0, math.inf

        async def once() -> Reply:
            nonlocal sent, lost, failures, answers, refused_since
            if lost:
                await before_resend()
                lost = False
            try:
                sent += 1
                return await self._limited(attempt, tokens, sent)
            except NotConnectedError:
                sent -= 1  # it never left
                failures, answers = failures + 1, answers if failures else self._limiter().answers
                raise
            except PassingError as error:
                lost = error.lost
                if isinstance(error, OverloadedError):
                    refused_since = min(refused_since, time.monotonic())
                else:
                    failures, answers = failures + 1, answers if failures else self._limiter().answers
                raise

        def hopeless(error: PassingError) -> bool:
            if isinstance(error, OverloadedError):
                return time.monotonic() - refused_since > PATIENCE
            if spare and isinstance(error, NotConnectedError):
                return True
            if failures < ATTEMPTS:
                return False
            if spare:
                return True
            return _asked_too_much(error, doubtful) or self._limiter().answers > answers or self._out(error)

        try:
            try:
                return await once()
            except PassingError as error:
                return await _send_again(once, error, hopeless)
        except PassingError as error:
            if error.reply is not None and _asked_too_much(error, doubtful):
                return error.reply
            failed = self._exhausted(error, failures, spare=spare)
        except ModelError as error:
            failed = error
        failed.requests, failed.lost = sent, lost
        raise failed from None

    def share(self) -> Share:
        """Return what is shared with all who send to the same place in this event loop."""
        loop = asyncio.get_running_loop()
        if self._share is None or self._share.loop is not loop:
            self._share = Share.of(loop, self.place)
            self._share.limiter(self._model).tighten(self._limits)
        return self._share

    async def close(self) -> None:
        """Give the share back; the last one closes its connections."""
        if self._share is not None:
            share, self._share = self._share, None
            await share.release()

    def _limiter(self) -> Limiter:
        return self.share().limiter(self._model)

    def _out(self, error: PassingError) -> bool:
        """Return whether the server has answered nobody for too long; say once that it is waited for."""
        limiter = self._limiter()
        if limiter.silent():
            return True
        if limiter.begins_to_wait():
            logger.warning("%s: %s; waiting for the server", self.place, error)
        return False

    def _exhausted(self, error: PassingError, failures: int, *, spare: bool) -> ModelError:
        """Return the failure of a request that was sent often enough.

        Where it is not the only one, and none has been answered since, the server is out for all.
        """
        if isinstance(error, OverloadedError):
            minutes = f"{PATIENCE / 60:.0f} min"
            return ModelError(
                f"{self.place}: has refused this request for {minutes} ({error})", said=error.said
            )
        in_a_row = self._limiter().failed()
        what = f"{self.place}: {error} ({failures} attempts)"
        if spare or isinstance(error, NotConnectedError) or in_a_row >= OUTAGE:
            return ModelError(f"{what}; resume when the server is up again", fault="outage", said=error.said)
        return ModelError(what, said=error.said)

    async def _limited(self, attempt: Callable[[int], Awaitable[Reply]], tokens: int, sent: int) -> Reply:
        """Send when the limits allow, and tell the limiter how it went."""
        limiter = self._limiter()
        epoch = await limiter.enter(tokens)
        try:
            reply = await attempt(sent)
            limiter.answered(tokens, _tokens_used(reply) or tokens)
        except SlowError:
            limiter.slow(epoch)
            limiter.failing()
            raise
        except OverloadedError as error:
            if error.wait is not None and error.wait > LONGEST_WAIT:
                why = f"{self.place}: {error}, asks to wait {error.wait:.0f} s"
                raise _give_up(why, error.said) from None
            if limiter.refused(epoch, error.wait) > PATIENCE:
                minutes = f"{PATIENCE / 60:.0f} min"
                why = f"{self.place}: has refused all requests for {minutes} ({error})"
                raise _give_up(why, error.said) from None
            raise
        except PassingError:
            limiter.failing()
            raise
        finally:
            limiter.leave()
        return reply


def sorted_reply(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """Return an answer or a rejection.

    Raises:
        PassingError: it is neither, and may be one when the request is sent again.

    """
    if reply.answered:
        try:
            return replace(reply, completion=read_completion(reply.data))
        except ValueError as error:
            dressed = reply.as_error()
            if dressed is None:
                why = reply.kind or error
                raise PassingError(f"the reply holds no answer: {why}", lost=True) from None
            reply = dressed
    what = f"status {reply.status}"
    if fault_of(reply.status, reply.code, reply.message, reply.parameter) != "request":
        return reply
    if reply.status == 429 and _TOO_LARGE.search(reply.message):
        return reply
    if reply.status in _OVERLOADED:
        raise OverloadedError(what, reply=reply, wait=_retry_after(headers))
    if reply.status in _PASSING and not names_a_setting(reply.message):
        raise PassingError(what, reply=reply, lost=reply.lost)
    return reply


async def _send_again(
    once: Callable[[], Awaitable[Reply]], first: PassingError, hopeless: Callable[[PassingError], bool]
) -> Reply:
    """Go on after a first failure, which is told to tenacity; before one, it would double a call's cost."""
    failed = [first]

    async def attempt() -> Reply:
        if failed:
            raise failed.pop()
        return await once()

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(PassingError),
        stop=lambda state: hopeless(_error_of(state)),
        wait=_wait,
        reraise=True,
    )
    return await retrying(attempt)


def _give_up(why: str, said: str) -> ModelError:
    return ModelError(f"{why}; resume later", fault="outage", said=said)


def _tokens_used(reply: Reply) -> int:
    usage = reply.completion.usage if reply.completion else Usage()
    return usage.tokens_in + usage.tokens_out


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause a server asks for, in seconds."""
    given = headers.get("Retry-After")
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(given).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else max(0.0, seconds)


_backoff = tenacity.wait_random_exponential(multiplier=2 * FIRST_WAIT, max=30)


def _wait(state: tenacity.RetryCallState) -> float:
    # What an overloaded server refused waits with all others, in the limiter.
    return 0.0 if isinstance(_error_of(state), OverloadedError) else _backoff(state)


def _error_of(state: tenacity.RetryCallState) -> PassingError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, PassingError)
    return error


def _asked_too_much(error: PassingError, doubtful: bool) -> bool:
    """Return whether the server may fail at what it is asked for, and not by itself."""
    return doubtful and error.reply is not None and error.reply.status == 500
