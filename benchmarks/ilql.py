"""ILQL training and decoding against a straightforward implementation of the same loss and policy.

The straightforward one does what the published references do: every head, over the whole vocabulary, at
every position, and for each new token all of it again over the whole prefix. Each measurement runs in a
process of its own, on one thread, whose processor time is counted (others may be running beside it);
peak memory is its largest resident set.

    python benchmarks/ilql.py [--vocabulary 50257] [--width 128] [--dialogues 16] [--length 128]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from negosim.rl.policy._sampling import Sampling, decode
from negosim.rl.training import ILQL
from negosim.rl.training._batches import Batch, collate
from negosim.rl.training._tiny import tiny_gpt
from negosim.rl.training.dialogue_format import Encoded
from negosim.rl.training.model import Losses, States, ValueModel

STEPS = 3
TURN = 16
"""Tokens of a turn; sides alternate, so that half of all tokens are actions."""


@dataclass(frozen=True)
class ModelSize:
    vocabulary: int
    width: int
    dialogues: int
    length: int


def make(size: ModelSize) -> tuple[ValueModel, Batch]:
    torch.manual_seed(0)
    model = ValueModel(
        tiny_gpt(size.vocabulary, layers=2, width=size.width, context=size.length + 64), ILQL.heads
    )
    draw = torch.Generator().manual_seed(1)
    data = []
    for number in range(size.dialogues):
        tokens = torch.randint(size.vocabulary, (size.length,), generator=draw).tolist()
        actions = [place for place in range(size.length - 1) if (place + 1) // TURN % 2]
        data.append(Encoded(str(number), tokens, actions, [0.0] * (len(actions) - 1) + [1.0], True))
    return model, collate(data)


def straightforward(model: ValueModel, batch: Batch, algorithm: ILQL) -> torch.Tensor:
    """Return ILQL's loss from every head at every position."""
    hidden = model.lm.base_model(input_ids=batch.ids, attention_mask=batch.attention).last_hidden_state
    logits = model.lm.get_output_embeddings()(hidden)[:, :-1]
    q1, q2 = model.head("q1")(hidden)[:, :-1], model.head("q2")(hidden)[:, :-1]
    with torch.no_grad():
        target_q = torch.minimum(model.head("target_q1")(hidden), model.head("target_q2")(hidden))[:, :-1]
    v = model.head("v")(hidden).squeeze(-1)
    taken = batch.ids[:, 1:, None]
    target = target_q.gather(2, taken).squeeze(2)
    mask, reward, after = (torch.zeros_like(target) for _ in range(3))
    mask[batch.row, batch.at] = 1
    reward[batch.row, batch.at] = batch.reward
    rows = batch.row
    ends = batch.last[rows]
    following = torch.where(batch.final, ends, batch.at.roll(-1))
    after[rows, batch.at] = batch.not_done * v[rows, following].detach()
    y = reward + algorithm.discount * after
    count = mask.sum()
    loss = torch.zeros(())
    for q in (q1, q2):
        chosen = q.gather(2, taken).squeeze(2)
        loss = loss + (mask * (chosen - y).square()).sum() / count
        each = functional.cross_entropy(q.transpose(1, 2), taken.squeeze(2), reduction="none")
        loss = loss + algorithm.cql_weight * (mask * each).sum() / count
    gap = target - v[:, :-1]
    slope = torch.where(gap < 0, 1 - algorithm.expectile, algorithm.expectile)
    loss = loss + (mask * slope * gap.square()).sum() / count
    each = functional.cross_entropy(logits.transpose(1, 2), taken.squeeze(2), reduction="none")
    weight = torch.exp(algorithm.advantage_weight * gap).detach()
    return loss + algorithm.bc_weight * (mask * weight * each).sum() / count


def negosim_loss(model: ValueModel, batch: Batch, algorithm: ILQL) -> torch.Tensor:
    losses: Losses = model(batch, lambda model, batch, states: _losses(algorithm, model, batch, states))
    return losses["loss"] / len(batch.at)


def _losses(algorithm: ILQL, model: ValueModel, batch: Batch, states: States) -> Losses:
    return algorithm.losses(model, batch, states)


