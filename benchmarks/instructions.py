"""Machine instructions a turn: what engine.py measures as time, but blind to other load.

    python benchmarks/instructions.py

Needs valgrind (Linux), under which everything takes fifty times as long. Each player is run twice, with 2
and with 8 dialogues more, in processes whose hashes are not randomised; the difference is that of the turns.
LangGraph alone is the graph of bare_langgraph.py with a task for each rollout, the yardstick of engine.py.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import bare_langgraph
import engine

FEW, MANY = 2, 8
COUNTER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


def played(player: str, dialogues: int) -> int:
    """Play a warm-up and some dialogues in this process; return the turns of the dialogues."""
    from negosim import RunConfig, generate
    from negosim._loop import run_coroutine

    if player == "LangGraph alone":
        run_coroutine(bare_langgraph.repeat(bare_langgraph.yardstick(), FEW + dialogues))
        return dialogues * bare_langgraph.TURNS
    turns = 0
    with tempfile.TemporaryDirectory() as folder:
        for count in (FEW, dialogues):
            models = {"fake": engine.Instant()} if player == "fake" else {}
            config = RunConfig(
                scenarios=("viatex",), models=(player,), dialogues=count, conditions=("honest",)
            )
            run = generate(config, out=Path(folder) / str(turns), chat_models=models)
            turns = sum(len(dialogue.turns) for dialogue in run)
    return turns


def counted(player: str, dialogues: int) -> tuple[int, int]:
    """Return the turns and the instructions of a process of its own."""
    command = [*COUNTER, sys.executable, __file__, "--one", player, "--dialogues", str(dialogues)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}
    )
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert found, done.stderr
    return int(done.stdout), int(found[1].replace(",", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--dialogues", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(played(arguments.one, arguments.dialogues))
        return
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}")
    for player in ("sim", "fake", "LangGraph alone"):
        (few, some), (many, more) = counted(player, FEW), counted(player, MANY)
        print(f"{player}: {(more - some) / (many - few) / 1e6:.1f} million instructions a turn", flush=True)


if __name__ == "__main__":
    main()
