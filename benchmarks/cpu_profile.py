"""Where the CPU time of a run goes: the share of each layer, under Python's own profiler.

    python benchmarks/cpu_profile.py [--turns 20] [--dialogues 16]

Dialogues are played at once against a server in a process of its own that answers every call after 50 ms,
as in latency.py. Every function's own time counts to the library it belongs to, built-in functions to
whoever called them. The profiler slows calls of small functions most, so shares are rough.
"""

import argparse
import cProfile
import platform
import pstats
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from latency import play, slow_server

import negosim

LAYERS = {
    "LangGraph and langchain-core": ("langgraph", "langchain_core", "langsmith"),
    "HTTP client (aiohttp)": ("aiohttp", "multidict", "yarl", "aiosignal", "frozenlist", "async_timeout"),
    "prompts (Jinja2)": ("jinja2", "markupsafe"),
    "validation and records (pydantic)": ("pydantic", "pydantic_core"),
    "event loop": ("asyncio", "uvloop", "selectors.py", "contextlib.py", "socket.py", "ssl.py"),
    "response cache (SQLite)": ("sqlite3",),
}
OWN = {
    "prompts": "prompts (Jinja2)",
    "models": "negosim: the door to models",
    "agents": "negosim: agents",
    "engine": "negosim: turn and dialogue graphs",
}
REST = "the rest"


def layer(file: str) -> str | None:
    """Return the layer a file belongs to; None for built-in functions."""
    if file.startswith(("~", "<")):
        return None
    path = Path(file)
    root = Path(negosim.__file__).parent.parent
    if path.is_relative_to(root) and "site-packages" not in path.relative_to(root).parts:
        return next((OWN[part] for part in path.relative_to(root).parts if part in OWN), "negosim: other")
    return next((name for name, parts in LAYERS.items() if set(parts) & set(path.parts)), REST)


def shares(stats: Any) -> Counter[str]:
    """Return the seconds of each layer."""
    seconds: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, callers) in stats.items():
        belongs = layer(file)
        if belongs is not None:
            seconds[belongs] += own
            continue
        if "sqlite3" in name:
            seconds["response cache (SQLite)"] += own
        elif "pydantic_core" in name:
            seconds["validation and records (pydantic)"] += own
        else:
            for (caller, _, _), (_, _, share, _) in callers.items():
                seconds[layer(caller) or REST] += share
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=20, help="utterances of a dialogue")
    parser.add_argument("--dialogues", type=int, default=16, help="dialogues at once")
    arguments = parser.parse_args()
    with slow_server() as url:
        play(url, 1, 2)
        profiler = cProfile.Profile(time.process_time)
        profiler.enable()
        play(url, arguments.dialogues, arguments.turns)
        profiler.disable()
    seconds = shares(pstats.Stats(profiler).stats)  # type: ignore[attr-defined]
    whole = seconds.total()
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}\n")
    print("| layer | share of CPU |\n|---|---:|")
    for name, spent in seconds.most_common():
        print(f"| {name} | {spent / whole:.0%} |")


if __name__ == "__main__":
    main()
