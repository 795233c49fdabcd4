"""The frame of every server here: strict headers, known hosts, the files that pages need."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from negosim.web.guard import SecurityHeaders
from negosim.web.links import ServerLinks
from negosim.web.pages import render, static_file
from negosim.web.server import HOSTS

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
"""Media types of files, by how their names end."""


def application(
    routes: Sequence[Route],
    *,
    static: Collection[str],
    hosts: Sequence[str],
    handlers: Mapping[Any, Callable[[Request, Exception], Response]],
    gate: Sequence[Middleware] = (),
    **more: Any,
) -> Starlette:
    """Return an ASGI application.

    Args:
        routes: its pages.
        static: names of the files of the pages' looks and behaviour.
        hosts: names it may be reached by, besides those of this machine.
        handlers: what answers errors, by class.
        gate: who else is turned away.
        more: other arguments of Starlette's.

    """

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in static:
            raise HTTPException(404)
        return Response(static_file(name), media_type=TYPES[name.rpartition(".")[2]])

    known = Middleware(TrustedHostMiddleware, allowed_hosts=[*HOSTS, *hosts], www_redirect=False)
    return Starlette(
        routes=[*routes, Route("/static/{name}", file)],
        middleware=[Middleware(SecurityHeaders), known, *gate],
        exception_handlers=handlers,
        **more,
    )


def wrong_page(error: Exception, told: str, *, runs: bool = False) -> Response:
    """Return the page that says what is wrong.

    Args:
        error: what answers with it.
        told: what is said.
        runs: whether there is a table of runs to go back to.

    """
    page = render("wrong.html", links=ServerLinks(), told=told, runs=runs)
    return HTMLResponse(page, getattr(error, "status_code", 404))
