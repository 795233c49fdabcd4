"""Values and earnings of the policies of benchmarks/hindsight.py: figures of docs/hindsight-results.md.

    python benchmarks/hindsight.py --work FOLDER
    python benchmarks/hindsight_values.py FOLDER [--dialogues 100]

For each method with values: how Q of what was said agrees with the reward that followed, on dialogues of the
originals' agent that nothing has learnt from, early and late in a dialogue; and what each policy earns and
how often it answers a doubt, with and without guidance by Q. The users are those on whom settings were
chosen, not those reported on.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from hindsight import METHODS, MIN_P, SKILL, TOP_K

from negosim.agents.users import REPLIES, Recogniser, strategies_in
from negosim.rl import Trajectory, prepare, read_trajectories, simulate
from negosim.rl.evaluation import evaluate
from negosim.rl.policy import Policy
from negosim.rl.training._batches import collate

HELD_OUT, HELD_OUT_SEED = 200, 70
"""Dialogues with users that no corpus of the benchmark holds, and their seed."""

TUNING = 1
"""Seed of the users on whom settings were chosen."""


@torch.inference_mode()
def values(policy: Policy, dialogues: Sequence[Trajectory]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each token of the agent, its Q, the reward that followed, and how late it came, 0 to 1."""
    card = policy.card
    encoded = [policy.form.encode(one, card.max_length, reward_scale=card.reward_scale) for one in dialogues]
    parts = []
    for start in range(0, len(encoded), 50):
        some = encoded[start : start + 50]
        batch = collate(some)
        hidden = policy.lm.base_model(
            input_ids=batch.ids, attention_mask=batch.attention, use_cache=False
        ).last_hidden_state[batch.row, batch.at]
        q = torch.stack([head.of(hidden, batch.action) for head in policy.heads]).amin(0).numpy()
        counts = [len(one.actions) for one in some]
        returns = np.repeat([sum(one.rewards) for one in some], counts)
        parts.append((q, returns, np.concatenate([np.arange(1, n + 1) / n for n in counts])))
    q, returns, late = (np.concatenate(column) for column in zip(*parts, strict=True))
    return q, returns, late


def answered(dialogues: Iterable[Trajectory]) -> float:
    """Return the share of voiced doubts that the agent's next turn answers with what answers them."""
    cues, found = Recogniser.load("donation/user-cues"), list[bool]()
    for one in dialogues:
        for heard, said in zip(one.turns, one.turns[1:], strict=False):
            doubt = next((cue for cue in cues.find(heard.text) if cue in REPLIES), None)
            if heard.role == "user" and doubt is not None:
                found.append(REPLIES[doubt] in strategies_in("donation", said.text))
    return float(np.mean(found))


def show_values(repeats: Sequence[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        simulate("donation", f"{folder}/t", dialogues=HELD_OUT, skill=SKILL, seed=HELD_OUT_SEED)
        held_out = list(read_trajectories(f"{folder}/t"))
    print("| policy, repeat | correlation of Q and reward; by fifth | mean of both | sd of both |")
    print("|---|---|---|---|")
    for method in METHODS:
        if "advantage" not in method.algorithm:
            continue
        for repeat in repeats:
            q, returns, late = values(Policy.load(repeat / method.folder), held_out)
            cells = [np.corrcoef(q, returns)[0, 1]]
            for fifth in range(5):
                here = (late > fifth / 5) & (late <= (fifth + 1) / 5)
                cells.append(np.corrcoef(q[here], returns[here])[0, 1])
            first, *others = (f"{cell:.2f}" for cell in cells)
            means, sds = (f"{part(q):.2f}, {part(returns):.2f}" for part in (np.mean, np.std))
            print(
                f"| {method.name}, {repeat.name} | {first}; {', '.join(others)} | {means} | {sds} |",
                flush=True,
            )


def show_rewards(repeats: Sequence[Path], dialogues: int) -> None:
    print("\n| who | reward; by repeat | doubts answered; by repeat |\n|---|---|---|")
    for method in METHODS:
        policies = [repeat / method.folder for repeat in repeats]
        for beta in sorted({0.0, float(method.algorithm.get("advantage", 0))}):
            show(f"{method.name}, beta {beta:g}", [said(policy, beta, dialogues) for policy in policies])
    for name in ("originals", "hindsight", "scratch"):
        show(f"the dialogues of {name}", [list(read_trajectories(repeat / name)) for repeat in repeats])


def said(policy: Path, beta: float, dialogues: int) -> list[Trajectory]:
    """Return the dialogues of a policy with the users on whom settings were chosen."""
    decoding = {"advantage": beta, "top_k": TOP_K, "min_p": MIN_P}
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(
            evaluate(
                [str(policy)], "donation", dialogues=dialogues, seed=TUNING, decoding=decoding, out=folder
            )
        )
        prepare(made.runs[str(policy)][0].path, f"{folder}/t")
        return list(read_trajectories(f"{folder}/t"))


def show(name: str, by_repeat: Sequence[Sequence[Trajectory]]) -> None:
    worth = [float(np.mean([one.reward for one in dialogues])) for dialogues in by_repeat]
    shares = [answered(dialogues) for dialogues in by_repeat]
    cells = (
        f"{np.mean(worth):.2f}; {', '.join(f'{each:.2f}' for each in worth)}",
        f"{np.mean(shares):.0%}; {', '.join(f'{each:.0%}' for each in shares)}",
    )
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dialogues", type=int, default=100)
    given = parser.parse_args()
    torch.set_num_threads(1)
    repeats = sorted(path for path in given.folder.iterdir() if path.name.isdigit())
    show_values(repeats)
    show_rewards(repeats, given.dialogues)


if __name__ == "__main__":
    main()
