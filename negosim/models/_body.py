"""The body of a reply: read and unpacked within bounds, whatever a server sends."""

import zlib

import aiohttp

LONGEST_BODY = 4 << 20
"""Bytes, unpacked; an answer has some thousands."""
_GZIP = b"\x1f\x8b"


class BodyError(Exception):
    """The body cannot be read: too long, or packed in a way that was not asked for."""


async def read_body_of(response: aiohttp.ClientResponse) -> bytes:
    """Return a response's body, unpacked.

    Raises:
        BodyError: it cannot be read.

    """
    packed = bytearray()
    async for part in response.content.iter_any():
        packed += part
        if len(packed) > LONGEST_BODY:
            raise _too_long()
    return unpack(bytes(packed), response.headers.get("Content-Encoding", ""))


def unpack(body: bytes, encoding: str) -> bytes:
    """Unpack a body that came packed though it was asked for plain; gzip is known by its first bytes too.

    Raises:
        BodyError: it is damaged, longer than `LONGEST_BODY`, or packed in another way.

    """
    name = encoding.strip().lower()
    if body.startswith(_GZIP):
        return _inflate(body, 16 + zlib.MAX_WBITS)
    if name == "deflate" and body:
        # The name stands for zlib's format, and servers have sent the bare one under it from the start.
        return _inflate(body, zlib.MAX_WBITS if body[0] & 0x0F == 8 else -zlib.MAX_WBITS)
    try:
        body.decode()
    except UnicodeDecodeError:
        if name not in ("", "identity", "gzip", "x-gzip"):
            raise BodyError("the reply is packed, though it was asked for plain") from None
    return body


def _inflate(body: bytes, bits: int) -> bytes:
    unpacker = zlib.decompressobj(bits)
    try:
        whole = unpacker.decompress(body, LONGEST_BODY + 1)
    except zlib.error:
        raise BodyError("the packed reply is damaged") from None
    if len(whole) > LONGEST_BODY:
        raise _too_long()
    if not unpacker.eof:
        raise BodyError("the packed reply breaks off")
    return whole


def _too_long() -> BodyError:
    return BodyError(f"the reply is longer than {LONGEST_BODY >> 20} MiB")
