"""Differences between conditions: pairing, effect sizes, p values, Holm."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from negosim.measures import Difference, Estimate, difference, holm

Corpus = Callable[..., pd.DataFrame]
BOTH = ("honest", "deceptive-2")


def compared(rows: pd.DataFrame, column: str = "number", between: str = "condition") -> Difference:
    a, b = BOTH if between == "condition" else sorted(rows[between].unique())
    return difference(rows, column, between, a=a, b=b)


def test_pairs_by_hand() -> None:
    rows = pd.DataFrame(
        [
            {"scenario": "one", "index": index, "condition": condition, "number": value}
            for index, pair in enumerate([(1, 2), (2, 4), (3, 3), (4, 6), (5, 5)])
            for condition, value in zip(BOTH, pair, strict=True)
        ]
    )
    found = compared(rows)
    gaps = np.array([1, 2, 0, 2, 0])
    assert (found.paired, found.n, found.value) == (True, 5, 1.0)
    assert (found.a.value, found.b.value) == (3.0, 4.0)
    assert found.effect_name == "Cohen's d_z"
    assert found.effect == pytest.approx(gaps.mean() / gaps.std(ddof=1))


def test_pairs_of_one_scenario_agree_with_the_paired_t_test(corpus: Corpus) -> None:
    rows = corpus(1, 60, conditions=BOTH)
    found = compared(rows)
    wide = rows.pivot(index="index", columns="condition", values="number")
    wanted = stats.ttest_rel(wide["deceptive-2"], wide["honest"])
    span = wanted.confidence_interval(0.95)
    assert found.value == pytest.approx(wide["deceptive-2"].mean() - wide["honest"].mean())
    assert (found.low, found.high) == pytest.approx((span.low, span.high), abs=0.03)
    assert found.p == pytest.approx(wanted.pvalue, abs=0.005)


def test_without_pairs_it_agrees_with_welch(corpus: Corpus) -> None:
    rows = corpus(1, 80, conditions=BOTH)
    rows.loc[rows["condition"] == "deceptive-2", "index"] += 1000
    found = compared(rows)
    a, b = (rows[rows["condition"] == name]["number"] for name in BOTH)
    wanted = stats.ttest_ind(b, a, equal_var=False)
    span = wanted.confidence_interval(0.95)
    assert (found.paired, found.n) == (False, 160)
    assert (found.low, found.high) == pytest.approx((span.low, span.high), abs=0.06)
    assert found.p == pytest.approx(wanted.pvalue, abs=0.02)
    pooled = np.sqrt((a.var() + b.var()) / 2)
    assert found.effect == pytest.approx((b.mean() - a.mean()) / pooled * (1 - 3 / (4 * 158 - 1)))
    assert found.effect_name == "Hedges' g"


def test_pairing_narrows_the_interval(corpus: Corpus) -> None:
    rows = corpus(8, 20, conditions=BOTH)
    paired = compared(rows)
    apart = compared(rows.assign(index=rows["index"] + 1000 * (rows["condition"] == "honest")))
    assert paired.value == pytest.approx(apart.value)
    assert (paired.paired, apart.paired) == (True, False)
    assert abs(paired.effect or 0) > abs(apart.effect or 0)


def test_shares_differ_by_risk_difference_and_cohens_h() -> None:
    yes = {"honest": [True] * 8 + [False] * 2, "deceptive-2": [True] * 5 + [False] * 5}
    rows = pd.DataFrame(
        [
            {"scenario": "one", "index": index, "condition": condition, "yes": value}
            for condition, values in yes.items()
            for index, value in enumerate(values)
        ]
    )
    found = compared(rows, "yes")
    assert found.value == pytest.approx(-0.3)
    assert found.effect_name == "Cohen's h"
    assert found.effect == pytest.approx(2 * np.arcsin(np.sqrt(0.5)) - 2 * np.arcsin(np.sqrt(0.8)))


def test_pairs_that_never_differ_are_not_certain_to_be_equal() -> None:
    rows = pd.DataFrame(
        [{"scenario": "one", "index": i, "condition": c, "yes": True} for i in range(30) for c in BOTH]
    )
    found = compared(rows, "yes")
    assert (found.value, found.p) == (0, 1)
    assert found.high == pytest.approx(stats.binomtest(0, 30).proportion_ci().high)
    assert found.low == -(found.high or 0)


def test_a_failed_half_leaves_the_pair_out(corpus: Corpus) -> None:
    rows = corpus(6, 10, conditions=BOTH)
    rows.loc[(rows["condition"] == "honest") & (rows["index"] == 3), "number"] = None
    found = compared(rows)
    assert (found.paired, found.n, found.b.n) == (True, 54, 54)
    assert found.value == pytest.approx((found.b.value or 0) - (found.a.value or 0))


def test_seats_are_matched(corpus: Corpus) -> None:
    straight = corpus(6, 4, conditions=BOTH).assign(model_1="x", model_2="y")
    swapped = straight.assign(model_1="y", model_2="x", number=straight["number"] + 100)
    found = compared(pd.concat([straight, swapped]))
    assert found.n == 48
    assert found.value == pytest.approx(compared(straight).value)


def test_two_models_are_compared_on_the_same_seeds(corpus: Corpus) -> None:
    first = corpus(6, 4).assign(run="a", model_1="x", model_2="x")
    second = first.assign(run="b", model_1="y", model_2="y", number=first["number"] + 2)
    found = compared(pd.concat([first, second]), between="run")
    assert (found.paired, found.n) == (True, 24)
    assert found.value == pytest.approx(2)


def test_scenarios_are_compared_over_their_seeds(corpus: Corpus) -> None:
    found = compared(corpus(2, 30), between="scenario")
    assert (found.paired, found.n) == (False, 60)
    assert found.low is not None


def test_several_rows_of_a_dialogue_enter_as_their_mean(corpus: Corpus) -> None:
    rows = corpus(6, 5, conditions=BOTH)
    doubled = pd.concat([rows, rows.assign(number=rows["number"] + 4)])
    found = compared(doubled)
    assert found.n == 30
    assert found.value == pytest.approx(compared(rows).value)
    assert found.p == pytest.approx(compared(rows).p)


def test_a_few_scenarios_are_compared_for_themselves(corpus: Corpus) -> None:
    """The seeds of each are resampled: what differs between the scenarios makes no interval wider."""
    rows = corpus(3, 40, conditions=BOTH)
    found = compared(rows)
    assert (found.a.scope, found.n) == ("these", 120)
    apart = rows.assign(number=rows["number"] + 100 * rows["scenario"].str[-1].astype(int))
    moved = compared(apart)
    assert found.low is not None
    assert (moved.value, moved.low, moved.high) == pytest.approx((found.value, found.low, found.high))
    gaps = rows.pivot(index=["scenario", "index"], columns="condition", values="number")
    gaps = gaps[BOTH[1]] - gaps[BOTH[0]]
    by_hand = np.sqrt((gaps.groupby("scenario").var() / 40).sum()) / 3
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 117) * by_hand, rel=0.06)


@pytest.mark.parametrize("paired", [True, False])
def test_what_never_differs_is_nearly_certain_with_many_rows(paired: bool) -> None:
    def width(each: int) -> float:
        rows = [
            {
                "scenario": f"s{k}",
                "index": n + (1000 * place if not paired else 0),
                "condition": name,
                "yes": True,
            }
            for k in range(10)
            for n in range(each)
            for place, name in enumerate(BOTH)
        ]
        found = difference(pd.DataFrame(rows), "yes", a=BOTH[0], b=BOTH[1])
        assert (found.value, found.p, found.paired) == (0, 1, paired)
        assert found.low is not None
        assert found.low == -found.high
        return found.high

    assert width(5) > 1.3 * width(20)
    assert width(20) < 0.11


def test_too_few_scenarios_give_no_interval_and_no_p(corpus: Corpus) -> None:
    rows = corpus(3, 50, conditions=BOTH)
    found = difference(rows, "number", a=BOTH[0], b=BOTH[1], scope="any")
    assert found.value is not None
    assert (found.low, found.high, found.p) == (None, None, None)
    assert found.note == "not enough data: 3 scenarios, 5 needed"


def test_a_group_without_rows_is_no_difference(corpus: Corpus) -> None:
    found = compared(corpus(6, 5))
    assert (found.value, found.p, found.b.value) == (None, None, None)
    assert found.note is not None


@settings(max_examples=25)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_swapping_the_groups_turns_the_sign_and_row_order_does_not_matter(seed: int, luck: object) -> None:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [
            {"scenario": f"s{s}", "index": i, "condition": c, "number": rng.normal()}
            for s in range(6)
            for i in range(3)
            for c in BOTH
        ]
    )
    order = list(range(len(rows)))
    luck.shuffle(order)  # type: ignore[attr-defined]
    found = compared(rows)
    turned = difference(rows.iloc[order], "number", a=BOTH[1], b=BOTH[0])
    assert found.value == pytest.approx(-(turned.value or 0))
    assert found.low == pytest.approx(-(turned.high or 0))
    assert found.p == pytest.approx(turned.p)
    assert (found.p or 0) < 0.05 or (found.low or 0) < 0 < (found.high or 0)


def with_p(p: float | None) -> Difference:
    nothing = Estimate(None)
    return Difference("x", nothing, nothing, p=p)


def test_holm_by_hand() -> None:
    found = holm([with_p(p) for p in (0.01, None, 0.04, 0.03)])
    assert [one.p_holm for one in found] == [
        pytest.approx(0.03),
        None,
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]
    assert holm([with_p(None)]) == [with_p(None)]
    assert holm([]) == []


@settings(max_examples=8)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lowers_no_p(ps: list[float]) -> None:
    found = holm([with_p(p) for p in ps])
    corrected = [one.p_holm for one in found]
    assert all(p <= q <= 1 for p, q in zip(ps, corrected, strict=True) if q is not None)
    by_p = [q for _, q in sorted(zip(ps, corrected, strict=True), key=lambda pair: pair[0])]
    assert by_p == sorted(by_p)  # type: ignore[type-var]
    assert [replace(one, p_holm=None) for one in found] == [with_p(p) for p in ps]
