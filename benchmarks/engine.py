"""Cost of the engine itself: CPU a turn, dialogues a second, memory over many dialogues.

    python benchmarks/engine.py [--dialogues 10000]

Two players: the simulated negotiator, and a fake model that answers at once, so that what is
measured is the graphs, views, prompts, validation and records. Every player and planner is run in
a process of its own; CPU is that process's, from the first dialogue's start to the last one's end, in the
round of forty that other load disturbed least. LangGraph alone, in the shape with a task for each rollout,
takes a round after each of these, so that machines can be compared, and hours on a machine that others use
as well: "times LangGraph" is the best of the one by the best of the other.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import bare_langgraph
import orjson

from negosim.models import ChatRequest, ChatResponse, Usage

WARM_UP, ROUNDS = 5, 40
NO_TOKENS = Usage()


def fake_answer(request: Any) -> dict[str, Any]:
    """Answer any form at once with something it allows."""
    fields, seed = request.schema["properties"], request.seed
    words = f"Let us look at point {seed} and see what each of us can do about it."
    if request.schema_name == "Tactics":
        tactics = fields["tactic_1"]["enum"]
        return {name: tactics[(seed + number) % len(tactics)] for number, name in enumerate(fields)}
    if request.schema_name == "Judge":
        return {name: {"reason": words, "score": (seed >> number) % 11} for number, name in enumerate(fields)}
    if request.schema_name == "Speak":
        return {"utterance": words, "move": {"action": "talk", "offer": None}}
    if request.schema_name == "ConcludeAnswer":
        return {"concluded": False}
    return dict.fromkeys(fields, words)


class Instant:
    """A model that takes no time and keeps nothing."""

    name = "fake"

    async def complete(self, request: ChatRequest) -> ChatResponse:
        return ChatResponse(orjson.dumps(fake_answer(request)).decode(), "stop", NO_TOKENS)

    async def preflight(self) -> None:
        pass

    async def close(self) -> None:
        pass


def measure(player: str, planner: str, dialogues: int) -> dict[str, Any]:
    """Run one configuration in this process and return its figures."""
    import resource

    from negosim import RunConfig, generate

    models = {"fake": Instant()} if player == "fake" else {}

    def run(count: int, folder: str) -> tuple[int, float, float]:
        config = RunConfig(
            scenarios=("viatex",), models=(player,), planner=planner, dialogues=count, conditions=("honest",)
        )
        turns = 0
        began: list[tuple[float, float]] = []

        def watch(event: Any) -> None:
            nonlocal turns
            if not began:
                began.append((time.process_time(), time.perf_counter()))
            turns += type(event).__name__ == "TurnFinished"

        generate(config, out=folder, watch=watch, chat_models=models)
        cpu, wall = began[0]
        return turns, time.process_time() - cpu, time.perf_counter() - wall

    def memory() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    alone = bare_langgraph.yardstick()
    played, yardstick = [], []
    with tempfile.TemporaryDirectory() as folder:
        run(WARM_UP, f"{folder}/warm-up")
        bare_langgraph.one_round(alone)
        before = memory()
        for number in range(ROUNDS):
            played.append(run(dialogues // ROUNDS, f"{folder}/{number}"))
            yardstick.append(bare_langgraph.one_round(alone))
        size = sum(file.stat().st_size for file in Path(folder).glob("[0-9]*/dialogues*.jsonl"))
    turns = sum(turns for turns, _, _ in played)
    return {
        "turns": turns,
        "cpu_ms_per_turn": min(cpu / turns for turns, cpu, _ in played) * 1000,
        "langgraph_ms_per_turn": min(yardstick),
        "dialogues_per_second": dialogues / sum(wall for _, _, wall in played),
        "peak_mib": memory(),
        "grown_mib": memory() - before,
        "kib_per_turn": size / turns / 1024,
    }


def in_own_process(player: str, planner: str, dialogues: int) -> dict[str, Any]:
    """Run one configuration in a fresh process."""
    command = [sys.executable, __file__, "--one", player, planner, "--dialogues", str(dialogues)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=400, help="dialogues for each line of the table")
    parser.add_argument(
        "--memory", type=int, default=10_000, help="dialogues for the memory line; 0 leaves it out"
    )
    parser.add_argument("--one", nargs=2, metavar=("PLAYER", "PLANNER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(*arguments.one, arguments.dialogues)))
        return
    shapes = bare_langgraph.shapes()
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}; LangGraph alone:")
    print("; ".join(f"{spent:.2f} ms CPU a turn {shape}" for shape, spent in shapes.items()), end="\n\n")
    headings = (
        "player",
        "planner",
        "dialogues",
        "turns",
        "CPU ms/turn",
        "LangGraph alone",
        "times LangGraph",
        "dialogues/s",
        "peak MiB",
        "grown MiB",
    )
    print("| " + " | ".join(headings) + " | KiB/turn |")
    print("|---|---|" + "---:|" * 9)
    rows = [
        (player, planner, arguments.dialogues)
        for player in ("sim", "fake")
        for planner in ("rollout", "reflect", "direct")
    ]
    if arguments.memory:
        rows.append(("sim", "rollout", arguments.memory))
    for player, planner, dialogues in rows:
        r = in_own_process(player, planner, dialogues)
        figures = (
            f"{dialogues:,}",
            f"{r['turns']:,}",
            f"{r['cpu_ms_per_turn']:.2f}",
            f"{r['langgraph_ms_per_turn']:.2f}" if planner == "rollout" else "",
            f"{r['cpu_ms_per_turn'] / r['langgraph_ms_per_turn']:.2f}" if planner == "rollout" else "",
            f"{r['dialogues_per_second']:.1f}",
            f"{r['peak_mib']:.0f}",
            f"{r['grown_mib']:.1f}",
            f"{r['kib_per_turn']:.2f}",
        )
        print(f"| {player} | {planner} | " + " | ".join(figures) + " |", flush=True)


if __name__ == "__main__":
    main()
