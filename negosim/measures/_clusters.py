"""Which rows belong together: dialogues of one scenario, or of one matched seed, are not independent."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Clustered = Literal["scenario", "index"]


def clusters_of(frame: "pd.DataFrame", *, fixed: str | None = None) -> tuple[NDArray[np.int64], Clustered]:
    """Return the cluster of every row, counted from 0, and what the clusters are.

    Clusters are the scenarios where there are at least two: what is found is meant to hold for scenarios
    like these. Within one scenario they are the matched seeds (`index`). With `fixed` "scenario" the
    scenarios are what is compared, and clusters are the seeds of each.
    """
    import pandas as pd

    if fixed == "scenario":
        codes = frame.groupby(["scenario", "index"], sort=True).ngroup().to_numpy()
        return codes.astype(np.int64), "index"
    by: Clustered = "scenario" if frame["scenario"].nunique() > 1 else "index"
    codes, _ = pd.factorize(frame[by], sort=True)
    return codes.astype(np.int64), by


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
