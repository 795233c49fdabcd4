"""Rows about what agents did: the tactics they used and the offers they made."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from negosim.measures._read import ByScenario, headings, spoken
from negosim.records import tactics_of
from negosim.scenarios import Scenario
from negosim.store import Run
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
    import pandas as pd

    rows = []
    for dialogue in spoken(run):
        if dialogue.status == "failed":
            continue
        counts = Counter((turn.role, tactic) for turn in dialogue.turns for tactic in tactics_of(turn.tactic))
        header = dialogue.columns()
        rows += [
            {
                **header,
                "agent": role,
                "deceptive": role in dialogue.condition.deceptive,
                "tactic": tactic,
                "count": count,
            }
            for (role, tactic), count in counts.items()
        ]
    return pd.DataFrame(rows, columns=[*headings(run), "agent", "deceptive", "tactic", "count"])


def offer_rows(run: Run) -> "pd.DataFrame":
    """Return the offers made: one row an offer, in the order they were made. Failed dialogues are left out.

    An offer that leaves issues open is worth nothing that can be computed: its values are missing, and
    `complete` is False. What was settled before counts as offered.

    - `own_value`, `other_value`: points, each on its own role's scale; of several others their mean.
    - `own_share`: 0 is what no deal is worth to the offerer, 1 its best deal; below 0 it would lose.

    Raises:
        UserError: a line of the run is broken.

    """
    import pandas as pd

    worths = ByScenario(_Worth)
    rows: list[dict[str, Any]] = []
    for dialogue in spoken(run):
        if dialogue.status == "failed":
            continue
        scenario = run.scenario_of(dialogue)
        header, worth, table = dialogue.columns(), worths.of(scenario), opening_table(scenario)
        for turn in dialogue.turns:
            if turn.utterance.action == "offer":
                terms = {**table.settled, **(turn.utterance.offer or {})}
                rows.append({**header, "turn": turn.index, "agent": turn.role, **worth.of(turn.role, terms)})
            table = table.after(turn.role, turn.utterance)
    values = ("own_value", "other_value", "own_share")
    frame = pd.DataFrame(rows, columns=[*headings(run), "turn", "agent", "complete", *values])
    return frame.astype(dict.fromkeys(values, "float64") | {"complete": "bool"})


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
