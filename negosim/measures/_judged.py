"""Rows about what judges said, and about what agents believed."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from negosim.measures._read import ByScenario, DialogueRow, headings, lengths, spoken
from negosim.records import Condition
from negosim.scenarios import Scenario
from negosim.store import FrameRows, Run

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

BELIEFS = ("beliefs", "beliefs-turns")
RESERVATION, PRIORITY = "belief-reservation", "belief-priority-"
_BELIEF = ["dialogue", "perspective", "judge", "fingerprint", "repeat", "agent", "turn"]


Told = tuple[tuple[str, int, str, int, int, int], Mapping[str, Any]]
"""Dialogue, believer, model, repeat, whom it is about and the utterances made; the parts, by question."""


def judged_rows(run: Run, sets: Collection[str] | None = None) -> "pd.DataFrame":
    """Return every judgement of a run, whatever its status, with what its dialogue was made under.

    `Run.judgement_frame` and the columns `scenario`, `condition`, `index`, `model_1`, ... and `deceptive`:
    whether the agent the question is about was allowed to lie, missing where it is about none. `sets`
    names the question sets wanted; all without it. Judgements of dialogues the run does not have are
    left out.

    Raises:
        UserError: a line of the run is broken.

    """
    return judged_of(run, run.judgement_frame(sets), header_rows(run))


def header_rows(run: Run) -> "pd.DataFrame":
    """Return what each dialogue was made under: `Header.columns`, a row a dialogue."""
    rows = FrameRows()
    for header in lengths(run):
        rows.add(header.columns())
    return rows.frame(headings(run))


def judged_of(run: Run, frame: "pd.DataFrame", headers: "pd.DataFrame") -> "pd.DataFrame":
    """Return judgements with what their dialogues were made under; `headers` is as of `header_rows`."""
    import pandas as pd

    places = pd.Index(headers["dialogue"], dtype="object").get_indexer(pd.Index(frame["dialogue"]))
    if (places < 0).any():
        frame, places = frame[places >= 0].reset_index(drop=True), places[places >= 0]
    for name in headings(run)[1:]:
        frame[name] = headers[name].astype("object").to_numpy()[places]
    frame["index"] = frame["index"].astype("int64")
    frame["deceptive"] = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    lying = headers["condition"].map({name: _lying(name) for name in headers["condition"].unique()})
    about = frame["agent"].fillna(-1).to_numpy(dtype=np.int64)
    for agent in range(int(about.max(initial=-1)) + 1):
        lies = np.array([agent in roles for roles in lying], dtype=bool)
        frame.loc[about == agent, "deceptive"] = lies[places[about == agent]]
    return frame


def _lying(condition: str) -> tuple[int, ...]:
    """Return the roles that a condition allows to lie."""
    return Condition.model_validate(condition).deceptive


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
    table = BeliefTable(run, run.judgement_frame(BELIEFS))
    for dialogue in spoken(run) if table.any else ():
        table.add(dialogue)
    return table.frame()


class BeliefTable:
    """The rows of `belief_rows`, made dialogue by dialogue.

    Args:
        run: the run.
        judgements: of which those about beliefs are taken.

    """

    def __init__(self, run: Run, judgements: "pd.DataFrame") -> None:
        self._run, self._stakes = run, ByScenario(_Stakes)
        self._asked = list(_asked(judgements[judgements["questions"].isin(BELIEFS)]))
        self._ids = {dialogue for (dialogue, *_), _ in self._asked}
        scenarios = run.header.scenarios.values()
        self._names = {
            (one.id, each.id) for one in scenarios for each in one.measures if each.answer == "belief"
        }
        self._told: list[Told] = []
        self._known: dict[str, _Believing] = {}
        self.any = bool(self._ids or self._names)
        """Whether there can be any."""

    def add(self, dialogue: DialogueRow) -> None:
        """Take in what was told in a dialogue, and what it was made under."""
        told = list(self._told_in(dialogue))
        self._told += told
        if told or dialogue.id in self._ids:
            self._known[dialogue.id] = _Believing(
                dialogue.columns(),
                self._run.scenario_of(dialogue),
                len(dialogue.turns),
                dialogue.status == "failed",
            )

    def _told_in(self, dialogue: DialogueRow) -> Iterator[Told]:
        """Yield the beliefs that agents told while they played, where the scenario has such measures."""
        scenario = self._run.scenario_of(dialogue)
        for given in dialogue.measurements:
            if (dialogue.scenario, given.measure) in self._names and given.about is not None:
                key = (dialogue.id, given.role, dialogue.models[given.role], 0, given.about, given.turns)
                parts = given.value if isinstance(given.value, dict) else {}
                yield key, self._stakes.of(scenario).in_points(given.about, parts)

    def frame(self) -> "pd.DataFrame":
        """Return the rows, once."""
        rows = FrameRows()
        for (dialogue, believer, judge, repeat, about, turn), answers in [*self._told, *self._asked]:
            known = self._known.get(dialogue)
            if known is None or known.failed:
                continue
            row = {
                **known.columns,
                "believer": believer,
                "about": about,
                "turn": turn,
                "when": _when(turn, known.turns),
                "judge": judge,
                "repeat": repeat,
            }
            rows.add({**row, **self._stakes.of(known.scenario).errors(about, answers)})
        of_belief = ["believer", "about", "turn", "when", "judge", "repeat"]
        errors = ["reservation_error", "priority_error", "reservation_prior", "priority_prior"]
        result = rows.frame([*headings(self._run), *of_belief, *errors])
        # Who was asked at every turn was asked before and after too: the later answer counts.
        result = result.drop_duplicates(["dialogue", *of_belief], keep="last", ignore_index=True)
        return result.astype(dict.fromkeys(errors, "float64"))


@dataclass(frozen=True)
class _Believing:
    """The dialogue of a belief."""

    columns: dict[str, Any]
    scenario: Scenario
    turns: int
    failed: bool


def _asked(frame: "pd.DataFrame") -> Iterator[Told]:
    """Yield the beliefs that agents were asked for by a judging."""
    given: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(dict)
    columns = [frame[name].tolist() for name in (*_BELIEF, "question", "value")]
    for *key, question, value in zip(*columns, strict=True):
        given[tuple(key)][question] = value
    for (dialogue, perspective, judge, _, repeat, about, turn), answers in given.items():
        believer = int(perspective.removeprefix("agent_")) - 1
        yield (dialogue, believer, judge, int(repeat), int(about), int(turn)), answers


def _when(turn: int, turns: int) -> str:
    if turn == 0:
        return "before"
    return "after" if turn >= turns else "during"


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
