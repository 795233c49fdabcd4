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
    """Run one command, which is shown."""
    print("$ negosim " + " ".join(repr(one) if " " in one else one for one in arguments), flush=True)
    subprocess.run([sys.executable, "-m", "negosim", *arguments], check=True)


def train(folder: Path, scenario: str, corpus: int, steps: int) -> list[str]:
    """Make the corpus and the policies that are not there yet; return the policies' folders."""
    made = {"corpus": folder / "corpus", "regenerated": folder / "regenerated"}
    if not made["corpus"].exists():
        negosim("rl", "simulate", scenario, "--out", str(made["corpus"]), "-n", str(corpus), "--skill", "0.3")
    if not made["regenerated"].exists():
        negosim("rl", "hindsight", str(made["corpus"]), "--out", str(made["regenerated"]), "--factor", "3")
    for name, (data, algorithm) in POLICIES.items():
        if not (folder / name).exists():
            chosen = ["--algo", algorithm, "--steps", str(steps)]
            negosim("rl", "train", str(made[data]), "--out", str(folder / name), *chosen)
    return [str(folder / name) for name in POLICIES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scenario", choices=("donation", "support"), default="donation")
    parser.add_argument("--model", help="chat model that plays by the planners for chat models besides")
    parser.add_argument("--dialogues", type=int, default=400, help="of each agent")
    parser.add_argument("--corpus", type=int, default=400, help="simulated dialogues to learn from")
    parser.add_argument("--steps", type=int, default=200, help="of each training")
    parser.add_argument("--out", type=Path, default=Path("planners-and-policies"), metavar="FOLDER")
    given = parser.parse_args()
    folder = given.out / given.scenario
    folder.mkdir(parents=True, exist_ok=True)
    agents = [*EMBEDDED, *train(folder, given.scenario, given.corpus, given.steps)]
    if given.model:
        agents += [f"{given.model} with {planner}" for planner in CHAT]
    settings = ["--dialogues", str(given.dialogues), "--runs", str(folder / "runs")]
    negosim("rl", "evaluate", *agents, "--scenario", given.scenario, *settings)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{date.today()}, {platform.machine()}, Python {platform.python_version()}: "
          f"{used.ru_utime + used.ru_stime:.0f} s of CPU")  # fmt: skip


if __name__ == "__main__":
    main()
