"""Models in this process: llama.cpp, through xllamacpp, serving a GGUF file on loopback."""

import asyncio
import atexit
import logging
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from negosim.errors import UserError
from negosim.models._limiter import Limits
from negosim.models._openai import OpenAIModel
from negosim.models._room import MOST
from negosim.models._types import AnswerMode, ChatRequest, ChatResponse

logger = logging.getLogger("negosim.models")

SLOTS = 4
"""Dialogues or rollouts decoded together; each slot keeps its own prefix cache."""
SLOT_CONTEXT = 8192
"""Tokens of prompt and answer a slot holds where nobody has said what is needed. A model trained on fewer
is given what it was trained on."""
CACHE_MIB = 2048
"""Memory for the prefix caches of conversations that have lost their slot."""
MOST_THREADS = 8
"""Small models gain little from more."""
OPENING = 100
"""Characters of the transcript that tell one dialogue from another."""

WARM_UP_TOKENS = 24
WARM_UP = "A note on the price of bottles, the terms of payment and the length of a contract. " * 12
"""What is read, and how many tokens are written, to learn how fast a machine is."""
SLOWEST = 1.0
"""Tokens a second that are taken for what is not known, or is slower still."""
SLACK = 3
"""How many times longer than measured a request may take: the machine has other things to do."""


@dataclass(frozen=True)
class Serving:
    """How a file is served; None: as is usual here."""

    threads: int | None = None
    context: int | None = None
    """Tokens a slot holds."""
    kv_cache: str | None = None

    def serves(self, other: "Serving") -> bool:
        """Return whether who asks for another way of serving a file is served as well."""
        same = (self.threads, self.kv_cache) == (other.threads, other.kv_cache)
        return same and (self.context or SLOT_CONTEXT) >= (other.context or SLOT_CONTEXT)


@dataclass(frozen=True)
class Speed:
    """Tokens a second that one request has to itself."""

    reading: float
    writing: float

    def seconds(self, tokens_in: int, tokens_out: int) -> float:
        """Return how long the longest request takes where all slots are busy, with some slack."""
        alone = tokens_in / self.reading + tokens_out / self.writing
        return SLACK * SLOTS * alone


_servers: dict[tuple[Path, Serving], Any] = {}
_speeds: dict[tuple[Path, Serving], Speed] = {}
_starting = threading.Lock()


def serve(path: Path, how: Serving = Serving()) -> str:
    """Return the base URL of the in-process server of a GGUF file, starting it if need be.

    There is one server for a file and how it is served, unless one runs that has more context; it ends with
    the process. Starting takes as long as
    loading the model.

    Raises:
        UserError: xllamacpp is not installed, or the file is missing or no model.

    """
    path = path.expanduser().resolve()
    if not path.is_file():
        raise UserError(f"no model file {str(path)!r}; give the path of a GGUF file")
    with _starting:
        running = [
            server for (served, as_is), server in _servers.items() if served == path and as_is.serves(how)
        ]
        server = running[0] if running else _servers.setdefault((path, how), _start(path, how))
        return f"{server.listening_address}/v1"


def _start(path: Path, how: Serving) -> Any:
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
    params.n_ctx = SLOTS * (how.context or SLOT_CONTEXT)
    if how.kv_cache == "q8_0":
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    params.cache_ram_mib = CACHE_MIB
    params.ui = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = how.threads or _threads()
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
        self,
        *,
        name: str,
        path: Path,
        timeout: float,
        limits: Limits,
        mode: AnswerMode | None = None,
        how: Serving = Serving(),
        most_tokens: int = MOST,
        measured: bool = False,
    ) -> None:
        """Say which file; `name` is for records, `timeout` for one request, in seconds; `mode` is how the
        answer is held to its form, None for the strictest way that works; `how` is how it is served. Where
        it is to be `measured`, a short call tells how long one of `most_tokens` may take here, if longer."""
        self.name = name
        self._path = path
        self._timeout = timeout
        self._mode = mode
        self._how = how
        self._most_tokens = most_tokens
        self._measured = measured
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
        model = await self._ready()
        async with self._turns.setdefault(_conversation(request), asyncio.Lock()):
            return await model.complete(request)

    async def preflight(self) -> None:
        """Load the model, and measure how fast it is here."""
        await (await self._ready()).preflight()

    async def close(self) -> None:
        """Release the connections; the model stays loaded for the next one who asks."""
        if self._model is not None:
            await self._model.close()

    async def _ready(self) -> OpenAIModel:
        if self._model is None:
            # xllamacpp holds the interpreter while it loads, so a thread would gain nothing.
            url = serve(self._path, self._how)
            if self._measured:
                speed = await self._speed(url)
                longest = speed.seconds(self._how.context or SLOT_CONTEXT, self._most_tokens)
                self._timeout = max(self._timeout, longest)
            self._model = self._model or self._opened(url)
        return self._model

    def _opened(self, url: str) -> OpenAIModel:
        return OpenAIModel(
            name=self.name,
            model=self._path.stem,
            base_url=url,
            key=None,
            key_variable="",
            timeout=self._timeout,
            limits=self._limits,
            mode=self._mode,
        )

    async def _speed(self, url: str) -> Speed:
        """Return how fast the model is here, measured once in a process by a short call."""
        place = self._path.resolve(), self._how
        if place not in _speeds:
            model = self._opened(url)
            try:
                _speeds[place] = speed = speed_in(await model.sample(WARM_UP, WARM_UP_TOKENS))
            finally:
                await model.close()
            logger.info(
                "%s: writes %.1f and reads %.0f tokens a second here", self.name, speed.writing, speed.reading
            )
        return _speeds[place]


def speed_in(data: Any) -> Speed:
    """Return the speeds that llama.cpp reports with an answer; what it does not report is taken for slow."""
    timings = data.get("timings") if isinstance(data, dict) else None
    given = timings if isinstance(timings, dict) else {}
    return Speed(
        reading=max(float(given.get("prompt_per_second") or 0), SLOWEST),
        writing=max(float(given.get("predicted_per_second") or 0), SLOWEST),
    )


def _conversation(request: ChatRequest) -> tuple[str, str]:
    """Return what the calls of one agent in one dialogue have in common, and no others."""
    first, last = request.messages[0], request.messages[-1]
    return first.content, last.content[:OPENING]
