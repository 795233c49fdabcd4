"""Rows about what judges said, and about what agents believed."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._read import Lengths, headings, lengths
from negosim.scenarios import Scenario
from negosim.store import Run

if TYPE_CHECKING:
    import pandas as pd

RESERVATION, PRIORITY = "belief-reservation", "belief-priority-"
_BELIEF = ["dialogue", "perspective", "judge", "fingerprint", "repeat", "agent", "turn"]


def judged_rows(run: Run, sets: Collection[str] | None = None) -> "pd.DataFrame":
    """Return every judgement of a run, whatever its status, with what its dialogue was made under.

    `Run.judgement_frame` and the columns `scenario`, `condition`, `index`, `model_1`, ... and `deceptive`:
    whether the agent the question is about was allowed to lie, missing where it is about none. `sets`
    names the question sets wanted; all without it. Judgements of dialogues the run does not have are
    left out.

    Raises:
        UserError: a line of the run is broken.

    """
    import pandas as pd

    frame = run.judgement_frame()
    if sets is not None:
        frame = frame[frame["questions"].isin(list(sets))]
    known = {header.id: header for header in lengths(run)}
    frame = frame[frame["dialogue"].isin(known.keys())].reset_index(drop=True)
    headers = pd.DataFrame([header.columns() for header in known.values()], columns=headings(run))
    lying = [
        None if pd.isna(agent) else int(agent) in known[dialogue].condition.deceptive
        for dialogue, agent in zip(frame["dialogue"], frame["agent"], strict=True)
    ]
    joined = frame.merge(headers.set_index("dialogue"), left_on="dialogue", right_index=True, how="left")
    return joined.assign(deceptive=pd.array(lying, dtype="boolean"))


def belief_rows(run: Run) -> "pd.DataFrame":
    """Return how far each agent's estimates of another were from the truth: one row a belief.

    - `when`: "before" the first word, "after" the last, "during" the dialogue; `turn` counts the
      utterances made by then.
    - `reservation_error`: distance of the estimated to the real reservation value, as a share of the
      range from the other's worst to its best deal.
    - `priority_error`: total variation distance between the estimated and the real importance of the
      issues, 0 (the same) to 1. An issue's importance is the range of its points over the sum of ranges.

    An estimate that was not given is missing; priorities are, if one of them is.

    Raises:
        UserError: a line of the run is broken.

    """
    import pandas as pd

    frame = run.judgement_frame()
    asked = frame["question"].astype("object").astype(str)
    frame = frame[(asked == RESERVATION) | asked.str.startswith(PRIORITY)]
    known = {header.id: header for header in lengths(run)}
    stakes = {key: _Stakes(scenario) for key, scenario in run.header.scenarios.items()}
    rows = []
    for key, group in frame.groupby(_BELIEF, sort=False, observed=True):
        dialogue, perspective, judge, _, repeat, about, turn = key
        header = known.get(dialogue)
        if header is None or header.status == "failed":
            continue
        given = dict(zip(group["question"], group["value"], strict=True))
        row = {
            **header.columns(),
            "believer": int(perspective.removeprefix("agent_")) - 1,
            "about": int(about),
            "turn": int(turn),
            "when": _when(int(turn), header),
            "judge": judge,
            "repeat": repeat,
        }
        rows.append({**row, **stakes[header.scenario].errors(int(about), given)})
    of_belief = ["believer", "about", "turn", "when", "judge", "repeat"]
    errors = ["reservation_error", "priority_error"]
    result = pd.DataFrame(rows, columns=[*headings(run), *of_belief, *errors])
    return result.astype(dict.fromkeys(errors, "float64"))


def _when(turn: int, header: Lengths) -> str:
    if turn == 0:
        return "before"
    return "after" if turn >= len(header.turns) else "during"


class _Stakes:
    """What there is to be known about each role of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        points = [
            [[role.payoff.points(issue, value) for value in issue.values] for issue in scenario.issues]
            for role in scenario.roles
        ]
        self._issues = [issue.id for issue in scenario.issues]
        self._ranges = [np.array([max(p) - min(p) for p in of_role]) for of_role in points]
        self._reservations = [role.payoff.reservation for role in scenario.roles]

    def errors(self, role: int, given: Mapping[str, Any]) -> dict[str, float | None]:
        """Return how far an agent's answers about a role are from the truth."""
        ranges, said = self._ranges[role], given.get(RESERVATION)
        shares = [given.get(PRIORITY + issue) for issue in self._issues]
        known = [float(share) for share in shares if share is not None]
        span = float(ranges.sum())
        if span <= 0:
            return {"reservation_error": None, "priority_error": None}
        whole = len(known) == len(shares)
        return {
            "reservation_error": None if said is None else abs(float(said) - self._reservations[role]) / span,
            "priority_error": float(np.abs(np.array(known) - ranges / span).sum() / 2) if whole else None,
        }
