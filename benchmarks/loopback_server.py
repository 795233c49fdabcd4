"""A server on loopback that speaks the chat completions protocol and answers as it is told.

For tests and benchmarks of everything that talks to models:

    with LoopbackServer(lambda body: {"text": "Good morning."}) as server:
        ...  # "openai:any@" + server.url; server.bodies has every request

It runs in a thread of its own, so that synchronous code can use it too. As a program it plays along,
as slowly or badly as it is told: `python benchmarks/loopback_server.py --delay 0.05 --faults 0.2`.
"""

import argparse
import asyncio
import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import orjson
from aiohttp import web


@dataclass(frozen=True)
class ScriptedReply:
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
    slow: float = 0.0
    """Seconds between the head of the answer and its body."""
    half: bool = False
    """Send the first half of the body only."""
    cut: bool = False
    """Cut the connection instead of answering."""


@dataclass
class Account:
    """What the server has done: it counts tokens as one for every four characters."""

    requests: int = 0
    tokens_in: int = 0
    """Of the answers sent whole to clients that were still there."""
    tokens_out: int = 0
    tokens_cached: int = 0
    most_in_flight: int = 0


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Behaviour = Callable[[dict[str, Any]], ScriptedReply | str | Mapping[str, Any]]


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
        self.account = Account()
        self._in_flight = 0
        self._behave = behave or (lambda body: ScriptedReply())
        self._models = models
        self._key = key
        self._port = port
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def most_in_flight(self) -> int:
        """Most requests that were under way at the same time."""
        return self.account.most_in_flight

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
        app.router.add_get("/account", self._tell)
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

    async def _tell(self, _: web.Request) -> web.Response:
        return _json(asdict(self.account))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self._in_flight += 1
        self.account.requests += 1
        self.account.most_in_flight = max(self.account.most_in_flight, self._in_flight)
        try:
            done = self._behave(body)
            reply = done if isinstance(done, ScriptedReply) else ScriptedReply(done)
            if reply.delay:
                await asyncio.sleep(reply.delay)
            return await self._answer(request, body, reply)
        finally:
            self._in_flight -= 1

    async def _answer(
        self, request: web.Request, body: dict[str, Any], reply: ScriptedReply
    ) -> web.StreamResponse:
        if reply.cut:
            assert request.transport is not None
            request.transport.abort()
        if reply.raw is not None:
            return web.Response(body=reply.raw, status=reply.status, headers=reply.headers)
        if reply.status != 200:
            error = {"message": reply.error} if isinstance(reply.error, str) else reply.error
            return _json({"error": error}, reply.status, reply.headers)
        completion = _completion(body, reply)
        if reply.half:
            whole = orjson.dumps(completion)
            return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
        if reply.slow:
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            await asyncio.sleep(reply.slow)
            await response.write(orjson.dumps(completion))
        else:
            response = _json(completion, 200, reply.headers)
        if request.transport is not None and not request.transport.is_closing() and not reply.cut:
            self._count(completion["usage"])
        return response

    def _count(self, usage: Mapping[str, Any]) -> None:
        self.account.tokens_in += usage["prompt_tokens"]
        self.account.tokens_out += usage["completion_tokens"]
        self.account.tokens_cached += usage["prompt_tokens_details"]["cached_tokens"]


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


def talk(body: Mapping[str, Any]) -> Any:
    """Fill the form asked for as a player does who talks on: other words and tactics for every seed."""
    return _talk(_schema(body), random.Random(body["seed"]), set())


def _talk(schema: Mapping[str, Any], rng: random.Random, used: set[Any]) -> Any:
    if "enum" in schema:
        free = [value for value in schema["enum"] if value not in used] or schema["enum"]
        chosen = "talk" if "talk" in free else rng.choice(free)
        used.add(chosen)
        return chosen
    if "anyOf" in schema:
        kinds = [part.get("type") for part in schema["anyOf"]]
        return None if "null" in kinds else _talk(schema["anyOf"][0], rng, used)
    match schema.get("type"):
        case "object":
            return {name: _talk(part, rng, used) for name, part in schema["properties"].items()}
        case "string":
            words = rng.choices(("we", "could", "agree", "on", "better", "terms", "for", "both"), k=20)
            return f"{' '.join(words)} {rng.randrange(10**9)}."
        case "number":
            low = int(schema.get("minimum", 0))
            return rng.randint(low, max(low, min(10, int(schema.get("maximum", 10)))))
    return fill(schema)


