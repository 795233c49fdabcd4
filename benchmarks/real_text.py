"""SmolLM2 on Persuasion for Good: imitation and hindsight ILQL on people's dialogues, to the end.

The recipe: prepare the published files; grow the training split by hindsight (embedded controller, forward
and reward models, fitted to the data); fine-tune SmolLM2 on the best quarter of the originals (SFT), and by
ILQL on all of the grown set; let both talk to simulated persuadees; draw the loss curves. A step that is
done is not done again, and training goes on from its newest checkpoint: run the same command after an
interruption.

    negosim models get smollm2
    python benchmarks/real_text.py --data FOLDER --out FOLDER [--size small|full] [--seed 0]

`small` is for CPUs: short dialogues and few steps. `full` is for one GPU: all dialogues, bfloat16.
"""

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from negosim.agents.users import user_named
from negosim.reports._style import BLUE, GREEN, VERMILLION, drawing
from negosim.rl import prepare, read_card, read_trajectories, write_trajectories
from negosim.rl.evaluation import Evaluated, evaluate
from negosim.rl.hindsight import regenerate
from negosim.rl.training import ILQL, SFT, OptimizerStep, TrainConfig, train

Made = TypeVar("Made")


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    shortest: int | None
    """How many originals, the shortest ones; None: all."""
    factor: float
    """Size of the grown set as a multiple of the originals."""
    steps: dict[str, int]
    """Of the optimizer, by algorithm."""
    dialogues: int
    """Of each policy with simulated persuadees."""
    cql_weight: float
    training: dict[str, Any] = field(default_factory=dict)
    """Other settings of `TrainConfig`."""


SIZES = {
    "small": Scale(
        shortest=150,
        factor=5,
        steps={"sft": 20, "ilql": 20},
        dialogues=4,
        cql_weight=0.0,
        training={"batch_size": 3, "micro_batch_size": 1, "max_length": 512, "learning_rate": 5e-5},
    ),
    "full": Scale(
        shortest=None,
        factor=5,
        steps={"sft": 400, "ilql": 2000},
        dialogues=400,
        cql_weight=0.1,
        training={"batch_size": 128, "micro_batch_size": 16, "max_length": 1024, "precision": "bf16"}
        | {"learning_rate": 1e-4, "warmup_steps": 50, "checkpoint_every": 200},
    ),
}


def data_of(source: Path, out: Path, size: Scale, seed: int) -> tuple[Path, Path]:
    """Return the folders of the originals and of the grown set, made if they are not there."""
    everything, originals, grown = out / "traj", out / "originals", out / "grown"
    if not everything.exists():
        prepare(source, everything)
    if not originals.exists():
        ranked = sorted(
            read_trajectories(everything), key=lambda one: sum(len(turn.text) for turn in one.turns)
        )
        write_trajectories(originals, ranked[: size.shortest], read_card(everything).origin)
    if not grown.exists():
        regenerate(originals, grown, factor=size.factor, seed=seed)
    for folder in (originals, grown):
        rewards = [one.reward for one in read_trajectories(folder, split="train")]
        print(f"{folder}: {len(rewards)} dialogues to learn from, mean reward ${np.mean(rewards):.2f}")
    return originals, grown


