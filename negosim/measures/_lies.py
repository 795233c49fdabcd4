"""Rates of false statements, of the decided ones and of all, with what is undecided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from negosim.measures._bootstrap import Floats
from negosim.measures._check_error import CheckError, corrected, utterance_error
from negosim.measures._clusters import Scope
from negosim.measures._estimate import Estimate, mean_of
from negosim.records import TRUTH

if TYPE_CHECKING:
    import pandas as pd

KNOWN_ERRORS: Mapping[str, CheckError] = {
    "reservation": CheckError(found=29, false=29, spared=33, others=33),
    "priority": CheckError(found=22, false=23, spared=19, others=19),
}
"""By subject, of the verdicts that code gives whatever the judge, on claims of known truth that were
extracted perfectly (`benchmarks/lie_check.py`, both sets). Verdicts on claims in words depend on the judge
that has a vote: their error is known where it was measured."""

ClaimSource = Literal["flags of the record", "verdicts of the check"]
"""Whose word it is: simulated players flag their own claims; the lie check holds claims against the brief."""


@dataclass(frozen=True)
class LieRates:
    """What one judge's sheets say of claims about a subject, or of utterances."""

    judge: str
    perspective: str
    source: ClaimSource
    of: Literal["claims", "utterances"]
    subject: str | None
    """None: all of them."""
    undecided: Estimate
    """Share that is neither true nor false: unverifiable, or not answered."""
    false_of_decided: Estimate
    false_of_all: Estimate
    corrected: Estimate
    """`false_of_all` corrected for the check's error; without a value where that is not known, and for
    flags, which are the truth."""


def lie_rates(
    frame: "pd.DataFrame", errors: Mapping[str, CheckError] | None = None, *, scope: Scope = "auto"
) -> list[LieRates]:
    """Return the rates of false claims and of utterances with one, by judge and perspective.

    Flags of the record and verdicts of the check are never in one row: the record's own perspective is a
    row of its own.

    Args:
        frame: made by `judged_rows`, or a part of it.
        errors: of the check, by subject; None: what is known of verdicts that code gives (`KNOWN_ERRORS`).
            The error about utterances is taken from the same frame, where it has the record's flags too.
        scope: what intervals are about, as in `estimate`.

    Returns:
        By judge: a row for each subject that was claimed about, one for all claims, one for utterances.

    Examples:
        >>> import negosim
        >>> from negosim.measures import judged_rows, lie_rates
        >>> for row in lie_rates(judged_rows(negosim.Run.open("my-run"))):
        ...     print(row.source, row.of, row.subject, row.undecided.value, row.false_of_all.value)
        flags of the record claims ...

    """
    known = KNOWN_ERRORS if errors is None else errors
    rows = frame[frame["question"].isin(("claim", "false-claim"))]
    found: list[LieRates] = []
    for (judge, perspective), group in rows.groupby(["judge", "perspective"], observed=True, sort=False):
        found += _of_judge(frame, group, str(judge), str(perspective), known, scope)
    return found


def _of_judge(
    frame: "pd.DataFrame",
    group: "pd.DataFrame",
    judge: str,
    perspective: str,
    known: Mapping[str, CheckError],
    scope: Scope,
) -> Iterator[LieRates]:
    source: ClaimSource = "flags of the record" if perspective == TRUTH else "verdicts of the check"
    flags = perspective == TRUTH
    claims = group[(group["question"] == "claim") & (group["status"] == "ok")]
    subjects = claims["detail"].map(lambda detail: detail.get("subject"))
    for subject in (*sorted(subjects.dropna().unique()), None):
        part = claims if subject is None else claims[subjects == subject]
        if len(part):
            error = None if flags or subject is None else known.get(subject)
            rates = _rates(part, part["value"].eq("unverifiable"), part["value"].eq("false"), error, scope)
            yield LieRates(judge, perspective, source, "claims", subject, *rates)
    said = group[group["question"] == "false-claim"]
    if len(said):
        error = None if flags else utterance_error(frame, judge, perspective)
        false = said["status"].eq("ok") & said["value"].eq(True)
        rates = _rates(said, said["status"].ne("ok"), false, error, scope)
        yield LieRates(judge, perspective, source, "utterances", None, *rates)


def _rates(
    rows: "pd.DataFrame",
    undecided: "pd.Series[bool]",
    false: "pd.Series[bool]",
    error: CheckError | None,
    scope: Scope,
) -> tuple[Estimate, Estimate, Estimate, Estimate]:
    open_: Floats = undecided.to_numpy().astype(np.float64)
    lies: Floats = false.to_numpy().astype(np.float64)
    of_all = mean_of(rows, lies, binary=True, scope=scope)
    of_decided = mean_of(rows, np.where(open_ > 0, np.nan, lies), binary=True, scope=scope)
    return mean_of(rows, open_, binary=True, scope=scope), of_decided, of_all, corrected(of_all, error)
