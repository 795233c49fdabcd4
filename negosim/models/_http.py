"""Sending requests to a model server: shared connections, and retries of what passes by itself.

Imported only for the first request: aiohttp and tenacity take a while to load.
"""

import asyncio
import email.utils
import math
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import orjson
import tenacity
from yarl import URL

from negosim.errors import ModelError
from negosim.models._body import BodyError, read_body_of
from negosim.models._completion import read_completion, read_usage
from negosim.models._dialect import names_a_setting
from negosim.models._faults import fault_of
from negosim.models._limiter import Limits
from negosim.models._reply import Reply
from negosim.models._secrets import Secrets
from negosim.models._share import Share
from negosim.models._types import Usage

ATTEMPTS = 4
FIRST_WAIT = 0.5
"""Seconds before the second attempt, on average; the wait doubles with each."""
LONGEST_WAIT = 120.0
"""A server that asks for a longer pause (Retry-After, in seconds) is not waited for."""
PATIENCE = 600.0
"""Seconds after which a server that has refused every request since is given up."""

OUTAGE = 2
"""Requests given up in a row, none being answered meanwhile, after which the server is out for all."""

_OVERLOADED = frozenset({429, 503, 529})
"""The server has refused the request unread, as it has too much to do."""
_PASSING = frozenset({408, 409, 425, *range(500, 600)} - {501, 505})


class _Passing(Exception):
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


class _NotConnected(_Passing):
    """The server could not be reached, so it has seen no request."""


class _Slow(_Passing):
    """The server did not answer in time."""


class _Overloaded(_Passing):
    """The server refused the request unread; all wait, and it is sent again however often that takes."""