def trained(algorithm: SFT | ILQL, traj: Path, out: Path, size: Scale, seed: int) -> Path:
    """Return the folder of a policy, trained if it is not there, from its newest checkpoint."""
    folder = out / algorithm.algo
    if not (folder / "policy.json").exists():
        steps = size.steps[algorithm.algo]
        config = TrainConfig(algorithm=algorithm, model="smollm2", steps=steps, seed=seed, **size.training)

        def watch(step: OptimizerStep) -> None:
            if step.number % max(1, steps // 10) == 0:
                loss, speed = step.figures["loss"], step.tokens / step.seconds
                print(
                    f"{algorithm.algo}, step {step.number}: loss {loss:.3f}, {speed:.0f} tokens/s", flush=True
                )

        data = list(read_trajectories(traj, split="train"))
        train(data, folder, config, resume=any(folder.glob("checkpoint-*")), watch=watch)
    return folder


def talked(folders: Sequence[Path], size: Scale, seed: int, out: Path) -> Evaluated:
    """Let policies talk to the same simulated persuadees."""
    return asyncio.run(
        evaluate(
            list(map(str, folders)),
            "donation",
            dialogues=size.dialogues,
            seed=seed,
            decoding={"max_tokens": 32},
            out=out / "talks",
        )
    )


def samples(made: Evaluated) -> str:
    """Return one dialogue of each policy with each kind of persuadee, as Markdown."""
    lines = ["Words of models and of simulated users; nobody said them."]
    scenario = made.evaluation.scenario
    for name, (run,) in made.runs.items():
        shown = set[str]()
        for one in run:
            user = user_named(scenario, one)
            rewards = one.outcome.rewards
            if user is None or user.persona in shown or rewards is None or rewards[0] is None:
                continue
            shown.add(user.persona)
            lines += ["", f"## {Path(name).name}, {user.persona}: ${rewards[0]:.2f}", ""]
            lines += [f"- **{('agent', 'user')[turn.role]}**: {turn.utterance.text}" for turn in one.turns]
    return "\n".join(lines) + "\n"


PANELS = (
    ("SFT: cross-entropy of what the best said, nats a token", "sft", {"loss": ("loss", BLUE, "-")}),
    (
        "ILQL: cross-entropy of what all said, nats a token",
        "ilql",
        {"bc_loss": ("behavioural cloning", BLUE, "-")},
    ),
    (
        "ILQL: losses of the value heads",
        "ilql",
        {"q_loss": ("Q", VERMILLION, "-"), "v_loss": ("V", GREEN, "--")},
    ),
    ("ILQL: means over a batch's actions", "ilql", {"q": ("Q", VERMILLION, "-"), "v": ("V", GREEN, "--")}),
)
"""Title, policy and curves of each panel: column, label, colour and dashes."""


def draw(out: Path, path: Path) -> None:
    """Draw the curves of both policies, smoothed over a tenth of the steps."""
    with drawing():
        canvas, grid = plt.subplots(2, 2, figsize=(7, 4), layout="constrained")
        for axes, (title, policy, curves) in zip(grid.flat, PANELS, strict=True):
            rows = [json.loads(line) for line in (out / policy / "training.jsonl").read_text().splitlines()]
            width = max(1, len(rows) // 10)
            for name, (label, colour, dashes) in curves.items():
                values = np.array([row[name] for row in rows])
                smooth = np.convolve(values, np.ones(width) / width, mode="valid")
                axes.plot(range(width, len(rows) + 1), smooth, dashes, color=colour, label=label)
            axes.set(title=title, xlabel="step")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if len(curves) > 1:
                axes.legend(frameon=False)
        canvas.savefig(path, metadata={"Date": None})
        plt.close(canvas)


def timed(name: str, step: Callable[[], Made]) -> Made:
    """Do a step of the recipe and say what it took."""
    started, before = time.perf_counter(), time.process_time()
    made = step()
    wall, processor = time.perf_counter() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{name}: {wall:.0f} s, {processor:.0f} s of processors; peak memory so far {peak:.1f} GB", flush=True
    )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="Persuasion for Good, as published")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    size, out, seed = SIZES[given.size], given.out, given.seed
    originals, grown = timed("data", lambda: data_of(given.data, out, size, seed))
    sft = timed("SFT", lambda: trained(SFT(), originals, out, size, seed))
    ilql = timed("ILQL", lambda: trained(ILQL(cql_weight=size.cql_weight), grown, out, size, seed))
    draw(out, out / "curves.svg")
    made = timed("talk", lambda: talked([sft, ilql], size, seed))
    (out / "dialogues.md").write_text(samples(made))
    for result in made.evaluation.results:
        print(f"{result.name}: mean reward ${result.reward.value:.2f} in {result.reward.n} dialogues")
    print(f"{out / 'curves.svg'}: the losses; {out / 'dialogues.md'}: what they said")


if __name__ == "__main__":
    main()
