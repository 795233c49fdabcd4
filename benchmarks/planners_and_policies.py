"""Planners and policies with the same simulated users: one table, as the thesis's Table 2.1 has it in kind.

Embedded agents think by planners, tiny policies are trained on simulated dialogues (imitation, imitation of
the best that hindsight made of them, ILQL on both), and all meet the same users. With `--model` a chat model
plays by the planners for chat models besides. What is made stays in `--out`; the same command goes on there.

    python benchmarks/planners_and_policies.py --scenario donation          # offline, 400 users
    python benchmarks/planners_and_policies.py --scenario support
    python benchmarks/planners_and_policies.py --model openai:NAME --dialogues 20
"""

import argparse
import platform
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

BEHAVIOUR = "habit:0.3"
EMBEDDED = (BEHAVIOUR, f"{BEHAVIOUR} with gdp-zero", f"{BEHAVIOUR} with audience", "sim")
POLICIES = {
    "sft": ("corpus", "sft"),
    "rft": ("regenerated", "rft"),
    "ilql": ("corpus", "ilql"),
    "hindsight": ("regenerated", "ilql"),
}
"""By name: the trajectories a policy learns from, and the algorithm."""
CHAT = ("direct", "cot", "procot", "gdp-zero", "tomma", "audience")


def negosim(*arguments: str) -> None:
    """Run one command; it is shown, and what it says once it has ended."""
    shown = "$ negosim " + " ".join(repr(one) if " " in one else one for one in arguments)
    done = subprocess.run([sys.executable, "-m", "negosim", *arguments], capture_output=True, text=True)
    print(f"{shown}\n{done.stdout}{done.stderr if done.returncode else ''}", flush=True)
    done.check_returncode()


def make_data(folder: Path, scenario: str, corpus: int) -> dict[str, Path]:
    """Make the trajectories that are not there yet; return their folders."""
    made = {"corpus": folder / "corpus", "regenerated": folder / "regenerated"}
    if not made["corpus"].exists():
        negosim("rl", "simulate", scenario, "--out", str(made["corpus"]), "-n", str(corpus), "--skill", "0.3")
    if not made["regenerated"].exists():
        negosim("rl", "hindsight", str(made["corpus"]), "--out", str(made["regenerated"]), "--factor", "3")
    return made


def train(folder: Path, name: str, data: dict[str, Path], steps: int) -> None:
    """Train a policy that is not there yet, or go on with it."""
    begun = (folder / name).exists()
    if not (folder / name / "policy.json").exists():
        learns_from, algorithm = POLICIES[name]
        chosen = ["--algo", algorithm, "--steps", str(steps), *(["--resume"] if begun else [])]
        negosim("rl", "train", str(data[learns_from]), "--out", str(folder / name), *chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scenario", choices=("donation", "support"), default="donation")
    parser.add_argument("--model", help="chat model that plays by the planners for chat models besides")
    parser.add_argument("--dialogues", type=int, default=400, help="of each agent")
    parser.add_argument("--corpus", type=int, default=400, help="simulated dialogues to learn from")
    parser.add_argument("--steps", type=int, default=200, help="of each training")
    parser.add_argument("--workers", type=int, default=2, help="commands at a time")
    parser.add_argument("--out", type=Path, default=Path("planners-and-policies"), metavar="FOLDER")
    given = parser.parse_args()
    folder = given.out / given.scenario
    folder.mkdir(parents=True, exist_ok=True)
    data = make_data(folder, given.scenario, given.corpus)
    policies = [str(folder / name) for name in POLICIES]
    chat = [f"{given.model} with {planner}" for planner in CHAT] if given.model else []
    settings = ["--scenario", given.scenario, "--dialogues", str(given.dialogues)]
    settings += ["--runs", str(folder / "runs")]

    def meet(agent: str) -> None:
        if agent in policies:
            train(folder, Path(agent).name, data, given.steps)
        negosim("rl", "evaluate", agent, *settings)

    started, agents = time.perf_counter(), [*EMBEDDED, *policies, *chat]
    with ThreadPoolExecutor(given.workers) as pool:
        # The searches take longest; what each makes is kept, and the last command puts it together.
        list(pool.map(meet, [*EMBEDDED[1:3], *policies, *EMBEDDED[::3], *chat]))
    negosim("rl", "evaluate", *agents, *settings)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{date.today()}, {platform.machine()}, Python {platform.python_version()}: "
          f"{time.perf_counter() - started:.0f} s, {used.ru_utime + used.ru_stime:.0f} of CPU")  # fmt: skip


if __name__ == "__main__":
    main()
