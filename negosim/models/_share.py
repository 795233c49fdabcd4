"""Shared connections: one session a server and event loop, with the limiters of its models."""

import asyncio
import urllib.request
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlsplit

import aiohttp

from negosim.errors import UserError
from negosim.models._limiter import MOST_IN_FLIGHT, Limiter

LONGEST_HEADER = 64 << 10
"""Bytes of one header; gateways put policies of many thousands into one."""


class Share:
    """The session of one server in one event loop, its models' limiters, and the number of its users."""

    _open: ClassVar[dict[tuple[asyncio.AbstractEventLoop, str], "Share"]] = {}
    new_limiter: ClassVar[Callable[[str, str], Limiter]] = lambda place, model: Limiter()
    """Returns the limiter of a place's model."""

    def __init__(self, loop: asyncio.AbstractEventLoop, place: str) -> None:
        self.loop = loop
        self.place = place
        """The server's URL; for what is asked through another library, a name."""
        self.users = 0
        self._limiters: dict[str, Limiter] = {}

    @cached_property
    def session(self) -> aiohttp.ClientSession:
        """The connections, which are made for the first request."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MOST_IN_FLIGHT, keepalive_timeout=60, ttl_dns_cache=300),
            proxy=proxy_of(self.place),
            auto_decompress=False,
            max_field_size=LONGEST_HEADER,
        )

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop, place: str) -> "Share":
        share = cls._open.get((loop, place)) or cls(loop, place)
        cls._open[loop, place] = share
        share.users += 1
        return share

    def limiter(self, model: str) -> Limiter:
        """Return the limiter of one of the server's models."""
        if model not in self._limiters:
            self._limiters[model] = Share.new_limiter(self.place, model)
        return self._limiters[model]

    async def release(self) -> None:
        self.users -= 1
        if self.users == 0:
            self._open.pop((self.loop, self.place), None)
            if "session" in vars(self):
                await self.session.close()


def proxy_of(base_url: str) -> str | None:
    """Return the proxy the environment names for a server.

    aiohttp's own `trust_env` would also read passwords from ~/.netrc, which might replace the key.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1" or urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is not None and not _is_http(proxy):
        # It may hold a password: nothing of it is said.
        variable = f"{parts.scheme.upper()}_PROXY"
        raise UserError(
            f"the proxy in {variable} must be a URL such as http://host:3128; correct or unset it"
        )
    return proxy


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