def train(size: ModelSize, which: str) -> dict[str, float]:
    model, batch = make(size)
    algorithm = ILQL()
    loss_of = straightforward if which == "straightforward" else negosim_loss
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-4)
    first, seconds = 0.0, []
    for step in range(STEPS + 1):
        started = time.process_time()
        loss = loss_of(model, batch, algorithm)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        algorithm.after_step(model)
        seconds.append(time.process_time() - started)
        first = first if step else loss.item()
    best = min(seconds[1:])  # the first step allocates; others run beside us
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "loss": first,
        "last": loss.item(),
        "tokens_per_second": batch.ids.numel() / best,
        "peak_mb": peak,
    }


@torch.inference_mode()
def naive_decode(model: ValueModel, prompts: torch.Tensor, new: int, beta: float, top_k: int) -> torch.Tensor:
    """Return greedy continuations, every head over the whole prefix again for each token."""
    ids = prompts
    for _ in range(new):
        hidden = model.lm.base_model(input_ids=ids).last_hidden_state
        logits = model.lm.get_output_embeddings()(hidden)
        worth = torch.minimum(model.head("target_q1")(hidden), model.head("target_q2")(hidden))
        value = model.head("v")(hidden)
        scores = logits.log_softmax(-1) + beta * (worth - value)
        scores = scores[:, -1].masked_fill(
            logits[:, -1] < logits[:, -1].topk(top_k).values[:, -1:], -torch.inf
        )
        ids = torch.cat([ids, scores.argmax(1, keepdim=True)], dim=1)
    return ids[:, prompts.shape[1] :]


def speak(size: ModelSize, which: str) -> dict[str, Any]:
    model, batch = make(size)
    new, beta, top_k = 24, 8.0, 20
    model.eval()
    started = time.process_time()
    if which == "straightforward":
        said = naive_decode(model, batch.ids, new, beta, top_k).tolist()
    else:
        said = decode(
            model.lm,
            [model.head("target_q1"), model.head("target_q2")],
            batch.ids.tolist(),
            sampling=Sampling(advantage=beta, top_k=top_k, temperature=0, max_tokens=new),
            seeds=range(len(batch.ids)),
            rooms=[new] * len(batch.ids),
            stop=size.vocabulary - 1,
            banned=torch.zeros(size.vocabulary, dtype=torch.bool),
            say_something=False,
        )
    return {"tokens_per_second": new * len(said) / (time.process_time() - started), "said": said}


def measure(size: ModelSize, task: str, which: str) -> dict[str, Any]:
    numbers = [str(number) for number in (size.vocabulary, size.width, size.dialogues, size.length)]
    command = [sys.executable, str(Path(__file__)), "--measure", task, which, *numbers]
    result = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(result)
    return found


def main() -> None:
    if "--measure" in sys.argv:
        task, which, *numbers = sys.argv[2:]
        torch.set_num_threads(1)
        size = ModelSize(*map(int, numbers))
        print(json.dumps((train if task == "train" else speak)(size, which)))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocabulary", type=int, default=50257)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--dialogues", type=int, default=16)
    parser.add_argument("--length", type=int, default=128)
    size = ModelSize(**vars(parser.parse_args()))
    plain, ours = (measure(size, "train", which) for which in ("straightforward", "negosim"))
    for name, found in (("straightforward", plain), ("negosim", ours)):
        print(
            f"training, {name}: {found['tokens_per_second']:,.0f} tokens/s, peak {found['peak_mb']:,.0f} MB, "
            f"loss {found['loss']:.6f}, after {STEPS} steps {found['last']:.6f}"
        )
    print(
        f"training: {ours['tokens_per_second'] / plain['tokens_per_second']:.1f} times the tokens/s, "
        f"{ours['peak_mb'] / plain['peak_mb']:.2f} of the peak memory"
    )
    plain, ours = (measure(size, "speak", which) for which in ("straightforward", "negosim"))
    same = plain["said"] == ours["said"]
    print(
        f"decoding: {plain['tokens_per_second']:,.1f} and {ours['tokens_per_second']:,.1f} tokens/s, "
        f"{ours['tokens_per_second'] / plain['tokens_per_second']:.1f} times; "
        f"{'the same tokens' if same else 'NOT THE SAME TOKENS'}"
    )


if __name__ == "__main__":
    main()
