"""Rows about what judges said, and about what agents believed."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._read import ByScenario, Lengths, headings, lengths
from negosim.scenarios import Scenario
from negosim.store import Run

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

BELIEFS = ("beliefs", "beliefs-turns")
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

    frame = run.judgement_frame(sets)
    known = list(lengths(run))
    places = pd.Index([header.id for header in known], dtype="object").get_indexer(
        pd.Index(frame["dialogue"])
    )
    if (places < 0).any():
        frame, places = frame[places >= 0].reset_index(drop=True), places[places >= 0]
    headers = pd.DataFrame([header.columns() for header in known], columns=headings(run)).astype("object")
    for name in headers.columns.drop("dialogue"):
        frame[name] = headers[name].to_numpy()[places]
    frame["index"] = frame["index"].astype("int64")
    frame["deceptive"] = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    lying = [header.condition.deceptive for header in known]
    about = frame["agent"].fillna(-1).to_numpy(dtype=np.int64)
    for agent in range(int(about.max(initial=-1)) + 1):
        lies = np.array([agent in roles for roles in lying], dtype=bool)
        frame.loc[about == agent, "deceptive"] = lies[places[about == agent]]
    return frame


def belief_rows(run: Run) -> "pd.DataFrame":
    """Return how far each agent's estimates of another were from the truth: one row a belief.

    - `when`: "before" the first word, "after" the last, "during" the dialogue; `turn` counts the
      utterances made by then.
    - `reservation_error`: distance of the estimated to the real reservation value, as a share of the
      range from the other's worst to its best deal.
    - `priority_error`: total variation distance between the estimated and the real importance of the
      issues, 0 (the same) to 1. An issue's importance is the range of its points over the sum of ranges.
    - `reservation_prior`, `priority_prior`: the same errors of somebody who knows nothing: the middle of
      the range, and all issues alike.

    An estimate that was not given is missing; priorities are, if one of them is.

    Raises:
        UserError: a line of the run is broken.

    """
    import pandas as pd

    known = {header.id: header for header in lengths(run)}
    stakes = ByScenario(_Stakes)
    rows = []
    for (dialogue, believer, judge, repeat, about, turn), answers in [*_told(run, stakes), *_asked(run)]:
        header = known.get(dialogue)
        if header is None or header.status == "failed":
            continue
        row = {
            **header.columns(),
            "believer": believer,
            "about": about,
            "turn": turn,
            "when": _when(turn, header),
            "judge": judge,
            "repeat": repeat,
        }
        rows.append({**row, **stakes.of(run.scenario_of(header)).errors(about, answers)})
    of_belief = ["believer", "about", "turn", "when", "judge", "repeat"]
    errors = ["reservation_error", "priority_error", "reservation_prior", "priority_prior"]
    result = pd.DataFrame(rows, columns=[*headings(run), *of_belief, *errors])
    # Who was asked at every turn was asked before and after too: the later answer counts.
    result = result.drop_duplicates(["dialogue", *of_belief], keep="last", ignore_index=True)
    return result.astype(dict.fromkeys(errors, "float64"))


Told = tuple[tuple[str, int, str, int, int, int], Mapping[str, Any]]
"""Dialogue, believer, model, repeat, whom it is about and the utterances made; the parts, by question."""


def _asked(run: Run) -> Iterator[Told]:
    """Yield the beliefs that agents were asked for by a judging."""
    frame = run.judgement_frame(BELIEFS)
    given: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(dict)
    columns = [frame[name].tolist() for name in (*_BELIEF, "question", "value")]
    for *key, question, value in zip(*columns, strict=True):
        given[tuple(key)][question] = value
    for (dialogue, perspective, judge, _, repeat, about, turn), answers in given.items():
        believer = int(perspective.removeprefix("agent_")) - 1
        yield (dialogue, believer, judge, int(repeat), int(about), int(turn)), answers


def _told(run: Run, stakes: "ByScenario[_Stakes]") -> Iterator[Told]:
    """Yield the beliefs that agents told while they played, where the scenario has such measures."""
    scenarios = run.header.scenarios.values()
    names = {(one.id, each.id) for one in scenarios for each in one.measures if each.answer == "belief"}
    for dialogue in run if names else ():
        for given in dialogue.measurements:
            if (dialogue.scenario, given.measure) in names and given.about is not None:
                key = (dialogue.id, given.role, dialogue.models[given.role], 0, given.about, given.turns)
                parts = given.value if isinstance(given.value, dict) else {}
                yield key, stakes.of(run.scenario_of(dialogue)).in_points(given.about, parts)


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
        self._lows = [sum(min(p) for p in of_role) for of_role in points]
        self._reservations = [role.payoff.reservation for role in scenario.roles]

    def in_points(self, role: int, parts: Mapping[str, float]) -> dict[str, Any]:
        """Return a belief about a role by question, its reservation value in the role's points."""
        told: dict[str, Any] = {f"belief-{part}": share for part, share in parts.items()}
        if told:
            told[RESERVATION] = self._lows[role] + told[RESERVATION] * float(self._ranges[role].sum())
        return told

    def errors(self, role: int, given: Mapping[str, Any]) -> dict[str, float | None]:
        """Return how far an agent's answers about a role are from the truth."""
        ranges, said = self._ranges[role], given.get(RESERVATION)
        shares = [given.get(PRIORITY + issue) for issue in self._issues]
        known = [float(share) for share in shares if share is not None]
        span = float(ranges.sum())
        if span <= 0:
            return {}
        middle = self._lows[role] + span / 2
        alike = [1 / len(ranges)] * len(ranges)
        return {
            "reservation_error": None if said is None else abs(float(said) - self._reservations[role]) / span,
            "priority_error": _apart(known, ranges / span) if len(known) == len(shares) else None,
            "reservation_prior": abs(middle - self._reservations[role]) / span,
            "priority_prior": _apart(alike, ranges / span),
        }


def _apart(believed: Sequence[float], true: "npt.NDArray[np.float64]") -> float:
    """Return the total variation distance between two distributions over the issues."""
    return float(np.abs(np.array(believed) - true).sum() / 2)
