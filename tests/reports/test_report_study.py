"""The study's section of a report, on answers whose means and effects of order are known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from negosim.measures import difference, holm
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


def _selected(folder: Path, number: Number) -> pd.DataFrame:
    """Return the rows of a table that a number says it was computed from."""
    frame = pd.read_csv(folder / number.rows.source, dtype=str, keep_default_na=False)
    frame = frame[frame["person"].isin(number.rows.dialogues)]
    for column, wanted in number.rows.where.items():
        given = frame[column]
        frame = frame[given != "" if wanted == "any value" else given.isin(np.atleast_1d(wanted))]
    for column in {"value", "place", "number"} & set(frame):
        frame[column] = pd.to_numeric(frame[column])
    return frame


def _slope(frame: pd.DataFrame, over: str) -> pd.Series:
    """Return each person's slope, by the covariance of what is left after the agents' means."""
    rest = frame["value"] - frame.groupby("agent")["value"].transform("mean")
    away = frame[over] - frame.groupby("person")[over].transform("mean")
    below = (away**2).groupby(frame["person"]).sum()
    return ((away * rest).groupby(frame["person"]).sum() / below)[below > 0]


def _again(folder: Path, number: Number) -> tuple[float, int]:
    """Compute a number and its n again from its rows."""
    frame, how = _selected(folder, number), number.how
    if how["statistic"] == "count":
        return len(frame), len(frame)
    if how["statistic"] == "distinct":
        return frame[how["column"]].nunique(), len(frame)
    if how["statistic"] == "mean":
        return frame[how["column"]].mean(), len(frame)
    if how["statistic"] == "mean slope":
        slopes = _slope(frame, how["over"])
        return slopes.mean(), len(slopes)
    means = frame.pivot_table("value", "person", how["between"])
    moved = (means[how["b"]] - means[how["a"]]).dropna()
    if how["statistic"] == "p":
        frame = frame.assign(index=frame["person"], scenario=frame["block"])
        own = difference(frame, "value", how["between"], a=how["a"], b=how["b"], scope="these")
        assert own.p in how["family"]
        return holm([own])[0].p_holm or 1.0, len(moved)
    found = {"difference": moved.mean(), "effect": moved.mean() / moved.std(), "n": len(moved)}
    return found[how["statistic"]], len(moved)


@pytest.mark.slow
def test_every_number_is_what_its_trace_says(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    _written(tmp_path)
    answers = pd.read_csv(tmp_path / "study" / "answers.csv")
    once = (answers["person"] == "p0003") & (answers["agent"] == "sim")  # somebody who met one agent alone
    answers[~once].to_csv(tmp_path / "study" / "answers.csv", index=False)
    section = _study.section(SimpleNamespace(runs=[SimpleNamespace(path=tmp_path)]))  # type: ignore[arg-type]
    seen = set()
    for table in section.tables:
        for row, column, number in table.numbers():
            value, n = _again(tmp_path, number)
            assert (value, n) == (pytest.approx(number.value), number.n), (table.key, row, column)
            seen.add(number.how["statistic"])
    assert seen == {"count", "distinct", "mean", "difference", "effect", "p", "n", "mean slope"}
