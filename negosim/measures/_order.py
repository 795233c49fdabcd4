"""Order of what is asked: whether it changes answers more than chance does, and whether the first wins."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from negosim.measures._answers import ITEM, answers, as_text
from negosim.measures._clusters import Scope
from negosim.measures._estimate import Estimate, mean_of
from negosim.measures._reliability import CODER
from negosim.records import TRUTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_KEYS = ["judge", "perspective", "question"]


@dataclass(frozen=True)
class OrderEffect:
    """How often a judge's answer changes when it is asked again, in another order and in the same."""

    judge: str
    perspective: str
    question: str
    changed: Estimate
    """Share of the items asked in several orders whose answers are not all the same."""
    floor: Estimate
    """Share of the items asked twice in the same order whose answers differ: what chance changes."""


@dataclass(frozen=True)
class PositionBias:
    """How often a judge's answer was the first of those shown, against what order alone would give."""

    judge: str
    perspective: str
    question: str
    first: Estimate
    """Share of the answers that stood first."""
    expected: float
    """The same where order decides nothing: the mean chance of the answers given to stand first."""
    excess: Estimate
    """`first` - `expected`: above 0, what stands first is preferred."""


def order_effects(frame: "pd.DataFrame", *, scope: Scope = "auto") -> list[OrderEffect]:
    """Return how often answers change between repeats, by judge, perspective and question.

    Repeats put questions and options in other orders; the third is in the order of the first again. Some
    change is chance, unless the judge answers the same to the same prompt: order matters as far as
    `changed` is above `floor`. Of repeats whose order is not on record each has its own.

    Args:
        frame: made by `judged_rows`.
        scope: what intervals are about, as in `estimate`.

    """
    found = []
    for (judge, perspective, question), group in _usable(frame):
        shown = group.assign(_shown=group["value"].map(as_text), _order=_orders(group))
        shown = shown.sort_values("repeat", kind="stable")
        first = shown.drop_duplicates([*CODER, *ITEM, "_order"])
        changed = _unlike(first, [*CODER, *ITEM], scope)
        floor = _unlike(shown, [*CODER, *ITEM, "_order"], scope)
        if changed.n or floor.n:
            found.append(OrderEffect(judge, perspective, question, changed, floor))
    return found


def position_bias(frame: "pd.DataFrame", *, scope: Scope = "auto") -> list[PositionBias]:
    """Return how often the first of what is shown is the answer, by judge, perspective and question.

    Only answers in an order that was drawn count: those of repeats after the first. An answer's own chance
    to stand first is what is expected: a half for yes and no and for the ends of a scale, 0 for the grades
    between, one over the number of options.

    Args:
        frame: made by `judged_rows`.
        scope: what intervals are about, as in `estimate`.

    Examples:
        >>> import negosim
        >>> from negosim.measures import judged_rows, position_bias
        >>> position_bias(judged_rows(negosim.Run.open("my-run")))
        []

    """
    found = []
    for (judge, perspective, question), group in _usable(frame):
        chance = _told(group, "chance_first")
        drawn = group[chance.notna() & (_orders(group) != 0)]
        if not len(drawn):
            continue
        expected = chance[drawn.index].to_numpy(dtype=float)
        first = (_told(drawn, "position") == 1).to_numpy().astype(np.float64)
        share = mean_of(drawn, first, binary=True, scope=scope)
        excess = mean_of(drawn, first - expected, binary=False, scope=scope)
        found.append(PositionBias(judge, perspective, question, share, float(expected.mean()), excess))
    return found


def _usable(frame: "pd.DataFrame") -> "Iterator[tuple[tuple[str, str, str], pd.DataFrame]]":
    rows = answers(frame)
    rows = rows[(rows["perspective"] != TRUTH) & (rows["status"] == "ok")]
    for key, group in rows.groupby(_KEYS, observed=True):
        judge, perspective, question = map(str, key)
        yield (judge, perspective, question), group


def _orders(group: "pd.DataFrame") -> "pd.Series[int]":
    """Return the number of the order that each answer was asked in."""
    return _told(group, "order").fillna(group["repeat"]).astype("int64")


def _told(group: "pd.DataFrame", key: str) -> "pd.Series[float]":
    """Return what the details of answers have under a key, missing where they do not."""
    told = group["detail"].map(lambda detail: detail.get(key) if isinstance(detail, dict) else None)
    return told.astype("float64")


def _unlike(rows: "pd.DataFrame", by: list[str], scope: Scope) -> Estimate:
    """Return the share of items with several answers whose answers differ."""
    several = rows[rows.duplicated(by, keep=False)]
    if not len(several):
        return Estimate(None, note="not enough data: nothing was asked so")
    items = several.groupby(by, observed=True).agg(
        scenario=("scenario", "first"),
        index=("index", "first"),
        different=("_shown", "nunique"),
    )
    return mean_of(items, (items["different"] > 1).to_numpy().astype(np.float64), binary=True, scope=scope)
