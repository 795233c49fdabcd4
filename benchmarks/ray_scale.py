"""What a Ray cluster gives: speed-up, overhead per dialogue, a node killed in mid-run, equal results.

    python benchmarks/ray_scale.py --dialogues 400

The nodes of the cluster are raylets on this machine with one core each, so it needs two free cores and one
for the process that stores; with fewer, the speed-up is that of what is left. Times are of the second of two
runs, when the workers have imported what they need.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_worker_niceness", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.cluster_utils import Cluster

import negosim
from negosim.store import Run

STORE = {"object_store_memory": 100 << 20}


def config(dialogues: int, seed: int) -> negosim.RunConfig:
    """Return what is made: embedded players."""
    return negosim.RunConfig(scenarios="viatex", dialogues=dialogues, seed=seed)


def timed(dialogues: int, out: Path, where: str | None, seed: int = 1) -> tuple[float, Run]:
    """Make a run; return its seconds and it."""
    start = time.perf_counter()
    run = negosim.generate(config(dialogues, seed), out=out, ray=where)
    return time.perf_counter() - start, run


def said(run: Run) -> dict[str, Any]:
    """Return what is in the dialogues of a run but for how long they took."""
    return {one.id: one.model_dump(exclude={"seconds", "account", "calls"}) for one in run}


def main() -> None:
    """Measure, and print a row for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=400)
    asked = parser.parse_args()
    count, folder = asked.dialogues, Path(tempfile.mkdtemp())
    timed(20, folder / "warm", None)
    alone, here = timed(count, folder / "here", None)
    print(f"this process: {alone:.1f} s, {1000 * alone / count:.1f} ms a dialogue", flush=True)
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **STORE})
    workers = [nodes.add_node(num_cpus=1, **STORE)]
    ray.init(address=nodes.address, log_to_driver=False, configure_logging=False)
    timed(40, folder / "one-warm", "auto")
    one, run = timed(count, folder / "one", "auto")
    over = 1000 * (one - alone) / count
    print(f"one node: {one:.1f} s, {over:+.1f} ms a dialogue, equal: {said(run) == said(here)}", flush=True)
    workers.append(nodes.add_node(num_cpus=1, **STORE))
    timed(80, folder / "two-warm", "auto")
    two, run = timed(count, folder / "two", "auto")
    print(f"two nodes: {two:.1f} s, speed-up {one / two:.2f}, equal: {said(run) == said(here)}", flush=True)
    killer = threading.Timer(two / 3, nodes.remove_node, (workers[1],), {"allow_graceful": False})
    killer.start()
    killed, run = timed(count, folder / "killed", "auto")
    stored = len((folder / "killed" / "dialogues.jsonl").read_bytes().splitlines())
    print(
        f"a node killed after {two / 3:.1f} s: {killed:.1f} s, {stored} stored, "
        f"equal: {said(run) == said(here)}",
        flush=True,
    )
    ray.shutdown()
    nodes.shutdown()


if __name__ == "__main__":
    main()
