"""The server of one model behind the chat completions protocol, over shared connections.

Imported only for the first request: aiohttp takes a while to load.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import aiohttp
import orjson
from yarl import URL

from negosim.errors import ModelError
from negosim.models._body import BodyError, read_body_of
from negosim.models._limiter import Limits
from negosim.models._reply import Reply
from negosim.models._secrets import Secrets
from negosim.models._sending import NotConnectedError, PassingError, Sender, SlowError, sorted_reply
from negosim.models._share import Share


class Server:
    """One model's server; all its users in an event loop share connections and limits."""

    def __init__(
        self,
        base_url: str,
        key: str | None,
        timeout: float,
        model: str,
        limits: Limits,
        *,
        api_version: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        secrets: Sequence[str] = (),
    ) -> None:
        """Say where it is; `api_version` is Azure's, `secrets` are those in the headers."""
        self.base_url = base_url
        self._query = f"?api-version={api_version}" if api_version else ""
        self._sender = Sender(base_url, model, limits)
        # Packed replies would save nothing: an answer is small and takes seconds to make.
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": "negosim",
            "Accept-Encoding": "identity",
        }
        if key:
            self._headers |= {"api-key": key} if api_version else {"Authorization": f"Bearer {key}"}
        self._headers |= headers
        self.secrets = Secrets.sent(key, *secrets)
        self._timeout = timeout

    async def post(
        self,
        path: str,
        body: Any,
        before_resend: Callable[[], Awaitable[None]],
        *,
        doubtful: bool = False,
        spare: bool = False,
    ) -> Reply:
        """Send JSON as the limits allow; try again, with growing pauses, what fails in passing.

        `before_resend` is awaited before a request is sent again whose answer was lost. What the server
        rejects is returned like an answer. So is the last of its own failures where it is `doubtful`
        whether it bears what it was asked for. With `spare` another server takes over where this one is out:
        it is not waited for.

        Raises:
            ModelError: it did not pass, or the server asked for too long a pause.

        """
        data = orjson.dumps(body)

        async def attempt(sent: int) -> Reply:
            return await self._post(path, data, sent)

        return await self._sender.send(attempt, len(data) // 4, before_resend, doubtful=doubtful, spare=spare)

    async def get(self, path: str, seconds: float) -> Reply:
        """Fetch once, within some seconds, without trying again.

        Raises:
            ModelError: the server cannot be reached.

        """
        limit = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._sender.share().session.get(
                self._url(path), headers=self._headers, timeout=limit, allow_redirects=False
            ) as got:
                return Reply.read(got.status, self.secrets.redact(await read_body_of(got)), 1)
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, TimeoutError) as error:
            raise ModelError(_describe(error)) from None
        except BodyError as error:
            raise ModelError(str(error)) from None

    async def close(self) -> None:
        """Give the share in the session back; the last one closes it."""
        await self._sender.close()

    def _url(self, path: str) -> URL:
        return URL(self.base_url + path + self._query)

    async def _post(self, path: str, body: bytes, sent: int) -> Reply:
        status, content, headers = await exchange(
            self._sender.share(), "POST", self._url(path), self._headers, body, self._timeout
        )
        return sorted_reply(Reply.read(status, self.secrets.redact(content), sent), headers)


async def exchange(
    share: Share, method: str, url: URL, headers: Mapping[str, str], body: bytes, seconds: float
) -> tuple[int, bytes, Mapping[str, str]]:
    """Send a request once; return the status, the unpacked body and the headers of what came back.

    Raises:
        PassingError: nothing came back that can be read; that may pass.
        ModelError: the URL is wrong, or its certificate.

    """
    limit = aiohttp.ClientTimeout(total=seconds)
    try:
        async with share.session.request(
            method, url, data=body, headers=headers, timeout=limit, allow_redirects=False
        ) as got:
            return got.status, await read_body_of(got), got.headers
    except TimeoutError:
        raise SlowError(f"no answer within {seconds:g} s", lost=True) from None
    except (aiohttp.ClientSSLError, aiohttp.InvalidURL) as error:
        raise ModelError(f"{share.place}: {_describe(error)}", fault="address") from None
    except aiohttp.ClientConnectorError as error:
        raise NotConnectedError(_describe(error)) from None
    except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError) as error:
        raise PassingError(_describe(error), lost=True) from None
    except BodyError as error:
        raise PassingError(str(error), lost=True) from None


def _describe(error: Exception) -> str:
    """Say in words why a server could not be reached, or how it was lost."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    # What aiohttp says may quote the server, and the proxy's URL with the password in it.
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy does not connect (status {error.status}); check the variable that names it"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.http_exceptions.HttpProcessingError):
        long = error.message.lstrip().startswith(("Got more than", "Too many headers"))
        why = "its headers are too long or too many" if long else "it is no HTTP"
        return f"the reply cannot be read: {why}; the URL may be wrong (it usually ends in /v1)"
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
    if not isinstance(cause, OSError):
        return f"the connection was lost ({type(error).__name__})"
    # asyncio puts the address where the system's own words would be.
    refused = isinstance(cause, ConnectionError) and cause.errno is not None
    why = os.strerror(cause.errno or 0) if refused else cause.strerror or type(cause).__name__
    return f"cannot connect ({why})"
