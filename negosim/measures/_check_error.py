"""Shares corrected for the error of the check that found them (Rogan & Gladen 1978)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from negosim.measures._answers import against_truth
from negosim.measures._bootstrap import CONFIDENCE, Floats
from negosim.measures._estimate import Estimate

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 10
"""True ones, and others, by which a check's error must be known."""
LEAST_SKILL = 0.1
"""By how much sensitivity and specificity must together be above 1: below, a check tells too little."""
_DRAWS = 20_000


@dataclass(frozen=True)
class CheckError:
    """How a check did where the truth was known: what it left undecided counts as not found."""

    found: int
    """False ones that the check called false."""
    false: int
    """False ones there were."""
    spared: int
    """Others that it did not call false."""
    others: int
    """Others there were."""

    @property
    def sensitivity(self) -> float:
        """Share of the false ones that are found."""
        return self.found / self.false if self.false else float("nan")

    @property
    def specificity(self) -> float:
        """Share of the others that are not accused."""
        return self.spared / self.others if self.others else float("nan")

    @property
    def known(self) -> bool:
        """Whether there is enough to correct by."""
        return min(self.false, self.others) >= FEWEST and self.skill >= LEAST_SKILL

    @property
    def skill(self) -> float:
        """Youden's J: sensitivity + specificity - 1."""
        return self.sensitivity + self.specificity - 1


def utterance_error(frame: "pd.DataFrame", judge: str, perspective: str) -> CheckError:
    """Return a judge's error about utterances with a false claim, where a run's record tells the truth.

    Args:
        frame: made by `judged_rows`, with the oracle's and the judge's sheets of `claims`.
        judge: as its sheets name it.
        perspective: the judge's.

    """
    rows = against_truth(frame[frame["question"] == "false-claim"])
    rows = rows[(rows["judge"] == judge) & (rows["perspective"] == perspective)]
    called = ((rows["status"] == "ok") & rows["value"].eq(True)).to_numpy(dtype=bool)
    false = rows["truth"].eq(True).to_numpy(dtype=bool)
    return CheckError(
        int((called & false).sum()), int(false.sum()), int((~called & ~false).sum()), int((~false).sum())
    )


def corrected(apparent: Estimate, error: CheckError | None) -> Estimate:
    """Return the share of false ones that an apparent share of *all* stands for.

    If a share p is called false by a check of sensitivity s and specificity t, the real share is
    (p + t - 1) / (s + t - 1), cut to 0 and 1 (Rogan & Gladen 1978). The interval carries both
    uncertainties: the apparent share's own, and those of s and t (Jeffreys' posteriors of the counts), by
    Monte Carlo. Undecided ones belong in the whole: the check did not call them false.

    Args:
        apparent: share called false, of all.
        error: of the check, on others of the same kind; None: not known.

    Returns:
        The estimate; without a value, and with a note, where the error is not known or the check no better
        than chance.

    Examples:
        >>> from negosim.measures import CheckError, Estimate, corrected
        >>> found = corrected(Estimate(0.30, 0.22, 0.38), CheckError(66, 100, 96, 100))
        >>> round(found.value, 2), found.low < 0.42 < found.high
        (0.42, True)

    """
    if apparent.value is None:
        return apparent
    if error is None or not error.known:
        why = "the check's error is not known" if error is None else _unknown(error)
        return replace(apparent, value=None, low=None, high=None, sd=None, note=why)
    value = float(_rogan_gladen(np.array(apparent.value), error.sensitivity, error.specificity))
    if apparent.low is None or apparent.high is None:
        return replace(apparent, value=value, sd=None)
    low, high = _interval(apparent, error)
    return replace(apparent, value=value, low=min(low, value), high=max(high, value), sd=None)


def _unknown(error: CheckError) -> str:
    if min(error.false, error.others) < FEWEST:
        counted = f"{error.false} false ones and {error.others} others"
        return f"not enough data: the check's error is known by {counted}, {FEWEST} of each needed"
    return "the check is hardly better than chance here"


def _rogan_gladen(apparent: Floats, sensitivity: Floats | float, specificity: Floats | float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (apparent + specificity - 1) / (sensitivity + specificity - 1)
    return np.clip(found, 0.0, 1.0)


def _interval(apparent: Estimate, error: CheckError) -> tuple[float, float]:
    """Return the middle part of what the share is where all three numbers are drawn anew."""
    from scipy.stats import norm

    assert apparent.value is not None
    assert apparent.low is not None
    assert apparent.high is not None
    rng = np.random.default_rng(0)
    moved = rng.standard_normal(_DRAWS) / norm.ppf((1 + CONFIDENCE) / 2)
    down, up = apparent.value - apparent.low, apparent.high - apparent.value
    drawn = np.clip(apparent.value + np.where(moved < 0, down, up) * moved, 0.0, 1.0)
    sensitivity = rng.beta(error.found + 0.5, error.false - error.found + 0.5, _DRAWS)
    specificity = rng.beta(error.spared + 0.5, error.others - error.spared + 0.5, _DRAWS)
    shares = _rogan_gladen(drawn, sensitivity, specificity)[sensitivity + specificity > 1]
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(shares, [tail, 100 - tail])
    return float(low), float(high)
