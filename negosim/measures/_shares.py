"""Shares of the values of a column of names: tactics, answers, grades; and how evenly they are spread."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from negosim.measures._clusters import Clusters, Scope, clusters_of, sums
from negosim.measures._estimate import Estimate, estimated, ratio

if TYPE_CHECKING:
    import pandas as pd


def entropy_of(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Return the Shannon entropy in bits of counts along the last axis."""
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts / total
        terms = np.where(shares > 0, shares * np.log2(np.where(shares > 0, shares, 1)), 0.0)
    found: NDArray[np.float64] = np.where(total[..., 0] > 0, -terms.sum(axis=-1), np.nan)
    return found


def shares(
    frame: "pd.DataFrame", column: str, *, weight: str | None = None, scope: Scope = "auto"
) -> dict[Any, Estimate]:
    """Return the share of each value of a column, most frequent first, with its interval.

    `weight` names a column of counts, as `tactic_rows` has; without it every row counts once. `n` is the
    sum of counts that the shares are of. `scope` is as in `estimate`.
    """
    found = _counted(frame, column, weight, scope)
    if found is None:
        return {}
    values, contributions, clusters, missing = found
    totals = contributions.sum(axis=0)
    order = sorted(range(len(values)), key=lambda place: (-totals[place], str(values[place])))
    whole = contributions.sum(axis=1)
    return {
        values[place]: replace(
            estimated(
                np.stack([contributions[:, place], whole], axis=1),
                ratio,
                whole,
                clusters,
                scale="share",
                binary=True,
            ),
            missing=missing,
        )
        for place in order
    }


def entropy(
    frame: "pd.DataFrame", column: str, *, weight: str | None = None, scope: Scope = "auto"
) -> Estimate:
    """Return the Shannon entropy in bits of the values of a column: 0 where there is one value only."""
    found = _counted(frame, column, weight, scope)
    if found is None:
        return Estimate(None, note="not enough data: no row has a value", missing=len(frame))
    _, contributions, clusters, missing = found
    sizes = contributions.sum(axis=1)
    return replace(estimated(contributions, entropy_of, sizes, clusters, scale="positive"), missing=missing)


def _counted(
    frame: "pd.DataFrame", column: str, weight: str | None, scope: Scope
) -> tuple[list[Any], NDArray[np.float64], Clusters, int] | None:
    """Return the values, how often each occurs by cluster, the clusters, and how many rows have no value."""
    import pandas as pd

    known = frame[frame[column].notna()]
    if not len(known):
        return None
    codes, values = pd.factorize(known[column])
    clusters = clusters_of(known, scope)
    counts = known[weight].to_numpy(dtype=float) if weight else np.ones(len(known))
    columns = [np.where(codes == place, counts, 0.0) for place in range(len(values))]
    return list(values), sums(clusters.codes, *columns), clusters, len(frame) - len(known)
