"""A chat model behind the response cache."""

import asyncio
import hashlib
from dataclasses import replace

import orjson

from negosim.models._cache import ResponseCache
from negosim.models._types import ChatModel, ChatRequest, ChatResponse


class CachedModel:
    """A chat model whose answers are kept, and given again to equal requests."""

    def __init__(self, model: ChatModel, cache: ResponseCache, identity: str | None = None) -> None:
        """Put a cache before a model.

        `identity` tells models apart whose answers differ; by default their names do.
        """
        self.name = model.name
        self._model = model
        self._cache = cache
        self._identity = identity or model.name
        self._asked: dict[bytes, asyncio.Event] = {}
        self._ready = asyncio.Lock()
        self._checked = False

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Return the answer that is kept, or send the request; equal ones at a time are sent once.

        Every answer is kept, unusable ones too: what follows from them is then the same again.

        Raises:
            ModelError: the provider failed.
            UserError: the model was first needed now, and cannot be reached.

        """
        key = request_key(self._identity, request)
        while True:
            found = self._cache.find(key)
            if found is not None:
                return found
            if key not in self._asked:
                break
            await self._asked[key].wait()
        done = self._asked[key] = asyncio.Event()
        try:
            await self._check()
            response = await self._model.complete(request)
            if not self._cache.keep(key, self._identity, response):
                # Another process asked the same meanwhile. Its answer stands, so that all runs agree.
                first = self._cache.find(key) or response
                response = replace(response, text=first.text, finish=first.finish, mode=first.mode)
            return response
        finally:
            del self._asked[key]
            done.set()

    async def preflight(self) -> None:
        """Check that the model can be reached, where none of its answers is kept.

        Otherwise it is checked when an answer is missing: a run that was made before needs no model.
        """
        if not self._cache.knows(self._identity):
            await self._check()

    async def close(self) -> None:
        """Release the model; the cache stays open."""
        await self._model.close()

    async def _check(self) -> None:
        if not self._checked:
            async with self._ready:
                if not self._checked:
                    await self._model.preflight()
                    self._checked = True


def request_key(identity: str, request: ChatRequest) -> bytes:
    """Return a key of everything that decides an answer."""
    parts = (
        identity,
        request.seed,
        request.temperature,
        request.max_tokens,
        request.schema_name,
        request.schema,
        [(message.role, message.content) for message in request.messages],
    )
    return hashlib.sha256(orjson.dumps(parts)).digest()
