"""Asking through a response cache."""

import asyncio

from negosim.models import (
    CachedModel,
    ChatRequest,
    ChatResponse,
    Message,
    ResponseCache,
    ScriptedModel,
    Usage,
)

REQUEST = ChatRequest(
    messages=(Message("system", "You sell a car."), Message("user", "Speak.")),
    schema={"type": "object", "properties": {"text": {"type": "string"}}},
    schema_name="Speech",
    seed=7,
    temperature=0.7,
    max_tokens=100,
)
ANSWER = ChatResponse('{"text": "half', "stop", Usage(90, 10, 40), "prompt", requests=3)


def ask(script, *requests, path=None, identity=None):
    """Ask at once, through a cache opened for it; return the answers and the model behind."""
    model = ScriptedModel(script)

    async def all_at_once():
        cache = ResponseCache(path)
        try:
            cached = CachedModel(model, cache, identity)
            return await asyncio.gather(*map(cached.complete, requests), return_exceptions=True)
        finally:
            cache.close()

    return asyncio.run(all_at_once()), model
