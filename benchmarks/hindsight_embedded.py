"""Quality of the embedded parts of hindsight regeneration: the figures of docs/hindsight.md.

    python benchmarks/hindsight_embedded.py [--data FOLDER] [-n 100]

For each simulated task: how well rewards read off the text agree with the true ones of held-out users, and
whether dialogues completed from their own prefixes, without a replacement, come to the same rewards.
With --data (folders persuasion_for_good and esconv), the readings on human text as well: fitted to one half,
tested on the other. A minute or two on one core, and as long again with --data.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from negosim.agents.users import DONATION, SUPPORT
from negosim.rl import Card, Trajectory, prepare, read_card, read_trajectories, simulate
from negosim.rl.hindsight import DiscardedError, Prefix, RewardModel, Step
from negosim.rl.hindsight._embedded import forward_model, reward_model
from negosim.rl.hindsight._setting import BEFORE
from negosim.rl.hindsight._setting import known_setting as setting
from negosim.seeding import Seed


def readings(model: RewardModel, dialogues: Iterable[Trajectory]) -> list[tuple[float, float]]:
    """Return the true and the read reward of those that can be read."""
    found = []
    for one in dialogues:
        try:
            read = asyncio.run(model.reward(one.model_copy(update={"reward": 0.0}), Step(Seed(0, one.id, 0))))
        except DiscardedError:
            continue
        found.append((one.reward, read))
    return found


def agreement(name: str, model: RewardModel, dialogues: Sequence[Trajectory]) -> None:
    pairs = np.array(readings(model, dialogues))
    error = np.abs(pairs[:, 0] - pairs[:, 1]).mean()
    print(
        f"{name}: {len(pairs)} of {len(dialogues)} readable, correlation {np.corrcoef(pairs.T)[0, 1]:.2f}, "
        f"mean absolute error {error:.2f}, means {pairs[:, 0].mean():.2f} true, {pairs[:, 1].mean():.2f} read"
    )


def completed(task: str, pool: Sequence[Trajectory], *, hard: bool) -> list[Trajectory]:
    """Complete every dialogue from a random turn of its own agent."""
    forward, made = forward_model(setting(task), pool), []
    for number, one in enumerate(pool):
        places = [place for place, turn in enumerate(one.turns[:-2]) if turn.role == "agent"]
        turns = one.turns[: random.Random(number).choice(places) + 1]
        meta = {name: one.meta[name] for name in BEFORE if name in one.meta}
        prefix = Prefix(one.system, meta, turns, setting(task).cap - len(turns), one.id)
        rest = asyncio.run(forward.complete(prefix, Step(Seed(0, one.id, 0)), hard=hard))
        made.append(one.model_copy(update={"turns": (*turns, *rest.turns)}))
    return made


def simulated(task: str, count: int, folder: Path) -> None:
    card = simulate(task, folder / task, dialogues=count, split="train")
    pool = list(read_trajectories(folder / task))
    model = reward_model(setting(task), pool, card)
    simulate(task, folder / f"{task}-held-out", dialogues=count, seed=1)
    held_out = list(read_trajectories(folder / f"{task}-held-out"))
    agreement(f"{task}, simulated", model, held_out)
    fitted = forward_model(setting(task), pool)._standard_fit.skill  # type: ignore[attr-defined]
    means = {
        "originals": np.mean([read for _, read in readings(model, pool)]),
        "completed": np.mean([read for _, read in readings(model, completed(task, pool, hard=False))]),
        "completed, hard": np.mean([read for _, read in readings(model, completed(task, pool, hard=True))]),
    }
    listed = ", ".join(f"{name} {mean:.2f}" for name, mean in means.items())
    print(f"{task}: mean reward as read: {listed}; skill .30 estimated at {fitted:.2f}")


def human(task: str, source: Path, folder: Path) -> None:
    card: Card = prepare(source, folder / source.name)
    dialogues = list(read_trajectories(folder / source.name))
    random.Random(0).shuffle(dialogues)
    half = len(dialogues) // 2
    model = reward_model(setting(task), dialogues[:half], read_card(folder / source.name))
    agreement(f"{task}, {card.origin.source}", model, dialogues[half:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-n", type=int, default=100, help="dialogues of each task")
    parser.add_argument("--data", type=Path, help="folder with persuasion_for_good/ and esconv/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        for task in (DONATION, SUPPORT):
            simulated(task, options.n, Path(made))
        if options.data:
            human(DONATION, options.data / "persuasion_for_good", Path(made))
            human(SUPPORT, options.data / "esconv", Path(made))


if __name__ == "__main__":
    main()
