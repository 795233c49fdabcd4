"""Models in this process: llama.cpp, through xllamacpp, serving a GGUF file on loopback."""

import asyncio
import atexit
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from negosim.errors import UserError
from negosim.models._limiter import Limits
from negosim.models._openai import OpenAIModel
from negosim.models._types import AnswerMode, ChatRequest, ChatResponse

SLOTS = 4
"""Dialogues or rollouts decoded together; each slot keeps its own prefix cache."""
SLOT_CONTEXT = 8192
"""Tokens of prompt and answer a slot holds: enough for a dialogue of 30 turns. A model trained on
fewer is given what it was trained on."""
CACHE_MIB = 2048
"""Memory for the prefix caches of conversations that have lost their slot."""
MOST_THREADS = 8
"""Small models gain little from more."""
OPENING = 100
"""Characters of the transcript that tell one dialogue from another."""

_servers: dict[Path, Any] = {}
_starting = threading.Lock()


def serve(path: Path) -> str:
    """Return the base URL of the in-process server of a GGUF file, starting it if need be.

    There is one server a file; it ends with the process. Starting takes as long as loading the model.

    Raises:
        UserError: xllamacpp is not installed, or the file is missing or no model.

    """
    path = path.expanduser().resolve()
    if not path.is_file():
        raise UserError(f"no model file {str(path)!r}; give the path of a GGUF file")
    with _starting:
        if path not in _servers:
            _servers[path] = _start(path)
        return f"{_servers[path].listening_address}/v1"


def _start(path: Path) -> Any:
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise UserError(f"{path} is no GGUF file; convert the model with llama.cpp, or get one that is")
    try:
        import xllamacpp
    except ImportError:
        raise UserError("models in this process need xllamacpp: pip install 'negosim[local]'") from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * SLOT_CONTEXT
    params.cache_ram_mib = CACHE_MIB
    params.ui = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _threads()
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise UserError(
            f"llama.cpp cannot load {path}: {error} The file may be damaged, newer than the installed "
            "xllamacpp, or too large for this machine's memory"
        ) from None


def _threads() -> int:
    """Return how many threads decode: one core stays free.

    llama.cpp's threads spin while they wait for each other. Where something else needs their cores,
    this process included, decoding becomes a hundred times slower, not a little.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores - 1, MOST_THREADS))


@atexit.register
def _stop() -> None:
    _servers.clear()


class LocalModel:
    """A GGUF file, served in this process from the first call on."""

    def __init__(
        self, *, name: str, path: Path, timeout: float, limits: Limits, mode: AnswerMode | None = None
    ) -> None:
        """Say which file; `name` is for records, `timeout` for one request, in seconds; `mode` is how the
        answer is held to its form, None for the strictest way that works."""
        self.name = name
        self._path = path
        self._timeout = timeout
        self._mode = mode
        # What waits for a slot waits on this side of the server, where no timeout runs yet.
        self._limits = replace(limits, max_in_flight=min(limits.max_in_flight or SLOTS, SLOTS))
        self._model: OpenAIModel | None = None
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @property
    def identity(self) -> str:
        """What tells the model from others in the cache: the file as it is now, wherever it is named."""
        path = self._path.resolve()
        state = path.stat()
        return f"{path} ({state.st_size} bytes, {state.st_mtime_ns})"

    async def complete(self, request: ChatRequest) -> ChatResponse:
        """Send one request to the in-process server.

        Calls of one agent in one dialogue go one after another: llama.cpp then gives each the slot
        that has just read their common beginning. Together they would land on different slots, each
        of which had to read all of it.
        """
        model = self._open()
        async with self._turns.setdefault(_conversation(request), asyncio.Lock()):
            return await model.complete(request)

    async def preflight(self) -> None:
        """Load the model."""
        await self._open().preflight()

    async def close(self) -> None:
        """Release the connections; the model stays loaded for the next one who asks."""
        if self._model is not None:
            await self._model.close()

    def _open(self) -> OpenAIModel:
        if self._model is None:
            # xllamacpp holds the interpreter while it loads, so a thread would gain nothing.
            self._model = OpenAIModel(
                name=self.name,
                model=self._path.stem,
                base_url=serve(self._path),
                key=None,
                key_variable="",
                timeout=self._timeout,
                limits=self._limits,
                mode=self._mode,
            )
        return self._model


def _conversation(request: ChatRequest) -> tuple[str, str]:
    """Return what the calls of one agent in one dialogue have in common, and no others."""
    first, last = request.messages[0], request.messages[-1]
    return first.content, last.content[:OPENING]
