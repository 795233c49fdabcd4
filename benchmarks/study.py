"""How long pages of a user study take when many people are there at once, and whether anything is lost.

    python benchmarks/study.py --people 50

The server runs as a process of its own, as a user starts it. Every person is a scripted client without a
browser: it goes the whole way from consent to code, thinks between its steps, and counts what it sent.
"""

import argparse
import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import yaml

from negosim.study.storage import StudyStore

STUDY = {
    "schema_version": 1,
    "id": "load",
    "title": "Load",
    "consent": "Do you agree?",
    "instructions": "Talk.",
    "blocks": [
        {
            "id": "gift",
            "scenario": "donation",
            "role": "donor",
            "agents": ["habit:0", "sim"],
            "conversations": 1,
            "turn_cap": 5,
        }
    ],
    "survey": {
        "per": "agent",
        "when": "at_end",
        "questions": [{"id": "fluency", "question": "?", "answer": "likert", "labels": {1: "a", 5: "b"}}],
    },
    "completion_code": "DONE-OF-LOAD",
}
WORDS = ("What is it about?", "How much should I give?", "I am not sure.", "That sounds good.", "And then?")


class Person:
    """A scripted person."""

    def __init__(self, address: str, think: float, seed: int) -> None:
        self.address, self.think = address, think
        self.chance = random.Random(seed)
        self.times: list[float] = []
        self.said = self.answered = 0

    async def go(self, client: httpx.AsyncClient) -> None:
        """Take part from consent to code."""
        page = await self.get(client)
        while "DONE-OF-LOAD" not in page:
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
            if "is typing" in page:
                await asyncio.sleep(0.2)
            elif "It is your turn" in page:
                await self.post(
                    client, "say", {**hidden, "action": "talk", "text": self.chance.choice(WORDS)}
                )
                self.said += 1
            elif "A question to you alone" in page:
                await self.post(client, "answer", {**hidden, "answer": "0.5"})
                self.answered += 1
            elif "q-fluency" in page:
                await self.post(client, "next", {**hidden, "choice": "next", "q-fluency": "4"})
                self.answered += 1
            else:
                choice = "agree" if "I agree" in page else "next"
                await self.post(client, "next", {**hidden, "choice": choice})
            page = await self.get(client)

    async def get(self, client: httpx.AsyncClient) -> str:
        begun = time.perf_counter()
        answer = await client.get(self.address)
        self.times.append(time.perf_counter() - begun)
        answer.raise_for_status()
        return answer.text

    async def post(self, client: httpx.AsyncClient, what: str, form: dict[str, str]) -> None:
        await asyncio.sleep(self.chance.uniform(0, 2 * self.think))
        begun = time.perf_counter()
        answer = await client.post(f"{self.address}/{what}", data=form)
        self.times.append(time.perf_counter() - begun)
        assert answer.status_code == 303, (answer.status_code, answer.text)


async def all_of(people: list[Person]) -> None:
    limits = httpx.Limits(max_connections=len(people), max_keepalive_connections=len(people))
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(person.go(client) for person in people))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds between a person's steps")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file, kept = Path(folder, "load.yaml"), str(Path(folder, "kept"))
        file.write_text(yaml.safe_dump(STUDY, sort_keys=False))
        command = [sys.executable, "-u", "-m", "negosim", "study", "run", str(file), "--out", kept]
        command += ["--links", str(given.people), "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        addresses = []
        for line in server.stdout:
            addresses += re.findall(r"^person \d+: (\S+)", line)
            if line.startswith("stop with"):
                break
        people = [Person(address, given.think, seed) for seed, address in enumerate(addresses)]
        begun, used = time.perf_counter(), processor_seconds(server.pid)
        try:
            asyncio.run(all_of(people))
        finally:
            wall, used = time.perf_counter() - begun, processor_seconds(server.pid) - used
            server.kill()
            server.wait()
        tell(people, wall, used, StudyStore(kept))


def processor_seconds(process: int) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tell(people: list[Person], wall: float, used: float, store: StudyStore) -> None:
    times = sorted(1000 * each for person in people for each in person.times)
    said = sum(len(store.sent(talk["id"])) for talk in store.talks())
    kept = said + len(store.answers())
    sent = sum(person.said + person.answered for person in people)
    done = sum(person["status"] == "completed" for person in store.people())
    p95 = times[int(0.95 * len(times))]
    print(f"{len(people)} people at once, {len(times):,} pages in {wall:.0f} s")
    print(
        f"page: median {statistics.median(times):.0f} ms, 95 % under {p95:.0f} ms, longest {times[-1]:.0f} ms"
    )
    print(f"the server used {1000 * used / len(times):.0f} ms of processor a page")
    print(f"sent {sent:,}, kept {kept:,}; {done} came to the end; the server was killed then")
    store.close()


if __name__ == "__main__":
    main()
