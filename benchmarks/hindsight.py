"""Hindsight regeneration against what the paper compares it with: the figures of docs/hindsight-results.md.

On the simulated donation task. A small language model learns once how both sides talk, from dialogues without
rewards; it stands for the pretrained one of the paper. Then each seed is a repeat of the rest: originals of a
mediocre agent (skill .3), that set grown to five times its size by hindsight, a set as large from scratch,
a policy a method, and dialogues with users that no corpus holds. Only originals have true rewards; what is
generated has those that the reward model reads off the text.

    python benchmarks/hindsight.py [--seeds 3] [--dialogues 400] [--workers 2] [--work FOLDER] [--quick]

Each worker is a process with one thread. With --work everything is kept in a folder, and a language model
that is there is used again. --quick is a smoke test; its figures mean nothing.
"""

import argparse
import asyncio
import json
import multiprocessing
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from negosim.agents.users import persona_names
from negosim.measures import Estimate, estimate
from negosim.rl import Card, imagine, read_trajectories, simulate
from negosim.rl.evaluation import Met, Result, evaluate, measure, met_in
from negosim.rl.hindsight import regenerate
from negosim.scenarios import load_scenario

SKILL, FACTOR = 0.3, 5

FIRST_SEED = 20
"""A seed names the corpus, what is generated from it, the training and the users of one repeat. Learning
rates, batches, `MIN_P` and what is in `VALUES`, `ILQL` and `MC` were chosen on a corpus of seed 100 and the
users of seeds 1 and 2, which are in no repeat; steps by the time there is."""

BASE_SEED = 50
"""Of the dialogues that the language model learns from; they are in no repeat either."""

SetName = Literal["originals", "hindsight", "scratch"]


@dataclass(frozen=True)
class ExperimentSize:
    """How much is made and learnt."""

    base_dialogues: int
    base_steps: int
    originals: int
    steps: int
    """Of each method."""
    model: str


FULL = ExperimentSize(base_dialogues=1000, base_steps=1500, originals=400, steps=1000, model="tiny:2x64")
QUICK = ExperimentSize(base_dialogues=20, base_steps=10, originals=20, steps=10, model="tiny:1x32")

BASE_BATCH, BATCH = 16, 8
FAST, SLOW = 3e-3, 6e-4
"""Learning rates: of the first three quarters of the language model's steps, and of all that follow."""

TOP_K, MIN_P = 60, 0.3
"""What a policy may say: of its likeliest tokens, those at least three tenths as likely as the first."""

VALUES = {"discount": 1.0, "cql_weight": 0.0, "bc_weight": 0.1}
"""What ILQL and MC have in common here. At the usual weight of 1 cloning drowns the values: its loss is
many times that of Q."""


@dataclass(frozen=True)
class Method:
    """A row of the table."""

    name: str
    data: SetName
    algorithm: Mapping[str, Any]
    """With its hyperparameters, as `TrainConfig` takes it."""

    @property
    def folder(self) -> str:
        """The folder of its policy in that of a repeat."""
        return self.name.replace(" ", "-")


ILQL = {"algo": "ilql", "expectile": 0.7, "target_rate": 1.0, "advantage": 16, **VALUES}
MC = {"algo": "mc", "advantage": 48, **VALUES}
"""`advantage` is beta. Targets that follow at once hand a reward back fastest."""

METHODS = (
    Method("SFT", "originals", {"algo": "sft"}),
    Method("RFT", "hindsight", {"algo": "rft"}),
    Method("zero-shot RL", "scratch", ILQL),
    Method("ILQL on originals", "originals", ILQL),
    Method("hindsight ILQL", "hindsight", ILQL),
    Method("hindsight MC", "hindsight", MC),
)
BEHAVIOUR = f"agent of the originals (habit:{SKILL:g})"


@dataclass(frozen=True)
class Made:
    """A set of dialogues of one seed."""

    seed: int
    name: SetName
    card: Card
    seconds: float


@dataclass(frozen=True)
class MethodResult:
    """What one method came to with one seed."""

    method: str
    seed: int
    played: list[Met]
    training: float
    """Seconds."""
    speaking: float
    """Seconds the evaluation took."""


