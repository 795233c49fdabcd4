"""Rates by judges that err, corrected by what is known of their errors."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from negosim.measures._answers import ITEM, against_truth, answers, kind_of, people_as_truth
from negosim.measures._bootstrap import Floats
from negosim.measures._check_error import FEWEST, CheckError, corrected
from negosim.measures._clusters import Scope, clusters_of, sums
from negosim.measures._estimate import Estimate, estimated, mean_of
from negosim.records import PERSON, THIRD_PARTY, TRUTH

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ["judge", "question", "agent", "condition"]


@dataclass(frozen=True)
class CorrectedRate:
    """How often a judge says yes to a question, and what that stands for."""

    judge: str
    question: str
    agent: int | None
    """Whom it is about, from 0."""
    condition: str
    said: Estimate
    """Share of its usable answers that are yes."""
    error: CheckError | None
    """Its error about that question, wherever the record tells the truth; None where it does nowhere."""
    by_error: Estimate
    """`said` corrected for `error` (Rogan and Gladen 1978)."""
    by_people: Estimate
    """`said` corrected by what people said of a part of the dialogues (prediction-powered)."""


def corrected_rates(frame: "pd.DataFrame", *, scope: Scope = "auto") -> list[CorrectedRate]:
    """Return how often each judge, as a third party, says yes, corrected for its errors in two ways.

    Its error is known from dialogues whose truth the record tells: simulated ones, of these runs or of
    others reported with them. It is taken to be the same everywhere. What people said of a part of the
    dialogues corrects without that: the mean over all of the judge's answers, and what people say beyond it
    where both have answered (Angelopoulos et al. 2023; the weight of the judge is that of the regression
    estimator, so that a judge without skill does no harm).

    Args:
        frame: made by `judged_rows`.
        scope: what intervals are about, as in `estimate`.

    Examples:
        >>> import negosim
        >>> from negosim.measures import corrected_rates, judged_rows
        >>> corrected_rates(judged_rows(negosim.Run.open("my-run")))
        []

    """
    errors, people = _errors(frame), _by_people(frame)
    rows = answers(frame)
    rows = rows[(rows["perspective"] == THIRD_PARTY) & (rows["status"] == "ok")]
    rows = rows[~rows["judge"].astype("object").str.startswith(PERSON)]
    found = []
    for key, group in rows.groupby(_KEYS, observed=True):
        judge, question, agent, condition = cast(tuple[Any, ...], key)
        if kind_of(group["value"]) != "yes_no":
            continue
        said: Floats = group["value"].eq(True).to_numpy().astype(np.float64)
        rate = mean_of(group, said, binary=True, scope=scope)
        error = errors.get((judge, question))
        found.append(
            CorrectedRate(
                str(judge),
                str(question),
                None if agent < 0 else int(agent),
                str(condition),
                rate,
                error,
                corrected(rate, error),
                _powered(group, said, people, scope),
            )
        )
    return found


def _errors(frame: "pd.DataFrame") -> dict[tuple[Any, Any], CheckError]:
    """Return every judge's error about every question of yes and no, where the record tells the truth."""
    rows = against_truth(frame)
    rows = rows[(rows["perspective"] == THIRD_PARTY) & (rows["status"] == "ok")]
    found = {}
    for (judge, question), group in rows.groupby(["judge", "question"], observed=True):
        if kind_of(group["truth"], group["value"]) == "yes_no":
            true, said = group["truth"].eq(True), group["value"].eq(True)
            found[judge, question] = CheckError(
                int((true & said).sum()), int(true.sum()), int((~true & ~said).sum()), int((~true).sum())
            )
    return found


def _by_people(frame: "pd.DataFrame") -> "pd.Series[Any]":
    """Return what most people said, by item."""
    known = answers(people_as_truth(frame))
    said = known[known["perspective"] == TRUTH]
    return said.set_index(ITEM)["value"]


def _powered(group: "pd.DataFrame", said: Floats, people: "pd.Series[Any]", scope: Scope) -> Estimate:
    """Return the share of yes that people would say, from all answers of a judge and some of people."""
    import pandas as pd

    if not len(people):
        return Estimate(None, note="not enough data: nobody has judged the same")
    told = people.reindex(pd.MultiIndex.from_frame(group[ITEM]))
    labelled: Floats = told.notna().to_numpy().astype(np.float64)
    yes: Floats = told.eq(True).to_numpy().astype(np.float64)
    many = round(labelled.sum())
    if many < FEWEST:
        return Estimate(None, note=f"not enough data: people judged {many} of them, {FEWEST} needed")
    clusters = clusters_of(group, scope)
    parts = (said, np.ones_like(said), labelled, yes, labelled * said, yes * said)
    contributions = sums(clusters.codes, *parts)
    sizes = contributions[:, 2]
    few = clusters.only(sizes > 0).too_few()
    found = estimated(contributions, _regression, sizes, clusters, scale="share")
    return replace(found, low=None, high=None, note=few) if few else found


def _regression(totals: Floats) -> Floats:
    """Return the regression estimator of people's share: theirs, moved by how the judge's differ."""
    said, all_rows, labelled, yes, both_said, both = np.moveaxis(totals, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        theirs, its = yes / labelled, both_said / labelled
        spread = its * (1 - its)
        slope = np.where(spread > 1e-12, (both / labelled - theirs * its) / spread, 0.0)
        found: Floats = np.clip(theirs + slope * (said / all_rows - its), 0.0, 1.0)
    return found
