"""Clusters of rows that are not independent: dialogues of one scenario, or of one matched seed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Scope = Literal["auto", "these", "any"]
"""What an interval is about: more dialogues of "these" scenarios, or "any" scenarios like these. "auto" is
"any" from `MIN_CLUSTERS` scenarios on, "these" with fewer."""

MIN_CLUSTERS = 5
"""With fewer clusters there is no interval."""


@dataclass(frozen=True)
class Clusters:
    """The clusters that rows fall into."""

    codes: NDArray[np.int64]
    """The cluster of each row, counted from 0."""
    strata: NDArray[np.int64]
    """The stratum of each cluster, counted from 0: resampling keeps the clusters of each."""
    kind: Literal["scenario", "index"]
    """What a cluster is: a scenario, or a matched seed of one."""

    def __len__(self) -> int:
        return len(self.strata)

    def only(self, kept: NDArray[np.bool_]) -> "Clusters":
        """Return some of the clusters, without the rows."""
        return Clusters(self.codes[:0], _counted(self.strata[kept]), self.kind)

    @property
    def scope(self) -> Literal["these", "any"]:
        """What an interval is about."""
        return "any" if self.kind == "scenario" else "these"

    def too_few(self) -> str | None:
        """Return the note that goes with too few clusters, None where there are enough."""
        count = len(self)
        if count < MIN_CLUSTERS:
            what = {"scenario": "scenarios", "index": "seeds"}[self.kind]
            what = what if count != 1 else what[:-1]
            return f"not enough data: {count} {what}, {MIN_CLUSTERS} needed"
        if np.bincount(self.strata).min() < 2:
            return "not enough data: a scenario has one seed, 2 needed in each"
        return None


def clusters_of(frame: "pd.DataFrame", scope: Scope = "auto", *, fixed: str | None = None) -> Clusters:
    """Return the clusters of the rows of a frame with the columns `scenario` and `index`.

    For "any" scenarios the clusters are scenarios. For "these" they are the seeds of each scenario, and the
    scenarios are strata. With `fixed` "scenario" the scenarios are what is compared: clusters are the seeds
    of each, and there are no other scenarios to speak of.
    """
    scenarios = _counted(frame["scenario"].to_numpy())
    count = int(scenarios.max()) + 1 if len(scenarios) else 0
    if fixed != "scenario" and (scope == "any" or (scope == "auto" and count >= MIN_CLUSTERS)):
        return Clusters(scenarios, np.zeros(count, dtype=np.int64), "scenario")
    seeds = _counted(frame["index"].to_numpy())
    codes = _counted(scenarios * (int(seeds.max(initial=0)) + 1) + seeds)
    _, first = np.unique(codes, return_index=True)
    return Clusters(codes, scenarios[first], "index")


def _counted(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the place of each value among the different ones in order."""
    import pandas as pd

    codes, _ = pd.factorize(values, sort=True)
    return codes.astype(np.int64)


def numbers(column: "pd.Series[Any]") -> tuple[NDArray[np.float64], bool]:
    """Return a column as numbers, NaN where missing, and whether it is of yes and no.

    Raises:
        TypeError: it holds text; shares of text are counted by `negosim.measures.shares`.

    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        binary = pd.api.types.is_bool_dtype(column)
        return column.to_numpy(dtype=float, na_value=np.nan), binary
    known = [value for value in column if not pd.isna(value)]
    if any(isinstance(value, str) for value in known):
        raise TypeError(f"column {column.name!r} holds text; count its shares instead")
    binary = bool(known) and all(isinstance(value, bool | np.bool_) for value in known)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan), binary


def sums(clusters: NDArray[np.int64], *columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of every column by cluster, shape (clusters, columns)."""
    count = int(clusters.max()) + 1 if len(clusters) else 0
    return np.stack([np.bincount(clusters, column, minlength=count) for column in columns], axis=1)