def make_base(work: Path, size: ExperimentSize) -> float:
    """Train the language model that all methods begin with; return the seconds its steps took."""
    from negosim.rl.training import Forward

    stages = (work / "fast", work / "base")
    if not (stages[1] / "policy.json").exists():
        corpus, fast = work / "corpus", size.base_steps * 3 // 4
        simulate(
            "donation", corpus, dialogues=size.base_dialogues, skill=SKILL, seed=BASE_SEED, split="train"
        )
        learn(corpus, stages[0], Forward(), size.model, fast, FAST, batch=BASE_BATCH, seed=0)
        slow, start = size.base_steps - fast, str(stages[0])
        learn(corpus, stages[1], Forward(), start, slow, SLOW, batch=BASE_BATCH, seed=1)
    lines = [line for stage in stages for line in (stage / "training.jsonl").read_text().splitlines()]
    return float(sum(json.loads(line)["seconds"] for line in lines))


def learn(
    data: Path, out: Path, algorithm: Any, model: str, steps: int, rate: float, *, batch: int, seed: int
) -> None:
    """Train on one thread."""
    import torch

    from negosim.rl.policy import Sampling
    from negosim.rl.training import TrainConfig, train

    torch.set_num_threads(1)
    config = TrainConfig(
        algorithm=algorithm,
        model=model,
        steps=steps,
        batch_size=batch,
        learning_rate=rate,
        warmup_steps=min(20, steps),
        decoding=Sampling(top_k=TOP_K, min_p=MIN_P),
        seed=seed,
        checkpoint_every=1_000_000,
    )
    train(read_trajectories(data), out, config)


def make_sets(folder: Path, size: ExperimentSize, seed: int) -> list[Made]:
    """Make the originals, what hindsight makes of them, and a set as large from scratch."""
    originals, made = folder / "originals", list[Made]()
    for name in ("originals", "hindsight", "scratch"):
        started, out = time.perf_counter(), folder / name
        if name == "originals":
            card = simulate("donation", out, dialogues=size.originals, skill=SKILL, seed=seed, split="train")
        elif name == "hindsight":
            card = regenerate(originals, out, factor=FACTOR, seed=seed)
        else:
            count = FACTOR * size.originals
            run = folder / "scratch-run"
            card = imagine("donation", out, dialogues=count, seed=seed, split="train", run=run)
        made.append(Made(seed, name, card, time.perf_counter() - started))
    return made


def train_and_speak(
    work: Path, method: Method, size: ExperimentSize, seed: int, dialogues: int
) -> MethodResult:
    """Train a policy and let it talk to the users of its seed."""
    from negosim.rl.training import TrainConfig

    started, folder = time.perf_counter(), work / str(seed)
    out = folder / method.folder
    algorithm = TrainConfig.model_validate({"algorithm": method.algorithm}).algorithm
    learn(folder / method.data, out, algorithm, str(work / "base"), size.steps, SLOW, batch=BATCH, seed=seed)
    trained = time.perf_counter()
    played = talked(str(out), seed, dialogues)
    return MethodResult(method.name, seed, played, trained - started, time.perf_counter() - trained)


def talked(agent: str, seed: int, dialogues: int) -> list[Met]:
    """Let an agent talk to the users of a seed."""
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(evaluate([agent], "donation", dialogues=dialogues, seed=seed, out=folder))
        return list(met_in(made.runs[agent][0], made.evaluation.scenario, 0, "user"))


