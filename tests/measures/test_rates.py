"""Rates corrected for a judge's errors hold the truth, which what it says does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from negosim.measures import CorrectedRate, corrected_rates

Judged = Callable[[list[dict[str, Any]]], pd.DataFrame]
TRUE, SENSITIVE, SPECIFIC = 0.2, 0.7, 0.7


def drawn(rng: np.random.Generator, people: float, *, skilled: bool = True) -> list[dict[str, Any]]:
    """Draw dialogues of two conditions: the record tells the truth of the honest ones only."""
    rows: list[dict[str, Any]] = []
    for place in range(640):
        condition = "honest" if place % 2 else "deceptive-2"
        share = 0.5 if condition == "honest" else TRUE
        true = bool(rng.random() < share)
        chance = (SENSITIVE if true else 1 - SPECIFIC) if skilled else 0.5
        about = {
            "dialogue": f"d{place}",
            "scenario": f"s{place // 2 % 8}",
            "index": place,
            "condition": condition,
        }
        rows.append({**about, "value": bool(rng.random() < chance)})
        if condition == "honest":
            rows.append({**about, "judge": "oracle", "perspective": "truth", "value": true})
        elif rng.random() < people:
            rows.append({**about, "judge": "person:ada", "value": true})
    return rows


def of_deceptive(frame: pd.DataFrame) -> CorrectedRate:
    (found,) = [one for one in corrected_rates(frame) if one.condition == "deceptive-2"]
    return found


def test_what_a_judge_says_is_corrected_in_two_ways(judged: Judged) -> None:
    rng = np.random.default_rng(5)
    held = np.zeros(3)
    for _ in range(6):
        found = of_deceptive(judged(drawn(rng, 0.3)))
        assert found.error is not None
        assert found.error.false + found.error.others == 320
        for place, rate in enumerate((found.said, found.by_error, found.by_people)):
            held[place] += rate.low < TRUE < rate.high
    assert held[0] < 2, "the judge says yes in 38 % of cases"
    assert min(held[1:]) >= 5


def test_a_judge_without_skill_does_no_harm_where_people_judged(judged: Judged) -> None:
    found = of_deceptive(judged(drawn(np.random.default_rng(1), 0.5, skilled=False)))
    assert found.by_error.value is None
    assert "better than chance" in (found.by_error.note or "")
    assert found.by_people.value == pytest.approx(TRUE, abs=0.08)


def test_too_few_people_are_said(judged: Judged) -> None:
    found = of_deceptive(judged(drawn(np.random.default_rng(2), 0.0)))
    assert found.by_people.value is None
    assert "nobody has judged" in (found.by_people.note or "")