class Faults:
    """Behaves as told, but for a share of the requests, with which something goes wrong.

    What goes wrong with a request follows from its content alone, and so does how often it has to be
    sent again where that helps; but a burst of refusals meets whoever sends while it lasts.
    """

    PASSING = ("error", "hang", "cut", "half")
    KINDS = ("burst", *PASSING, "slow", "empty", "wrong form", "refusal", "cut off")
    BURST, SLOW, HANG = 0.05, 0.05, 60.0
    """Seconds that refusals go on, that an answer takes after its head, and that count as for ever."""

    def __init__(self, behave: Behaviour, share: float) -> None:
        """Let something go wrong with a share of all requests, between 0 and 1."""
        self.met: Counter[str] = Counter()
        """How often each kind was met."""
        self._behave = behave
        self._share = share
        self._sent: Counter[bytes] = Counter()
        self._refusing_until = 0.0

    def __call__(self, body: dict[str, Any]) -> ScriptedReply:
        """Answer, or do not."""
        key = hashlib.sha256(orjson.dumps((body["seed"], body["messages"]))).digest()
        rng = random.Random(key)
        kind = rng.choice(self.KINDS) if rng.random() < self._share else None
        if kind == "burst" and key not in self._sent:
            self._refusing_until = time.monotonic() + self.BURST
            self._sent[key] += 1
        if time.monotonic() < self._refusing_until:
            kind = "burst"
        else:
            self._sent[key] += 1
            # Clients wait for a hang, so none outlasts their patience; the others may.
            times = rng.randint(1, 2 if kind == "hang" else 5)
            if kind == "burst" or (kind in self.PASSING and self._sent[key] > times):
                kind = None
        done = self._behave(body)
        good = done if isinstance(done, ScriptedReply) else ScriptedReply(done)
        if kind is None:
            return good
        self.met[kind] += 1
        return self._spoil(kind, good)

    def _spoil(self, kind: str, good: ScriptedReply) -> ScriptedReply:
        match kind:
            case "burst":
                wait = {"Retry-After": f"{self.BURST:.2f}"}
                return ScriptedReply(status=429, error="too many requests", headers=wait)
            case "error":
                return ScriptedReply(status=500, error="out of memory")
            case "hang":
                return replace(good, delay=self.HANG)
            case "cut":
                return ScriptedReply(cut=True)
            case "half":
                return replace(good, half=True)
            case "slow":
                return replace(good, slow=self.SLOW)
            case "empty":
                return replace(good, answer="")
            case "wrong form":
                return replace(good, answer={"reply": "All right."})
            case "refusal":
                return replace(good, answer="", refusal="I cannot help with that.")
        return replace(good, finish="length")


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any]:
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        schema: Mapping[str, Any] = form["json_schema"]["schema"]
        return schema
    in_prompt: Mapping[str, Any] = orjson.loads(body["messages"][-1]["content"].rpartition("\n")[2])
    return in_prompt


def _completion(body: dict[str, Any], reply: ScriptedReply) -> dict[str, Any]:
    answer = reply.answer
    if answer is None:
        answer = fill(_schema(body))
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
    parser = argparse.ArgumentParser(description="Play along as a model that talks on.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that go wrong, 0 to 1")
    options = parser.parse_args()

    def behave(body: dict[str, Any]) -> ScriptedReply:
        return ScriptedReply(talk(body), delay=options.delay)

    faults = Faults(behave, options.faults)
    with LoopbackServer(faults, models=["loopback"], port=options.port) as server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(server.account, dict(faults.met), flush=True)


if __name__ == "__main__":
    main()
