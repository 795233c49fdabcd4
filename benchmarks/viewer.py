"""The viewer over a long run: how long pages take, and how much memory its server has.

    python benchmarks/viewer.py [--dialogues 10000] [--played 200]

`--played` different dialogues are made by the simulated negotiator, half of them with a deceptive side, and
stored again and again under other ids.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import httpx
import orjson

from negosim import RunConfig, generate
from negosim._checksum import checked, with_checksum
from negosim.store import Run
from negosim.store._shards import Appender, lines, shards


def written(folder: Path, played: Run, dialogues: int) -> None:
    """Store the dialogues of a run again until there are so many."""
    source = [checked(line)[0] for shard in shards(played.path) for line, _ in lines(shard)]
    Run.create(folder, played.header.model_copy(update={"planned": dialogues}))
    appender = Appender(folder)
    for number in range(dialogues):
        record = orjson.loads(source[number % len(source)])
        record["index"] += number // len(source) * len(source)
        record["id"] = f"{record['id'].rpartition('.')[0]}.{record['index']:04d}"
        appender.append(with_checksum(orjson.dumps(record)))


class Served:
    """A viewer in a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-u", "-m", "negosim", "view", str(folder), "--no-open", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address = next(found[0] for line in self.process.stdout if (found := re.findall(r"http://\S+", line)))
        self.client = httpx.Client(base_url=address.partition("/?")[0], timeout=60, follow_redirects=True)
        self._key = address.partition("/?")[2]

    def enter(self) -> None:
        """Be let in, without looking at a page."""
        self.client.get(f"/?{self._key}", follow_redirects=False)

    def page(self, address: str) -> tuple[float, str]:
        """Return how long a page took, and the page."""
        started = time.perf_counter()
        answer = self.client.get(address)
        answer.raise_for_status()
        return time.perf_counter() - started, answer.text

    @property
    def memory(self) -> float:
        """MiB that the server has now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def readings(server: Served, dialogues: int) -> Iterator[tuple[str, float]]:
    """Yield what is read and how long each of its pages took."""
    server.enter()
    yield "runs, nothing indexed yet", server.page("/")[0]
    yield "the run, index begun", server.page("/runs/long")[0]
    started = time.perf_counter()
    while "still being read" in server.page("/runs/long")[1]:
        pass
    yield "(until the index is built)", time.perf_counter() - started
    yield "runs", server.page("/")[0]
    yield "the run", server.page("/runs/long")[0]
    last = dialogues // 100
    yield "its last page, by joint value", server.page(f"/runs/long?sort=joint_value&page={last}")[0]
    yield "a search", server.page("/runs/long?q=deceptive-2.00")[0]
    yield "a dialogue", server.page(f"/runs/long/{dialogues}?view=all")[0]
    for words, step in (("100 dialogues", 97), ("100 more", 89)):
        numbers = islice(range(1, dialogues, step), 100)
        yield words, sum(server.page(f"/runs/long/{number}?view=all")[0] for number in numbers)
    yield (
        "all pages of the table",
        sum(server.page(f"/runs/long?page={page}")[0] for page in range(1, last + 1)),
    )


def main() -> None:
    """Make the run, serve it and look at it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=10_000)
    parser.add_argument("--played", type=int, default=200)
    parser.add_argument("--from-run", type=Path, help="take the dialogues from this run instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        config = RunConfig(
            scenarios="viatex", dialogues=arguments.played // 2, conditions=["honest", "deceptive-2"]
        )
        made = arguments.from_run
        played = Run.open(made) if made else generate(config, out=Path(place, "played"))
        folder = Path(place, "long")
        written(folder, played, arguments.dialogues)
        size = sum(shard.stat().st_size for shard in shards(folder)) / 2**20
        print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}", end=", ")
        print(f"load {os.getloadavg()[0]:.0f}; {arguments.dialogues:,} dialogues, {size:,.0f} MiB\n")
        print("| what | seconds | server's memory, MiB |\n|---|---|---|")
        server = Served(folder)
        try:
            for words, seconds in readings(server, arguments.dialogues):
                print(f"| {words} | {seconds:.2f} | {server.memory:.0f} |", flush=True)
        finally:
            server.process.kill()


if __name__ == "__main__":
    main()
