"""A server on this machine, for one person's browser."""

import logging
import secrets
import socket
from importlib import import_module
from typing import Any

from negosim.errors import UserError

HOSTS = ("127.0.0.1", "localhost", "[::1]", "testserver")
"""Names a server here answers to; any other name in a request is another site's trick."""

PORT = 8630


def new_key() -> str:
    """Return a key that nobody can guess."""
    return secrets.token_urlsafe(24)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UserError: the address cannot be used.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()  # who comes before the server accepts waits
    except OSError as error:
        found.close()
        raise UserError(
            f"{host}:{port} cannot be listened on: {error.strerror}; choose another --port"
        ) from None
    return found


def server_of(app: Any) -> Any:
    """Return a server for an application, to be run with `server.serve(sockets=[...])`."""
    import uvicorn

    logging.getLogger("uvicorn.error").addFilter(_no_streams)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
    )


def _no_streams(record: logging.LogRecord) -> bool:
    """Leave out that a stream was open when the server was stopped: it always is."""
    return "without completing response" not in record.getMessage()


def check_installed(*more: str) -> None:
    """Check that what a server needs is installed.

    Args:
        more: modules that it needs besides.

    Raises:
        UserError: it is not; says how to install it.

    """
    try:
        for name in ("sse_starlette", "starlette", "uvicorn", *more):
            import_module(name)
    except ImportError as error:
        raise UserError(f"pages need {error.name}: pip install 'negosim[web]'") from None


async def serve(app: Any, listener: socket.socket) -> None:
    """Answer requests until the process is stopped."""
    await server_of(app).serve(sockets=[listener])
