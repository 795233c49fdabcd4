"""The study's section of a report, on answers whose means and effects of order are known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from negosim.reports import Number
from negosim.reports.sections import _study

AGENTS = {"habit:0": 0.4, "sim": 1.0}
PEOPLE = 20


def _written(folder: Path) -> None:
    """Write answers that rise by 0.2 with the place of the agent, and by 0.05 with the conversation."""
    chance = np.random.default_rng(1)
    rows = []
    for person in range(PEOPLE):
        for place, agent in enumerate(chance.permutation(list(AGENTS)), 1):
            base = {"person": f"p{person:04d}", "block": "gift", "agent": agent, "place": place}
            for number in (1, 2, 3):
                value = AGENTS[agent] + 0.2 * place + 0.05 * number + chance.normal(0, 0.01)
                measured = {"number": number, "form": "measure", "question": "donation", "moment": "after"}
                rows.append({**base, **measured, "value": round(value, 3)})
            rows.append({**base, "form": "survey", "question": "why", "value": "'=words"})
    pd.DataFrame(rows).to_csv(folder / "study" / "answers.csv", index=False)
    people = [
        {"person": f"p{person:04d}", "status": "completed" if person else "active", "stands_at": "talk"}
        for person in range(PEOPLE)
    ]
    pd.DataFrame(people).to_csv(folder / "study" / "people.csv", index=False)
    talks = [{"person": "p0001", "status": status} for status in ("complete", "failed")]
    pd.DataFrame(talks).to_csv(folder / "study" / "conversations.csv", index=False)


def test_ratings_differences_and_effects_of_order_are_found(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    _written(tmp_path)
    section = _study.section(SimpleNamespace(runs=[SimpleNamespace(path=tmp_path)]))  # type: ignore[arg-type]
    tables = {table.key: table for table in section.tables}

    def number(key: str, row: int, column: str) -> Number:
        cell = tables[key].rows[row][tables[key].columns.index(column)]
        assert isinstance(cell, Number)
        return cell

    assert [row[2] for row in tables["study-ratings"].rows] == list(AGENTS)  # words have no mean
    assert number("study-ratings", 0, "people").value == PEOPLE
    moved = number("study-differences", 0, "difference")
    assert moved.low is not None
    assert moved.high is not None
    assert moved.low < 0.6 < moved.high
    assert number("study-differences", 0, "n").value == PEOPLE
    slopes = [number("study-order", row, "change").value for row in (0, 1)]
    assert abs((slopes[0] or 0) - 0.2) < 0.03
    assert abs((slopes[1] or 0) - 0.05) < 0.01
    left = {str(row[0]): str(row[1]) for row in tables["study-people"].rows}
    assert left["came to the end"] == "19"
    assert left["left, or still are, during the conversations"] == "1"
    assert left["conversations that failed, and were not rated"] == "1"
