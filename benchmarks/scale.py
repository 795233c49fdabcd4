"""Many simulated dialogues in one run: speed and memory as the run grows.

    python benchmarks/scale.py [--dialogues 100000] [--workers 2] [--planner direct] [--max-turns 30]

Memory is the resident set of this process and its workers together; if it grows with the dialogues,
something is kept that should not be.
"""

import argparse
import os
import platform
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from negosim import RunConfig, generate
from negosim.scenarios import list_scenarios, load_scenario


def resident_mib() -> float:
    """Return the resident memory of this process and its children, in MiB."""
    pages = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            stat = (process / "stat").read_text().rpartition(")")[2].split()
            if int(process.name) == os.getpid() or int(stat[1]) == os.getpid():
                pages += int(stat[21])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--planner", default="direct")
    parser.add_argument("--max-turns", type=int, default=30, help="a short cap makes a long run feasible")
    arguments = parser.parse_args()
    scenarios = tuple(name for name in list_scenarios() if load_scenario(name).has_deals)
    each = arguments.dialogues // len(scenarios)
    config = RunConfig(
        scenarios=scenarios, dialogues=each, planner=arguments.planner, max_turns=arguments.max_turns
    )
    total, done, started = each * len(scenarios), 0, time.perf_counter()
    machine = f"{date.today()}, Python {platform.python_version()}, {platform.machine()}"
    print(f"{machine}, {arguments.workers} workers, {arguments.planner}, max turns {arguments.max_turns}\n")
    print("| dialogues | seconds | dialogues/s | resident MiB | on disk MiB |\n|---:|---:|---:|---:|---:|")

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"

        def watch(event: Any) -> None:
            nonlocal done
            if type(event).__name__ != "DialogueFinished":
                return
            done += 1
            if done % (total // 10) == 0:
                seconds = time.perf_counter() - started
                size = sum(file.stat().st_size for file in out.iterdir()) / 2**20
                figures = f"{seconds:.0f} | {done / seconds:.1f} | {resident_mib():.0f} | {size:.0f}"
                print(f"| {done:,} | {figures} |", flush=True)

        run = generate(config, out=out, watch=watch, workers=arguments.workers, compress=True)
        assert len(run) == total
        print(f"\n{len(list(out.glob('dialogues-*')))} shards")


if __name__ == "__main__":
    main()
