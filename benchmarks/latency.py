"""Time of dialogues as a multiple of the time their model calls take.

    python benchmarks/latency.py [--turns 20] [--dialogues 1,32] [--transports openai,langchain:openai]
                                 [--delay 0.05]

A server in a process of its own (benchmarks/loopback_server.py) answers every call after exactly 50 ms, or
what `--delay` says.
The critical path is the time of those calls of a dialogue that must follow one another: each turn reflect,
tactics, the rollouts together, judge, speak, and consolidate where it is asked; once a round the votes
together, where they are asked. It is counted from the run's account.
A run of any number of dialogues at once could be over after one critical path; what it took above
that is negosim's doing, and the server's, which shares the machine. The calls go by negosim's own
transport ("openai") or by way of LangChain's ("langchain:openai").
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from negosim import Dialogue, RunConfig, generate
from negosim.engine import RunStarted
from negosim.models import open_model

SERVER = Path(__file__).with_name("loopback_server.py")


@contextmanager
def slow_server(delay: float) -> Iterator[str]:
    """Run the server; give its base URL."""
    command = [sys.executable, str(SERVER), "--delay", str(delay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def account(url: str) -> dict[str, int]:
    """Return what the server has counted."""
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/account") as answer:
        counted: dict[str, int] = json.load(answer)
    return counted


def critical_calls(dialogue: Dialogue) -> float:
    """Return how many calls of a dialogue must follow one another: rollouts go together, and so do votes."""
    together = {"rollout": len(dialogue.turns[0].rollouts), "conclude": len(dialogue.models)}
    return sum(row.calls / together.get(row.stage, 1) for row in dialogue.account)


def play(transport: str, url: str, dialogues: int, turns: int) -> dict[str, Any]:
    """Play dialogues at once; return wall time, CPU time and calls, start-up left out."""
    started: list[tuple[float, float]] = []

    def watch(event: Any) -> None:
        if isinstance(event, RunStarted):
            started.append((time.perf_counter(), time.process_time()))

    config = RunConfig(
        scenarios=("viatex",),
        models=f"{transport}:loopback@{url}",
        max_turns=turns,
        dialogues=dialogues,
        concurrency=dialogues,
    )
    with tempfile.TemporaryDirectory() as folder:
        run = generate(config, out=f"{folder}/run", watch=watch, cache=False)
        wall, cpu = time.perf_counter() - started[0][0], time.process_time() - started[0][1]
        made = list(run)
    assert all(dialogue.status == "complete" and len(dialogue.turns) == turns for dialogue in made)
    return {
        "wall": wall,
        "cpu": cpu,
        "calls": sum(row.calls for dialogue in made for row in dialogue.account),
        "in_a_row": max(map(critical_calls, made)),
        "in_flight": account(url)["most_in_flight"],
    }


def client_cpu(transport: str, url: str, calls: int = 2000, width: int = 32) -> float:
    """Return the CPU milliseconds of one call without the engine, a number of them at once."""
    from negosim.agents._answers import RolloutAnswer
    from negosim.models import ChatRequest, Message
    from negosim.models._schema import answer_schema

    schema = answer_schema(RolloutAnswer)
    prompt = (Message("system", "You sell. " * 800), Message("user", "We talked. " * 400))

    async def run() -> float:
        model = open_model(f"{transport}:loopback@{url}")
        await model.complete(ChatRequest(prompt, schema, "RolloutAnswer", calls, 0.7, 300))
        numbers = iter(range(calls))

        async def worker() -> None:
            for number in numbers:
                await model.complete(ChatRequest(prompt, schema, "RolloutAnswer", number, 0.7, 300))

        start = time.process_time()
        await asyncio.gather(*(worker() for _ in range(width)))
        used = time.process_time() - start
        await model.close()
        return used / calls * 1000

    return asyncio.run(run())


def command(url: str, out: str, *options: str, cache_home: str | None = None) -> float:
    """Make a run as a command; return its seconds. The byte code is kept, as it is by an installation."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache_home:
        environment["XDG_CACHE_HOME"] = cache_home
    arguments = ["-s", "viatex", "--model", f"openai:loopback@{url}", "--out", out, *options]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "negosim", "generate", *arguments],
        check=True,
        capture_output=True,
        env=environment,
    )
    return time.perf_counter() - start


def startup(url: str, delay: float) -> float:
    """Return the seconds that a run of one call takes as a command, without the call."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--planner", "direct", "--max-turns", "1", "--no-cache")
        return command(url, f"{folder}/run", *options) - delay


def reruns(url: str, count: int) -> list[float]:
    """Return the seconds that runs take whose answers are all in the cache: 360 of four dialogues."""
    options = ("--dialogues", "4", "--concurrency", "4", "--max-turns", "10")
    with tempfile.TemporaryDirectory() as folder:
        command(url, f"{folder}/first", *options, cache_home=folder)
        sent = account(url)["requests"]
        seconds = [command(url, f"{folder}/{n}", *options, cache_home=folder) for n in range(count)]
        assert account(url)["requests"] == sent
    return seconds


def one(what: str, transport: str, url: str, turns: int) -> dict[str, Any]:
    """Measure one thing, in this process."""
    if what == "client":
        return {"cpu": client_cpu(transport, url)}
    play(transport, url, 1, 2)
    return play(transport, url, int(what), turns)


def in_own_process(what: str, transport: str, turns: int, delay: float) -> dict[str, Any]:
    """Measure one thing in a fresh process, with a fresh server."""
    with slow_server(delay) as url:
        command = [sys.executable, __file__, "--one", what, transport, url, "--turns", str(turns)]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=20, help="utterances of a dialogue")
    parser.add_argument("--dialogues", default="1,32", help="how many at once, one after another")
    parser.add_argument("--transports", default="openai,langchain:openai", help="how the calls go")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that the server takes for a call")
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "TRANSPORT", "URL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(*arguments.one, arguments.turns)))
        return
    load = os.getloadavg()[0]
    print(f"{date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}\n")
    print(f"{arguments.turns} utterances, {arguments.delay * 1000:g} ms a call\n")
    print(
        "| transport | dialogues at once | wall s | critical path s | times the critical path | calls | "
        "most in flight | CPU ms/call | client alone, CPU ms/call |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for transport in arguments.transports.split(","):
        client = f"{in_own_process('client', transport, 0, arguments.delay)['cpu']:.2f}"
        for count in arguments.dialogues.split(","):
            r = in_own_process(count, transport, arguments.turns, arguments.delay)
            path = r["in_a_row"] * arguments.delay
            print(
                f"| {transport} | {count} | {r['wall']:.2f} | {path:.2f} | {r['wall'] / path:.3f} | "
                f"{r['calls']:,} | {r['in_flight']} | {r['cpu'] / r['calls'] * 1000:.2f} | {client} |",
                flush=True,
            )
    print()
    with slow_server(arguments.delay) as url:
        startup(url, arguments.delay)
        started = median(startup(url, arguments.delay) for _ in range(5))
        again = median(reruns(url, 5))
    print(f"start-up of a run (command, one call's time taken off): {started:.2f} s, median of 5")
    print(f"a run of 360 calls made again from the cache (command): {again:.2f} s, median of 5")


if __name__ == "__main__":
    main()
