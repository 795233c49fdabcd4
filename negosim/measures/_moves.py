"""Rows about what agents did: the tactics they used and the offers they made."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from negosim.measures._read import ByScenario, DialogueRow, headings, spoken
from negosim.records import tactics_of
from negosim.scenarios import Scenario
from negosim.store import FrameRows, Run
from negosim.table import opening_table

if TYPE_CHECKING:
    import pandas as pd


def tactic_rows(run: Run) -> "pd.DataFrame":
    """Return how often each agent used each tactic: one row a dialogue, agent and tactic.

    As the record has them; a planner that names no tactics leaves none. Failed dialogues are left out.
    `deceptive` is whether the agent's brief allowed lying.

    Raises:
        UserError: a line of the run is broken.

    """
    table = TacticTable(run)
    for dialogue in spoken(run):
        table.add(dialogue)
    return table.frame()


class TacticTable:
    """The rows of `tactic_rows`, made dialogue by dialogue."""

    def __init__(self, run: Run) -> None:
        self._run, self._rows = run, FrameRows()

    def add(self, dialogue: DialogueRow) -> None:
        """Count the tactics of one dialogue."""
        if dialogue.status == "failed":
            return
        counts = Counter((turn.role, tactic) for turn in dialogue.turns for tactic in tactics_of(turn.tactic))
        header = dialogue.columns()
        self._rows.add(
            *(
                {
                    **header,
                    "agent": role,
                    "deceptive": role in dialogue.condition.deceptive,
                    "tactic": tactic,
                    "count": count,
                }
                for (role, tactic), count in counts.items()
            )
        )

    def frame(self) -> "pd.DataFrame":
        """Return the rows, once."""
        return self._rows.frame([*headings(self._run), "agent", "deceptive", "tactic", "count"])


def offer_rows(run: Run) -> "pd.DataFrame":
    """Return the offers made: one row an offer, in the order they were made. Failed dialogues are left out.

    An offer that leaves issues open is worth nothing that can be computed: its values are missing, and
    `complete` is False. What was settled before counts as offered.

    - `own_value`, `other_value`: points, each on its own role's scale; of several others their mean.
    - `own_share`: 0 is what no deal is worth to the offerer, 1 its best deal; below 0 it would lose.

    Raises:
        UserError: a line of the run is broken.

    """
    made = OfferTable(run)
    for dialogue in spoken(run):
        made.add(dialogue)
    return made.frame()


class OfferTable:
    """The rows of `offer_rows`, made dialogue by dialogue."""

    def __init__(self, run: Run) -> None:
        self._run, self._rows, self._worths = run, FrameRows(), ByScenario(_Worth)

    def add(self, dialogue: DialogueRow) -> None:
        """Value the offers of one dialogue."""
        if dialogue.status == "failed":
            return
        scenario = self._run.scenario_of(dialogue)
        header, worth, table = dialogue.columns(), self._worths.of(scenario), opening_table(scenario)
        for turn in dialogue.turns:
            if turn.utterance.action == "offer":
                terms = {**table.settled, **(turn.utterance.offer or {})}
                valued = worth.of(turn.role, terms)
                self._rows.add({**header, "turn": turn.index, "agent": turn.role, **valued})
            table = table.after(turn.role, turn.utterance)

    def frame(self) -> "pd.DataFrame":
        """Return the rows, once."""
        values = ("own_value", "other_value", "own_share")
        columns = [*headings(self._run), "turn", "agent", "complete", *values]
        return self._rows.frame(columns).astype(dict.fromkeys(values, "float64") | {"complete": "bool"})


class _Worth:
    """What deals of a scenario are worth, looked up."""

    def __init__(self, scenario: Scenario) -> None:
        self.issues = tuple(issue.id for issue in scenario.issues)
        self._known = scenario.has_deals
        if not self._known:
            return
        self.roles = len(scenario.roles)
        self._points = [
            {
                (issue.id, value): role.payoff.points(issue, value)
                for issue in scenario.issues
                for value in issue.values
            }
            for role in scenario.roles
        ]
        self._reservations = [role.payoff.reservation for role in scenario.roles]
        self._best = [
            sum(max(points[issue.id, value] for value in issue.values) for issue in scenario.issues)
            for points in self._points
        ]

    def of(self, role: int, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of an offer by a role."""
        complete = all(issue in terms for issue in self.issues)
        if not (complete and self._known):
            return {"complete": complete}
        totals = [sum(points[issue, terms[issue]] for issue in self.issues) for points in self._points]
        own, others = totals[role], totals[:role] + totals[role + 1 :]
        span = self._best[role] - self._reservations[role]
        return {
            "complete": True,
            "own_value": own,
            "other_value": sum(others) / len(others),
            "own_share": (own - self._reservations[role]) / span if span > 0 else None,
        }
