"""A server on loopback that speaks the chat completions protocol and answers as it is told.

For tests and benchmarks of everything that talks to models:

    with LoopbackServer(lambda body: {"text": "Good morning."}) as server:
        ...  # "openai:any@" + server.url; server.bodies has every request

It runs in a thread of its own, so that synchronous code can use it too. As a program it serves
answers made from the schemas asked for: `python benchmarks/loopback_server.py --delay 0.05`.
"""

import argparse
import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from aiohttp import web


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    answer: str | Mapping[str, Any] | None = None
    """The message's content; a mapping is sent as JSON; None: what fits the schema asked for."""
    status: int = 200
    error: str | Mapping[str, Any] = ""
    """With another status: the message, or the whole error object."""
    finish: str = "stop"
    refusal: str | None = None
    cached: int = 0
    """Tokens to report as read from the prefix cache."""
    delay: float = 0.0
    """Seconds before it answers."""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """A body to send as it is."""
    cut: bool = False
    """Cut the connection instead of answering."""


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Behaviour = Callable[[dict[str, Any]], Reply | str | Mapping[str, Any]]


class LoopbackServer:
    """The server; a context manager that starts and stops it."""

    def __init__(
        self,
        behave: Behaviour | None = None,
        *,
        models: list[str] | None = None,
        key: str | None = None,
        port: int = 0,
    ) -> None:
        """Answer each request's body by `behave`.

        `models` is the list at /v1/models (None: 404); with a `key`, whoever lacks it gets a 401.
        """
        self.url = ""
        """The base URL, "http://127.0.0.1:PORT/v1"."""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._behave = behave or (lambda body: Reply())
        self._models = models
        self._key = key
        self._port = port
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("the loopback server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=1 << 28, middlewares=[self._guard])
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._list)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port, backlog=2048)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._key is not None and request.headers.get("Authorization") != f"Bearer {self._key}":
            return _json({"error": {"message": "wrong key"}}, 401)
        return await handler(request)

    async def _list(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        if self._models is None:
            return web.Response(status=404)
        return _json({"object": "list", "data": [{"id": name, "object": "model"} for name in self._models]})

    async def _chat(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            done = self._behave(body)
            reply = done if isinstance(done, Reply) else Reply(done)
            if reply.delay:
                await asyncio.sleep(reply.delay)
        finally:
            self._in_flight -= 1
        if reply.cut:
            assert request.transport is not None
            request.transport.abort()
        if reply.raw is not None:
            return web.Response(body=reply.raw, status=reply.status, headers=reply.headers)
        if reply.status != 200:
            error = {"message": reply.error} if isinstance(reply.error, str) else reply.error
            return _json({"error": error}, reply.status, reply.headers)
        return _json(_completion(body, reply), 200, reply.headers)


def fill(schema: Mapping[str, Any]) -> Any:
    """Return a small value that fits a JSON Schema of the kind models are asked to fill."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return fill(schema["anyOf"][0])
    match schema["type"]:
        case "object":
            return {name: fill(part) for name, part in schema["properties"].items()}
        case "array":
            size = schema.get("minItems", 1)
            choices = schema["items"].get("enum", ())
            return list(choices[:size]) if len(choices) >= size else [fill(schema["items"])] * size
        case "string":
            return "All right."[: schema.get("maxLength", 10)].ljust(schema.get("minLength", 0), ".")
        case "integer" | "number":
            return schema.get("minimum", schema.get("maximum", 1))
        case "boolean":
            return False
    return None


def _completion(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    answer = reply.answer
    if answer is None:
        answer = fill(body["response_format"]["json_schema"]["schema"])
    text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
    message = {"role": "assistant", "content": text, "refusal": reply.refusal}
    tokens_in, tokens_out = sum(len(part["content"]) for part in body["messages"]) // 4, len(text) // 4
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": reply.cached},
        },
    }


def _json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(data), status=status, headers=headers, content_type="application/json"
    )


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description="Answer chat completions with what fits the schema asked for."
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    options = parser.parse_args()
    with LoopbackServer(
        lambda body: Reply(delay=options.delay), models=["loopback"], port=options.port
    ) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{len(server.bodies)} requests, at most {server.most_in_flight} at once", flush=True)


if __name__ == "__main__":
    main()
