"""CPU profile of a run: the share of each layer, sampled every millisecond.

    python benchmarks/cpu_profile.py [--turns 20] [--dialogues 32]

Dialogues are played at once against a server in a process of its own that answers every call after 50 ms,
as in latency.py. After each millisecond of CPU time a signal stops the run, and what it was at counts to the
library it belongs to; built-in functions count to whoever called them. Only main threads are seen.
"""

import argparse
import gc
import platform
import signal
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from latency import play, slow_server

import negosim

EVERY = 0.001
LAYERS = {
    "LangGraph and langchain-core": ("langgraph", "langchain_core", "langsmith"),
    "HTTP client (aiohttp)": ("aiohttp", "multidict", "yarl", "aiosignal", "frozenlist", "propcache"),
    "templates (Jinja2, metered)": ("jinja2", "markupsafe"),
    "validation and records (pydantic)": ("pydantic", "pydantic_core"),
    "event loop and tasks": ("asyncio", "uvloop", "_weakrefset.py", "contextlib.py"),
}
OWN = {
    "prompts": "templates (Jinja2, metered)",
    "models": "negosim: the client of models",
    "agents": "negosim: agents and their views",
    "views.py": "negosim: agents and their views",
    "engine": "negosim: graph, turns and progress",
}
COLLECTOR = "garbage collector"
ROOT = Path(negosim.__file__).parent.parent


def layer(file: str) -> str | None:
    """Return the layer a file belongs to; None for the standard library and generated code."""
    if file.endswith(".j2"):
        return OWN["prompts"]
    path = Path(file)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        parts = path.relative_to(ROOT).parts
        return next((OWN[part] for part in parts if part in OWN), "negosim: other")
    return next((name for name, parts in LAYERS.items() if set(parts) & set(path.parts)), None)


def layer_of(frame: FrameType | None) -> str:
    """Return the layer that a frame, or the nearest of its callers, belongs to."""
    while frame is not None:
        if frame.f_code is after_collection.__code__:
            return COLLECTOR
        if found := layer(frame.f_code.co_filename):
            return found
        frame = frame.f_back
    return "the rest"


def after_collection(phase: str, about: dict[str, Any]) -> None:
    """Be there when the collector ends: signals that came meanwhile find the run here."""


def sampled(run: Callable[[], Any]) -> tuple[Any, Counter[str]]:
    """Return what a call returns, and the samples of each layer."""
    samples: Counter[str] = Counter()

    def sample(number: int, frame: FrameType | None) -> None:
        samples[layer_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, sample)
    gc.callbacks.append(after_collection)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        return run(), samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        gc.callbacks.remove(after_collection)
        signal.signal(signal.SIGPROF, before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=20, help="utterances of a dialogue")
    parser.add_argument("--dialogues", type=int, default=32, help="dialogues at once")
    arguments = parser.parse_args()
    with slow_server(0.05) as url:
        play("openai", url, 1, 2)
        made, samples = sampled(lambda: play("openai", url, arguments.dialogues, arguments.turns))
    call = made["cpu"] / made["calls"] * 1000
    whole = samples.total()
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}; {whole:,} samples\n")
    print("| layer | share of CPU | ms a call |\n|---|---:|---:|")
    for name, count in samples.most_common():
        print(f"| {name} | {count / whole:.0%} | {count / whole * call:.2f} |")
    print(f"| together | 100% | {call:.2f} |")


if __name__ == "__main__":
    main()
