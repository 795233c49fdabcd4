"""Calibration, reliability, errors and order effects of judges: hand-computed and library values."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics import binary_distance, interval_distance
from nltk.metrics.agreement import AnnotationTask
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa

from negosim.measures import (
    Calibration,
    calibration,
    error_correlation,
    krippendorff_alpha,
    order_effects,
    position_bias,
    reliability,
)

Judged = Callable[[list[dict[str, Any]]], pd.DataFrame]


def dialogues(truths: list[Any], **given: list[Any]) -> list[dict[str, Any]]:
    """Return one judgement a dialogue of the truth and of every judge; None is an answer that failed."""
    rows = []
    for place, truth in enumerate(truths):
        where = {"dialogue": f"d{place}", "scenario": f"case-{place % 6}", "index": place // 6}
        rows.append({**where, "perspective": "truth", "judge": "oracle", "value": truth})
        for judge, values in given.items():
            status = "ok" if values[place] is not None else "invalid"
            rows.append({**where, "judge": judge, "value": values[place], "status": status})
    return rows


def only(found: list[Calibration]) -> Calibration:
    (one,) = found
    return one


def test_yes_and_no_by_hand(judged: Judged) -> None:
    truth = [True] * 6 + [False] * 6
    said = [True, True, True, False, False, None, True, False, False, False, False, None]
    found = only(calibration(judged(dialogues(truth, m=said))))
    assert (found.judge, found.perspective, found.question, found.kind) == ("m", "third_party", "q", "yes_no")
    assert (found.n, found.statuses) == (10, {"ok": 10, "invalid": 2})
    assert found.coverage.value == pytest.approx(10 / 12)
    assert found.confusion.to_numpy().tolist() == [[4, 1], [2, 3]]
    assert found.accuracy.value == pytest.approx(0.7)
    assert (found.precision.value, found.precision.n) == (pytest.approx(3 / 4), 4)
    assert (found.recall.value, found.recall.n) == (pytest.approx(3 / 5), 5)
    assert found.f1.value == pytest.approx(2 * 3 / (4 + 5))
    assert found.kappa.value == pytest.approx(cohens_kappa([[4, 1], [2, 3]]).kappa)
    assert found.spearman.value is None
    assert found.accuracy.clusters == 5
    assert found.kappa.low is not None
    assert found.kappa.low < found.kappa.value < (found.kappa.high or 0)


def test_grades_as_libraries_have_them(judged: Judged) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 6, 60)
    said = np.clip(truth + rng.integers(-1, 2, 60), 1, 5)
    found = only(calibration(judged(dialogues(truth.tolist(), m=said.tolist()))))
    table = found.confusion.to_numpy()
    assert found.kind == "degree"
    assert found.accuracy.value == pytest.approx((truth == said).mean())
    assert found.spearman.value == pytest.approx(stats.spearmanr(truth, said).statistic)
    assert found.kappa.value == pytest.approx(cohens_kappa(table, wt="quadratic").kappa)
    assert found.precision.note == "does not apply to grades"


def test_choices_by_hand(judged: Judged) -> None:
    truth = ["a", "a", "a", "b", "b", "c"]
    said = ["a", "a", "b", "b", "a", "d"]
    found = only(calibration(judged(dialogues(truth, m=said))))
    assert found.kind == "choice"
    assert found.accuracy.value == pytest.approx(3 / 6)
    assert found.precision.value == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found.recall.value == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found.confusion.loc["c", "d"] == 1
    assert found.kappa.value == pytest.approx(cohens_kappa(found.confusion.to_numpy()).kappa)


def test_a_number_is_the_same_answer_however_it_is_written(judged: Judged) -> None:
    truth, said = [5, "unsettled", 7, 2.5, 3, 4], [5.0, "unsettled", 7, 2.5, 3, 4.0]
    assert only(calibration(judged(dialogues(truth, m=said)))).accuracy.value == 1


def test_a_judge_that_is_always_right_is_not_known_to_be_perfect(judged: Judged) -> None:
    truth = [True, False] * 30
    found = only(calibration(judged(dialogues(truth, m=truth))))
    assert found.accuracy.value == 1
    assert found.accuracy.low is not None
    assert stats.binomtest(6, 6).proportion_ci().low < found.accuracy.low
    assert found.accuracy.low < stats.binomtest(60, 60).proportion_ci().low
    assert found.kappa.value == 1


def test_a_judge_that_answers_nothing_has_no_figures(judged: Judged) -> None:
    found = only(calibration(judged(dialogues([True] * 6, m=[None] * 6))))
    assert (found.n, found.accuracy.value, found.coverage.value) == (0, None, 0)
    assert found.statuses == {"invalid": 6}
    assert found.confusion.empty


def test_a_judge_that_never_says_yes_has_no_precision(judged: Judged) -> None:
    found = only(calibration(judged(dialogues([True, False] * 6, m=[False] * 12))))
    assert (found.precision.value, found.precision.n) == (None, 0)
    assert (found.recall.value, found.f1.value, found.kappa.value) == (0, 0, 0)


def test_what_has_no_known_truth_is_not_compared(judged: Judged) -> None:
    rows = dialogues([True, False, True], m=[True, True, True])
    without = [row for row in rows if row["judge"] != "oracle"]
    assert calibration(judged(without)) == []
    twice = [*rows, {**rows[0], "fingerprint": "other", "value": False}]
    assert only(calibration(judged(twice))).n == 2
    same = [*rows, {**rows[0], "fingerprint": "other"}]
    assert only(calibration(judged(same))).n == 3
    about = [{**row, "agent": 1} if row["judge"] == "m" else {**row, "agent": 0} for row in rows]
    assert calibration(judged(about)) == []
    assert calibration(judged([{**row, "question": "claim"} for row in rows])) == []


KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
"""The example of Krippendorff (2011), part C: four observers, twelve units, missing data."""


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_example(metric: Any, alpha: float) -> None:
    cells = [(unit, value) for row in KRIPPENDORFF for unit, value in enumerate(row) if value is not None]
    units, values = map(np.array, zip(*cells, strict=True))
    assert krippendorff_alpha(values, units, metric) == pytest.approx(alpha, abs=0.0005)


def test_alpha_of_answers_with_missing_ones(judged: Judged) -> None:
    rows = [
        {"dialogue": f"d{unit}", "index": unit, "judge": f"m{coder}", "value": value}
        for coder, row in enumerate(KRIPPENDORFF)
        for unit, value in enumerate(row)
    ]
    rows = [{**row, "status": "ok" if row["value"] is not None else "refused"} for row in rows]
    (found,) = reliability(judged(rows))
    assert (found.among, found.metric, found.coders, found.units) == ("judges", "ordinal", 4, 11)
    assert found.alpha.value == pytest.approx(0.815, abs=0.0005)
    assert found.alpha.n == 40
    assert found.alpha.low is not None
    assert found.alpha.low < 0.815 < (found.alpha.high or 0)


answers = st.lists(st.lists(st.integers(1, 4), min_size=2, max_size=4), min_size=3, max_size=12).filter(
    lambda units: len({value for unit in units for value in unit}) > 1
)


@settings(max_examples=40)
@given(answers)
def test_alpha_is_that_of_nltk(units: list[list[int]]) -> None:
    cells = [(coder, unit, value) for unit, row in enumerate(units) for coder, value in enumerate(row)]
    _, places, values = map(np.array, zip(*cells, strict=True))
    data = [(str(coder), str(unit), value) for coder, unit, value in cells]
    for metric, distance in (("nominal", binary_distance), ("interval", interval_distance)):
        wanted = AnnotationTask(data, distance=distance).alpha()
        assert krippendorff_alpha(values, places, metric) == pytest.approx(wanted)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(answers, st.sampled_from(["nominal", "ordinal", "interval"]), st.randoms(use_true_random=False))
def test_alpha_does_not_depend_on_order_and_is_one_for_perfect_agreement(
    units: list[list[int]], metric: Any, luck: Any
) -> None:
    cells = [(unit, value) for unit, row in enumerate(units) for value in row]
    places, values = map(np.array, zip(*cells, strict=True))
    order = list(range(len(cells)))
    luck.shuffle(order)
    found = krippendorff_alpha(values, places, metric)
    assert found == pytest.approx(krippendorff_alpha(values[order], places[order], metric))
    assert found is not None
    assert found <= 1
    agreed = np.array([units[unit][0] for unit in places])
    if len(set(agreed.tolist())) > 1:
        assert krippendorff_alpha(agreed, places, metric) == pytest.approx(1)
    else:
        assert krippendorff_alpha(agreed, places, metric) is None


def test_people_judges_and_repeats_are_told_apart(judged: Judged) -> None:
    truth = [True, False] * 9
    rows = dialogues(truth, m=truth, **{"person:ann": truth, "person:bo": [not value for value in truth]})
    rows += [{**row, "repeat": 1} for row in rows if row["judge"] == "m"]
    found = {(one.among, one.judge): one for one in reliability(judged(rows))}
    assert set(found) == {("judges", None), ("people", None), ("repeats", "m")}
    assert found["repeats", "m"].alpha.value == 1
    assert found["people", None].alpha.value == pytest.approx(-17 / 18)
    assert (found["judges", None].coders, found["judges", None].metric) == (3, "nominal")


def test_judges_that_err_together(judged: Judged) -> None:
    truth = [True] * 24
    errs = [place % 4 == 0 for place in range(24)]
    first = [not err for err in errs]
    other = [place % 3 != 0 for place in range(24)]
    (found, mixed, _) = error_correlation(judged(dialogues(truth, a=first, b=first, c=other)))
    assert (found.judge_a, found.judge_b, found.correlation.n) == ("a", "b", 24)
    assert found.correlation.value == pytest.approx(1)
    wrong = np.array([[not value for value in said] for said in (first, other)], dtype=float)
    assert mixed.correlation.value == pytest.approx(np.corrcoef(wrong)[0, 1])


def test_errors_of_grades_have_a_direction(judged: Judged) -> None:
    truth = [3] * 24
    high, low = [3 + place % 2 for place in range(24)], [3 - place % 2 for place in range(24)]
    (found,) = error_correlation(judged(dialogues(truth, a=high, b=low)))
    assert found.correlation.value == pytest.approx(-1)


def test_order_effects_by_hand(judged: Judged) -> None:
    rows = [
        {"dialogue": f"d{place}", "index": place, "repeat": repeat, "value": value}
        for place, values in enumerate(
            [("a", "a"), ("a", "b"), ("b", "b"), ("c", "a"), ("a", None), ("b", "b")]
        )
        for repeat, value in enumerate(values)
    ]
    rows = [{**row, "status": "ok" if row["value"] else "error"} for row in rows]
    (found,) = order_effects(judged(rows))
    assert (found.judge, found.changed.value, found.changed.n) == ("m", 2 / 5, 5)
    assert order_effects(judged([row for row in rows if row["repeat"] == 0])) == []


def test_what_changes_in_the_same_order_is_chance(judged: Judged) -> None:
    answers = [("a", "a", "a"), ("a", "b", "a"), ("b", "b", "c"), ("c", "a", "c")]
    rows = [
        {"dialogue": f"d{place}", "index": place, "repeat": repeat, "value": value}
        | {"detail": {"order": (0, 1, 0)[repeat]}}
        for place, values in enumerate(answers)
        for repeat, value in enumerate(values)
    ]
    (found,) = order_effects(judged(rows))
    assert (found.changed.value, found.floor.value) == (2 / 4, 1 / 4)
    assert (found.changed.n, found.floor.n) == (4, 4)


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_judge_that_prefers_the_first_is_found_out(judged: Judged, bias: float) -> None:
    rng = random.Random(3)
    rows = []
    for place in range(400):
        shown = [True, False] if rng.random() < 0.5 else [False, True]
        value = shown[0] if rng.random() < bias else rng.random() < 0.9
        detail = {"order": 1, "chance_first": 0.5, "position": shown.index(value) + 1}
        rows.append({"dialogue": f"d{place}", "index": place, "repeat": 1, "value": value, "detail": detail})
        first = {"order": 0, "chance_first": 0.5, "position": 1}  # as in the file: says nothing
        rows.append({"dialogue": f"d{place}", "index": place, "value": True, "detail": first})
    (found,) = position_bias(judged(rows))
    assert found.first.n == 400
    assert found.expected == 0.5
    assert found.excess.value == pytest.approx(found.first.value - 0.5)
    assert (found.excess.low > 0) == (bias > 0)


def test_nothing_judged_gives_nothing(judged: Judged) -> None:
    empty = judged([])
    assert calibration(empty) == []
    assert reliability(empty) == []
    assert error_correlation(empty) == []
    assert order_effects(empty) == []
    assert position_bias(empty) == []