class Server:
    """One model's server; all its users in an event loop share connections and limits."""

    def __init__(self, base_url: str, key: str | None, timeout: float, model: str, limits: Limits) -> None:
        self.base_url = base_url
        self._model = model
        self._limits = limits
        # Packed replies would save nothing: an answer is small and takes seconds to make.
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": "negosim",
            "Accept-Encoding": "identity",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self.secrets = Secrets.sent(key)
        self._timeout = timeout
        self._share: Share | None = None

    async def post(
        self, path: str, body: Any, before_resend: Callable[[], Awaitable[None]], *, doubtful: bool = False
    ) -> Reply:
        """Send JSON as the limits allow; try again, with growing pauses, what fails in passing.

        `before_resend` is awaited before a request is sent again whose answer was lost. What the server
        rejects is returned like an answer. So is the last of its own failures where it is `doubtful`
        whether it bears what it was asked for.

        Raises:
            ModelError: it did not pass, or the server asked for too long a pause.

        """
        data, sent, lost, failures = orjson.dumps(body), 0, False, 0

        async def once() -> Reply:
            nonlocal sent, lost, failures
            if lost:
                await before_resend()
                lost = False
            try:
                sent += 1
                return await self._limited_post(path, data, sent)
            except _NotConnected:
                sent -= 1  # it never left
                failures += 1
                raise
            except _Passing as error:
                lost = error.lost
                failures += not isinstance(error, _Overloaded)
                raise

        try:
            try:
                return await once()
            except _Passing as error:
                return await _send_again(once, error, lambda: failures >= ATTEMPTS)
        except _Passing as error:
            if doubtful and error.reply is not None and error.reply.status == 500:
                return error.reply
            failed = self._exhausted(error)
        except aiohttp.ClientError as error:
            failed = ModelError(f"{self.base_url}: {_describe(error)}", fault="address")
        except ModelError as error:
            failed = error
        failed.requests, failed.lost = sent, lost
        raise failed from None

    def _exhausted(self, error: _Passing) -> ModelError:
        """Return the failure of a request that was sent often enough.

        Where it is not the only one, and none has been answered since, the server is out for all.
        """
        in_a_row = self._joined().limiter(self._model).failed()
        what = f"{self.base_url}: {error} ({ATTEMPTS} attempts)"
        if isinstance(error, _NotConnected) or in_a_row >= OUTAGE:
            return ModelError(f"{what}; resume when the server is up again", fault="outage", said=error.said)
        return ModelError(what, said=error.said)

    async def get(self, path: str, seconds: float) -> Reply:
        """Fetch once, within some seconds, without trying again.

        Raises:
            ModelError: the server cannot be reached.

        """
        limit = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._joined().session.get(
                self._url(path), headers=self._headers, timeout=limit, allow_redirects=False
            ) as got:
                return self._reply(got.status, await read_body_of(got), 1)
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, TimeoutError) as error:
            raise ModelError(_describe(error)) from None
        except BodyError as error:
            raise ModelError(str(error)) from None

    async def close(self) -> None:
        """Give the share in the session back; the last one closes it."""
        if self._share is not None:
            share, self._share = self._share, None
            await share.release()

    def _reply(self, status: int, body: bytes, requests: int) -> Reply:
        return Reply.read(status, self.secrets.redact(body), requests)

    def _url(self, path: str) -> URL:
        return URL(self.base_url + path)

    def _joined(self) -> "Share":
        loop = asyncio.get_running_loop()
        if self._share is None or self._share.loop is not loop:
            self._share = Share.of(loop, self.base_url)
            self._share.limiter(self._model).tighten(self._limits)
        return self._share

    async def _limited_post(self, path: str, body: bytes, sent: int) -> Reply:
        """Send when the limits allow, and tell the limiter how it went."""
        limiter = self._joined().limiter(self._model)
        tokens = len(body) // 4
        epoch = await limiter.enter(tokens)
        try:
            reply = await self._post(path, body, sent)
            limiter.answered(tokens, _tokens_used(reply) or tokens)
        except _Slow:
            limiter.slow(epoch)
            raise
        except _Overloaded as error:
            if limiter.refused(epoch, error.wait) > PATIENCE:
                minutes = f"{PATIENCE / 60:.0f} min"
                why = f"{self.base_url}: has refused all requests for {minutes} ({error})"
                raise _give_up(why, error.said) from None
            raise
        finally:
            limiter.leave()
        return reply

    async def _post(self, path: str, body: bytes, sent: int) -> Reply:
        limit = aiohttp.ClientTimeout(total=self._timeout)
        try:
            async with self._joined().session.post(
                self._url(path), data=body, headers=self._headers, timeout=limit, allow_redirects=False
            ) as got:
                reply, headers = self._reply(got.status, await read_body_of(got), sent), got.headers
        except TimeoutError:
            raise _Slow(f"no answer within {self._timeout:g} s", lost=True) from None
        except (aiohttp.ClientSSLError, aiohttp.InvalidURL):
            raise
        except aiohttp.ClientConnectorError as error:
            raise _NotConnected(_describe(error)) from None
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError) as error:
            raise _Passing(_describe(error), lost=True) from None
        except BodyError as error:
            raise _Passing(str(error), lost=True) from None
        return self._sorted(reply, headers)

    def _sorted(self, reply: Reply, headers: Mapping[str, str]) -> Reply:
        """Return an answer or a rejection; raise what may pass."""
        if reply.answered:
            try:
                read_completion(reply.data)
                return reply
            except ValueError as error:
                dressed = reply.as_error()
                if dressed is None:
                    why = reply.kind or error
                    raise _Passing(f"the reply holds no answer: {why}", lost=True) from None
                reply = dressed
        what = f"status {reply.status}"
        if fault_of(reply.status, reply.code, reply.message, reply.parameter) != "request":
            return reply
        if reply.status in _OVERLOADED:
            wait = _retry_after(headers)
            if wait is not None and wait > LONGEST_WAIT:
                raise _give_up(f"{self.base_url}: {what}, asks to wait {wait:.0f} s", reply.message)
            raise _Overloaded(what, reply=reply, wait=wait)
        if reply.status in _PASSING and not names_a_setting(reply.message):
            raise _Passing(what, reply=reply, lost=reply.lost)
        return reply


async def _send_again(
    once: Callable[[], Awaitable[Reply]], first: _Passing, stop: Callable[[], bool]
) -> Reply:
    """Go on after a first failure, which is told to tenacity; before one, it would double a call's cost."""
    failed = [first]

    async def attempt() -> Reply:
        if failed:
            raise failed.pop()
        return await once()

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(_Passing),
        stop=lambda _: stop(),
        wait=_wait,
        reraise=True,
    )
    return await retrying(attempt)


def _give_up(why: str, said: str) -> ModelError:
    return ModelError(f"{why}; resume later", fault="outage", said=said)


def _tokens_used(reply: Reply) -> int:
    usage = read_usage(reply.data.get("usage")) if isinstance(reply.data, dict) else Usage()
    return usage.tokens_in + usage.tokens_out


def _describe(error: Exception) -> str:
    """Say in words why a server could not be reached, or how it was lost."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    # What aiohttp says may quote the server, and the proxy's URL with the password in it.
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy does not connect (status {error.status}); check the variable that names it"
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
    if not isinstance(cause, OSError):
        return f"the connection was lost ({type(error).__name__})"
    # asyncio puts the address where the system's own words would be.
    refused = isinstance(cause, ConnectionError) and cause.errno is not None
    why = os.strerror(cause.errno or 0) if refused else cause.strerror or type(cause).__name__
    return f"cannot connect ({why})"


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
    error = state.outcome.exception() if state.outcome else None
    # What an overloaded server refused waits with all others, in the limiter.
    return 0.0 if isinstance(error, _Overloaded) else _backoff(state)
