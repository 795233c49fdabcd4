"""Headers on every answer of a server here, that keep a browser strict; and the key that lets one in."""

import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

NO_ENTRY = "This page needs the address that negosim printed when it was started, key and all.\n"


class SecurityHeaders:
    """Puts the headers on every answer, those of errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class KeyGate:
    """Lets in who has the key: once in the address, from then on in a cookie.

    Other programs of the machine, and pages of other sites, do not know it.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app, self._key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or turn it away."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        cookie = f"negosim-{request.url.port or 80}"
        given = request.query_params.get("key")
        if given is not None and hmac.compare_digest(given.encode(), self._key.encode()):
            rest = [(name, value) for name, value in parse_qsl(request.url.query) if name != "key"]
            target = "/" + request.url.path.lstrip("/") + (f"?{urlencode(rest)}" if rest else "")
            response = RedirectResponse(target, 303)
            response.set_cookie(cookie, self._key, httponly=True, samesite="lax")
            await response(scope, receive, send)
        elif hmac.compare_digest(request.cookies.get(cookie, "").encode(), self._key.encode()):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse(NO_ENTRY, 403)(scope, receive, send)
