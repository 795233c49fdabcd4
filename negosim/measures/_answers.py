"""Answers as data: what kind they are, which item they are about, who gave them, what is true."""

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from negosim.records import PERSON, THIRD_PARTY, TRUTH

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["yes_no", "degree", "number", "choice"]
"""Answers of yes and no; whole numbers in an order; other numbers; ids."""

ITEM = ["dialogue", "question", "agent", "turn"]
"""What an answer is about."""

LISTS = ("claim",)
"""Questions that are answered with a list: their judgements have no partner in another judge's list."""

MOST_GRADES = 50
"""Whole numbers of more different values are taken as numbers, not as grades."""


def answers(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the judgements that can be compared, with `agent` and `turn` as plain numbers (-1: none)."""
    kept = frame[~frame["question"].isin(LISTS)]
    return kept.assign(
        agent=kept["agent"].fillna(-1).astype("int64"), turn=kept["turn"].fillna(-1).astype("int64")
    )


def against_truth(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the judgements about which the truth is known, with it as `truth`, whatever their status.

    Where the truth itself is told in two ways there is none.
    """
    known = answers(frame)
    is_truth = known["perspective"] == TRUTH
    truths = known[is_truth & (known["status"] == "ok")][[*ITEM, "value"]]
    truths = truths[~truths.assign(value=truths["value"].map(as_text)).duplicated()]
    truths = truths[~truths.duplicated(ITEM, keep=False)]
    return known[~is_truth].merge(truths.rename(columns={"value": "truth"}), on=ITEM, how="inner")


PEOPLE = "people"
"""The judge that stands for what most people said."""


def people_as_truth(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the answers of judges that are no people, with what most people said in the place of the truth.

    Of yes and no and of choices the most frequent answer counts, of grades the median; where people are
    equally divided there is none. People who answered for a side do not count as readers.
    """
    import pandas as pd

    person = frame["judge"].astype("object").str.startswith(PERSON)
    readers = frame[person & (frame["perspective"] == THIRD_PARTY) & (frame["status"] == "ok")]
    others = frame[~person & (frame["perspective"] != TRUTH)]
    asked = readers["question"].isin(set(others["question"])) & readers["dialogue"].isin(
        set(others["dialogue"])
    )
    readers = readers[asked]
    said = [
        {**group.iloc[0].to_dict(), "value": value}
        for _, group in readers.groupby(ITEM, observed=True, dropna=False)
        if (value := _most(group["value"].tolist())) is not None
    ]
    if not said:
        return frame.iloc[:0]
    truth = pd.DataFrame(said, columns=frame.columns).assign(perspective=TRUTH, judge=PEOPLE)
    both = [part.astype(dict.fromkeys(("judge", "perspective"), "object")) for part in (others, truth)]
    return pd.concat(both, ignore_index=True)


def _most(values: list[Any]) -> Any:
    """Return the answer of most, None where people are divided."""
    kind = kind_of_values(values)
    if kind in ("degree", "number"):
        middle = float(np.median([float(value) for value in values]))
        return middle if kind == "number" else (int(middle) if middle.is_integer() else None)
    counted = Counter(as_text(value) for value in values).most_common(2)
    if len(counted) > 1 and counted[0][1] == counted[1][1]:
        return None
    return next(value for value in values if as_text(value) == counted[0][0])


def as_text(value: Any) -> str:
    """Return an answer as text: equal answers give equal text, however a number was written."""
    if isinstance(value, str | bool | np.bool_):
        return str(value)
    return f"{float(value):.12g}"


def kind_of(*columns: "pd.Series[Any]") -> Kind:
    """Return the kind of answers in some columns without missing values."""
    return kind_of_values([value for column in columns for value in column])


def kind_of_values(values: list[Any]) -> Kind:
    """Return the kind of some answers."""
    if all(isinstance(value, (bool, np.bool_)) for value in values):
        return "yes_no"
    if any(isinstance(value, (bool, np.bool_, str)) for value in values):
        return "choice"
    whole = all(float(value).is_integer() for value in values)
    return "degree" if whole and len(set(values)) <= MOST_GRADES else "number"


def coded(kind: Kind, *columns: "pd.Series[Any]") -> tuple[list[Any], list[NDArray[np.int64]]]:
    """Return the different values of some columns, in order, and each column as their positions."""
    shown = [column.map(as_text) if kind == "choice" else column.map(float) for column in columns]
    if kind == "yes_no":
        shown = [column.map(bool) for column in columns]
    values = sorted({value for column in shown for value in column})
    places = {value: place for place, value in enumerate(values)}
    return values, [column.map(places).to_numpy(dtype=np.int64) for column in shown]
