"""Conformance of every transport: broken HTTP, packed bodies, replies without end."""

import asyncio
import gzip
import zlib
from contextlib import asynccontextmanager

import orjson
import pytest

from negosim.errors import ModelError

from .transports import ask, completion

pytestmark = pytest.mark.usefixtures("no_pauses")


@asynccontextmanager
async def socket_server(*scripts):
    """Send each connection the next script's bytes, without end where it is a generator."""
    left, counts = list(scripts), []

    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        script = left.pop(0) if len(left) > 1 else left[0]
        counts.append(0)
        try:
            for part in [script] if isinstance(script, bytes) else script():
                writer.write(part)
                await writer.drain()
                counts[-1] += len(part)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", counts


BODY = orjson.dumps(completion())


def http(body=BODY, *headers, status=b"HTTP/1.1 200 OK", length=None):
    size = b"Content-Length: %d" % (len(body) if length is None else length)
    return b"\r\n".join(
        (status, b"Content-Type: application/json", size, b"Connection: close", *headers, b"", body)
    )


BROKEN = [
    b"",
    b"\r\n",
    b"HTTP/1.1 OK 200\r\n\r\n",
    b"hello\r\n\r\n",
    http(status=b"HTTP/9.9 abc"),
    http(length=9999),
    http(status=b"HTTP/1.1 99999 X"),
    http(BODY, b"Content-Length: 3"),
    http(BODY, b"Bad Header\x00: x"),
    http(BODY, b"X: " + b"x" * 100_000),
    http(BODY, *(b"X-%d: x" % number for number in range(1000))),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + BODY,
    http(b"\x00\x01\xff", b"Content-Encoding: br"),
    http(gzip.compress(BODY)[:30], b"Content-Encoding: gzip"),
    http(b"\x1f\x8bnot gzip", b"Content-Encoding: gzip"),
    http(gzip.compress(b" " * (50 << 20)), b"Content-Encoding: gzip"),
    http(zlib.compress(b" " * (50 << 20)), b"Content-Encoding: deflate"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_what_is_no_http_is_a_lost_connection(transport, broken):
    async with socket_server(broken, http()) as (url, _):
        assert await ask(transport, url, "?timeout=5") == "Good morning."


LONG = [b"X: " + b"x" * 100_000, *(b"X-%d: x" % number for number in range(200))]


@pytest.mark.parametrize(
    ("headers", "says"), [(LONG[:1], "headers are too long"), (LONG[1:], "or too many")], ids=["long", "many"]
)
async def test_headers_without_measure_are_told(transport, headers, says):
    async with socket_server(http(BODY, *headers)) as (url, _):
        with pytest.raises(ModelError, match=says):
            await ask(transport, url, "?timeout=5")


async def test_a_gateways_long_header_is_read(transport):
    async with socket_server(http(BODY, b"Content-Security-Policy: " + b"x" * 40_000)) as (url, _):
        assert await ask(transport, url, "?timeout=5") == "Good morning."


@pytest.mark.parametrize(
    "packed",
    [
        http(gzip.compress(BODY), b"Content-Encoding: gzip"),
        http(gzip.compress(BODY)),
        http(BODY, b"Content-Encoding: gzip"),
        http(zlib.compress(BODY), b"Content-Encoding: deflate"),
        http(zlib.compress(BODY)[2:-4], b"Content-Encoding: deflate"),
    ],
    ids=["gzip", "gzip-untold", "gzip-alone-told", "deflate", "deflate-bare"],
)
async def test_a_packed_reply_is_read_though_none_was_asked_for(transport, packed):
    async with socket_server(packed) as (url, counts):
        assert await ask(transport, url, "?timeout=5") == "Good morning."
        assert len(counts) == 1


@pytest.mark.parametrize("head", [http(length=1 << 40), b"HTTP/1.1 200 OK\r\n"], ids=["body", "headers"])
async def test_a_reply_without_end_is_cut(transport, head):
    def endless():
        yield head
        while True:
            yield b"x" * 60_000 if b"Length" in head else b"A: b\r\n" * 10_000

    async with socket_server(endless, http()) as (url, counts):
        assert await ask(transport, url, "?timeout=20") == "Good morning."
        assert counts[0] < 30 << 20
