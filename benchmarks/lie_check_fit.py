"""The weights of the lie check by meaning, fitted to the committed claims about alternatives, deadlines,
facts.

Multinomial logistic regression with a ridge penalty on standardised signs; claims that are true in their
words and meant to mislead are left out. Prints `WEIGHTS` of `negosim/judging/_wording.py`.

    python benchmarks/lie_check_fit.py
"""

from collections.abc import Sequence

import numpy as np
from claims import Known, known_claims
from numpy.typing import NDArray
from scipy.optimize import minimize

from negosim.judging._notes import notes_for
from negosim.judging._wording import SIGNS, probabilities, signs

Floats = NDArray[np.float64]
CLASSES = ("true", "false", "unverifiable")
PENALTY = 6.0
"""Of half the squared weights, against a sum of losses."""


def described(claims: Sequence[Known]) -> Floats:
    """Return the signs of each claim."""
    return np.array(
        [
            signs(one.statement.quote, one.statement.subject, notes_for(one.role, one.scenario))[0]
            for one in claims
        ]
    )


def fit(x: Floats, truths: Sequence[str]) -> list[list[float]]:
    """Return an intercept and a weight for each sign, by class."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z, y = (x - mean) / spread, np.array([CLASSES.index(truth) for truth in truths])
    shape = len(CLASSES), len(SIGNS) + 1

    def loss(flat: Floats) -> float:
        weights = flat.reshape(shape)
        found = probabilities(z, weights.tolist())[np.arange(len(y)), y]
        return float(-np.log(found + 1e-12).sum() + PENALTY / 2 * (weights[:, 1:] ** 2).sum())

    weights = minimize(loss, np.zeros(shape).reshape(-1), method="L-BFGS-B").x.reshape(shape)
    slopes = weights[:, 1:] / spread
    return np.column_stack([weights[:, 0] - slopes @ mean, slopes]).tolist()


if __name__ == "__main__":
    used = [one for one in known_claims() if one.by_words and one.truth in CLASSES]
    for row in fit(described(used), [one.truth for one in used]):
        print("    (" + ", ".join(f"{weight:.2f}" for weight in row) + "),")
