"""A classifier of attitudes: how far somebody shares a statement, told by what was said aloud.

After the attitude predictor of ToMAP (Han et al. 2025): a frozen sentence encoder and a small network over
the statement and the dialogue, with five classes. The encoder is the one that the extra `[text]` brings; the
network is trained by `negosim planners attitudes` and read here with NumPy.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from negosim._files import first_error, unreadable
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.judging import embed, embeddings_available

Floats = NDArray[np.float32]
Layers = tuple[tuple[Floats, Floats], ...]
"""Weights and biases, the first layer first."""

CLASSES = 5
"""0 disagrees, 1 partly disagrees, 2 is neutral, 3 partly agrees, 4 agrees."""

WIDTH = 384
"""Of a sentence's embedding."""

NEEDED = "the sentence encoder is missing; pip install 'negosim[text]'"


class AttitudeSource(Frozen):
    """Where examples came from."""

    name: str
    digest: str
    examples: int


class AttitudeCard(Frozen):
    """What a classifier is and how it came about; stored in its file."""

    format: Literal["negosim-attitudes-1"] = "negosim-attitudes-1"
    encoder: str = "all-MiniLM-L6-v2"
    negosim: str
    """Version it was trained by."""
    sources: tuple[AttitudeSource, ...]
    statements: int
    """Different statements among the examples."""
    counts: tuple[int, ...]
    """Examples of each class."""
    hidden: tuple[int, ...]
    epochs: int
    seed: int
    held_out_by: Literal["dialogues", "statements"]
    """What training did not see some of."""
    held_out: int
    """Examples of these."""
    accuracy: float
    """Share of them whose class was told."""
    majority: float
    """Share of them that the commonest class of the training set gets right."""
    error: float
    """Mean distance between told and true attitude, from 0 to 1."""
    constant_error: float
    """The same of the training set's mean attitude, told of everyone."""


@dataclass(frozen=True)
class AttitudeClassifier:
    """A trained network over sentence embeddings.

    Examples:
        >>> load_attitudes("attitudes.safetensors").share("Trams are loud.", ["I sleep badly."], [])
        ... # doctest: +SKIP
        0.81

    """

    layers: Layers
    card: AttitudeCard

    def probabilities(self, statement: str, said: Sequence[str], heard: Sequence[str]) -> Floats:
        """Return the probability of each class.

        Args:
            statement: what somebody may share or not.
            said: what that somebody has said, in its order.
            heard: what others have said.

        """
        row: Floats = forward(self.layers, features(statement, said, heard)[None])[0]
        return row

    def share(self, statement: str, said: Sequence[str], heard: Sequence[str]) -> float:
        """Return how far the statement is shared, from 0 to 1: the mean over the classes."""
        return float(self.probabilities(statement, said, heard) @ np.arange(CLASSES)) / (CLASSES - 1)


def forward(layers: Layers, x: Floats) -> Floats:
    """Return the probability of each class, a row for each row of features."""
    for at, (weights, biases) in enumerate(layers):
        x = x @ weights.T + biases
        x = np.maximum(x, 0) if at < len(layers) - 1 else x
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def features(statement: str, said: Sequence[str], heard: Sequence[str]) -> Floats:
    """Return what the network sees: the statement, what was said and heard, and where the first two meet."""
    about, own = embed((statement,))[0], _mean(said)
    return np.concatenate([about, own, _mean(heard), about * own * np.float32(np.sqrt(WIDTH))])


def _mean(texts: Sequence[str]) -> Floats:
    mean: Floats = embed(tuple(texts)).mean(axis=0) if texts else np.zeros(WIDTH, np.float32)
    return mean


def attitudes_digest(file: str) -> str:
    """Return a hash of a classifier's file.

    Raises:
        UserError: it cannot be read, or is no classifier.

    """
    return _read(file, *_stamp(file))[1]


def load_attitudes(file: str) -> AttitudeClassifier:
    """Return the classifier in a file.

    Raises:
        UserError: it cannot be read, is no classifier, or the sentence encoder is not installed.

    """
    if not embeddings_available():
        raise UserError(f"{file}: {NEEDED}")
    return _read(file, *_stamp(file))[0]


def _stamp(file: str) -> tuple[int, int]:
    try:
        status = Path(file).expanduser().stat()
    except OSError as error:
        raise unreadable(file, error, "train one with: negosim planners attitudes") from None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _read(file: str, changed: int, size: int) -> tuple[AttitudeClassifier, str]:
    from safetensors import SafetensorError, safe_open

    path = Path(file).expanduser()
    wrong = f"{file}: is no classifier of attitudes; train one with: negosim planners attitudes"
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        with safe_open(path, framework="numpy") as stored:
            card = AttitudeCard.model_validate_json((stored.metadata() or {}).get("card", ""))
            names = [(f"{at}.weight", f"{at}.bias") for at in range(len(card.hidden) + 1)]
            layers = tuple((stored.get_tensor(one), stored.get_tensor(other)) for one, other in names)
    except OSError as error:
        raise unreadable(file, error, "train one with: negosim planners attitudes") from None
    except ValidationError as error:
        raise UserError(f"{wrong} ({first_error(error)})") from None
    except SafetensorError as error:
        raise UserError(f"{wrong} ({error})") from None
    sizes = (4 * WIDTH, *card.hidden, CLASSES)
    for (weights, biases), (narrow, wide) in zip(layers, pairwise(sizes), strict=True):
        if weights.shape != (wide, narrow) or biases.shape != (wide,):
            raise UserError(f"{wrong} (a layer of {weights.shape} where {(wide, narrow)} is right)")
        if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
            raise UserError(f"{wrong} (weights that are no numbers)")
    return AttitudeClassifier(layers, card), f"sha256:{digest}"
