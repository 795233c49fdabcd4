"""Training of the classifier of attitudes; needs the extras `[rl]` and `[text]`."""

import random
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from negosim._files import whole_file
from negosim.errors import UserError
from negosim.judging import embeddings_available
from negosim.planners.attitude_examples import AttitudeExample
from negosim.planners.attitudes import (
    CLASSES,
    NEEDED,
    AttitudeCard,
    AttitudeClassifier,
    AttitudeSource,
    Floats,
    Layers,
    features,
    forward,
)

if TYPE_CHECKING:
    from torch import nn

HIDDEN = (1024, 512, 128)
RATE, BATCH, EPOCHS, DROPOUT, DECAY = 5e-4, 64, 15, 0.1, 0.1
"""As ToMAP trains its own (AdamW)."""

HELD_OUT = 0.2
"""Share of the groups that training does not see."""

FEWEST = 10
"""Groups (dialogues, or statements) without which nothing could be held out."""

By = Literal["dialogues", "statements"]


def train_attitudes(
    examples: Sequence[AttitudeExample],
    sources: Sequence[AttitudeSource],
    *,
    by: By = "dialogues",
    epochs: int = EPOCHS,
    seed: int = 0,
) -> AttitudeClassifier:
    """Train a classifier, and measure it on what it did not see.

    Args:
        examples: of `read_examples`.
        sources: where they came from.
        by: what is held out: whole dialogues, or whole statements, which tells more of new ones.
        epochs: how often every example is seen.
        seed: of the split, the first weights, the order and the dropout.

    Raises:
        UserError: an extra is missing, or there are too few examples.

    """
    if find_spec("torch") is None:
        raise UserError("training needs torch; pip install 'negosim[rl,text]'")
    if not embeddings_available():
        raise UserError(NEEDED)
    groups = [one.dialogue if by == "dialogues" else one.statement for one in examples]
    held = _held_out(groups, by, seed)
    x = np.stack([features(one.statement, one.said, one.heard) for one in examples])
    y = np.array([one.agreement for one in examples])
    if len(set(y[~held])) == 1:
        raise UserError(f"every example has attitude {y[~held][0]}; give some of others, too")
    layers = _fit(x[~held], y[~held], epochs, seed)
    counts = Counter(y.tolist())
    card = AttitudeCard(
        negosim=version("negosim"),
        sources=tuple(sources),
        statements=len({one.statement for one in examples}),
        counts=tuple(counts[one] for one in range(CLASSES)),
        hidden=HIDDEN,
        epochs=epochs,
        seed=seed,
        held_out_by=by,
        held_out=int(held.sum()),
        **_measured(layers, x, y, held),
    )
    return AttitudeClassifier(layers, card)


def write_attitudes(made: AttitudeClassifier, path: Path) -> None:
    """Write a classifier into a file, its card within.

    Raises:
        UserError: it cannot be written.

    """
    from safetensors.numpy import save_file

    tensors: dict[str, Floats] = {}
    for at, (weights, biases) in enumerate(made.layers):
        tensors |= {f"{at}.weight": weights, f"{at}.bias": biases}
    with whole_file(path) as part:
        save_file(tensors, part, metadata={"card": made.card.model_dump_json()})


def _held_out(groups: Sequence[str], by: By, seed: int) -> NDArray[np.bool_]:
    known = sorted(set(groups))
    if len(known) < FEWEST:
        raise UserError(
            f"{len(known)} {by} are too few to hold some out; give examples of {FEWEST} or more"
            + (", or hold out dialogues" if by == "statements" else "")
        )
    chosen = set(random.Random(seed).sample(known, round(HELD_OUT * len(known))))
    return np.array([group in chosen for group in groups])


def _fit(x: Floats, y: NDArray[np.int64], epochs: int, seed: int) -> Layers:
    """Train the network on examples, a row each; leave torch's own random numbers as they were."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(x.shape[1])
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
        inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
        network.train()
        for _ in range(epochs):
            for batch in torch.randperm(len(y)).split(BATCH):
                loss = nn.functional.cross_entropy(network(inputs[batch]), targets[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    return tuple((one.weight.detach().numpy(), one.bias.detach().numpy()) for one in linear)


def _network(width: int) -> "nn.Sequential":
    from torch import nn

    layers: list[nn.Module] = []
    for hidden in HIDDEN:
        layers += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(DROPOUT)]
        width = hidden
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


def _measured(layers: Layers, x: Floats, y: NDArray[np.int64], held: NDArray[np.bool_]) -> dict[str, float]:
    """Return how well held-out attitudes are told, and how well without looking at what was said."""
    told = forward(layers, x[held])
    means = told @ np.arange(CLASSES)
    commonest = Counter(y[~held].tolist()).most_common(1)[0][0]
    return {
        "accuracy": round(float((told.argmax(axis=1) == y[held]).mean()), 4),
        "majority": round(float((y[held] == commonest).mean()), 4),
        "error": round(float(np.abs(means - y[held]).mean()) / (CLASSES - 1), 4),
        "constant_error": round(float(np.abs(y[~held].mean() - y[held]).mean()) / (CLASSES - 1), 4),
    }