def run(
    work: Path, size: ExperimentSize, seeds: Sequence[int], dialogues: int, workers: int
) -> tuple[float, list[Made], list[MethodResult]]:
    """Make the language model and the data, then train and measure all methods, several at a time."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        base = pool.submit(make_base, work, size)
        making = [pool.submit(make_sets, work / str(seed), size, seed) for seed in seeds]
        sets = [made for one in making for made in one.result()]
        seconds = base.result()
        speaking = [
            pool.submit(train_and_speak, work, method, size, seed, dialogues)
            for seed in seeds
            for method in METHODS
        ]
        return seconds, sets, [one.result() for one in speaking]


def behaviour(seed: int, dialogues: int) -> MethodResult:
    """Let the agent of the originals talk to the users."""
    return MethodResult(BEHAVIOUR, seed, talked(f"habit:{SKILL:g}", seed, dialogues), 0.0, 0.0)


def over_repeats(outcomes: Sequence[MethodResult]) -> Estimate:
    """Return the mean reward with an interval in which a repeat, not a dialogue, is the unit.

    It needs five repeats.
    """
    rows = [
        {"scenario": str(one.seed), "index": each.cluster, "reward": each.reward}
        for one in outcomes
        for each in one.played
        if each.reward is not None
    ]
    return estimate(pd.DataFrame(rows), "reward")


def tables(sets: Sequence[Made], outcomes: Sequence[MethodResult], dialogues: int) -> Iterator[str]:
    """Yield the lines of the tables: rewards, kinds of users, seconds, sets."""
    personas = persona_names("donation")
    found = {one.method: [other for other in outcomes if other.method == one.method] for one in outcomes}
    played = {name: [each for one in some for each in one.played] for name, some in found.items()}
    scenario = load_scenario("donation")
    results = measure(played, scenario, 0, dialogues_asked=dialogues, seed=FIRST_SEED).results
    yield from (
        "| method | reward, $: mean ± sd | 95 % over users | 95 % over repeats | by repeat |",
        "|---|---:|---:|---:|---|",
    )
    for result in results:
        yield _rewards(result, found[result.name])
    heads = ("method", *personas, "agent's turns", "words a turn", "failed", "training, s", "dialogues, s")
    yield from ("", f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}")
    for result in results:
        some = found[result.name]
        cells = [
            f"{result.by_persona[name].value:.2f}" if name in result.by_persona else "" for name in personas
        ]
        cells += [f"{result.turns.value:.1f}", f"{result.fluency['words_per_turn'].value:.1f}"]
        cells += [str(sum(result.failures.values()))]
        cells += [f"{sum(one.training for one in some) / len(some):.0f}"]
        cells += [f"{sum(one.speaking for one in some) / len(some):.0f}"]
        yield f"| {result.name} | {' | '.join(cells)} |"
    yield from (
        "",
        "| set | seed | dialogues | reward, recorded or read | making, s |",
        "|---|---:|---:|---:|---:|",
    )
    for made in sets:
        mean = "" if made.card.reward is None else f"{made.card.reward.mean:.2f} ± {made.card.reward.sd:.2f}"
        yield f"| {made.name} | {made.seed} | {made.card.trajectories:,} | {mean} | {made.seconds:.0f} |"


def _rewards(result: Result, outcomes: Sequence[MethodResult]) -> str:
    reward = result.reward
    each = [[one.reward for one in outcome.played if one.reward is not None] for outcome in outcomes]
    cells = (
        f"{reward.value:.2f} ± {reward.sd:.2f}",
        _interval(reward),
        _interval(over_repeats(outcomes)) if len(outcomes) > 1 else "",
        ", ".join(f"{sum(rewards) / len(rewards):.2f}" for rewards in each),
    )
    return f"| {result.name} | {' | '.join(cells)} |"


def _interval(found: Estimate) -> str:
    return "" if found.low is None or found.high is None else f"[{found.low:.2f}, {found.high:.2f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="repeats of everything but the language model")
    parser.add_argument("--dialogues", type=int, default=400, help="of each policy of each repeat")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, help="a folder that keeps what is made")
    parser.add_argument("--quick", action="store_true", help="a smoke test")
    given = parser.parse_args(arguments)
    size, started = (QUICK if given.quick else FULL), time.perf_counter()
    seeds = range(FIRST_SEED, FIRST_SEED + given.seeds)
    with tempfile.TemporaryDirectory() as scrap:
        base, sets, outcomes = run(given.work or Path(scrap), size, seeds, given.dialogues, given.workers)
    outcomes += [behaviour(seed, given.dialogues) for seed in seeds]
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}, ", end="")
    print(f"{given.workers} processes; {given.seeds} repeats, {given.dialogues} dialogues a policy; {size}\n")
    print("\n".join(tables(sets, outcomes, given.dialogues)))
    print(f"\nlanguage model: {base:.0f} s; {time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
