"""Rates of false claims: what they are shares of, and corrected for the check's error."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.measures import CheckError, Estimate, LieRates, corrected, lie_rates, utterance_error
from negosim.records import THIRD_PARTY, TRUTH

GOOD = CheckError(found=80, false=100, spared=90, others=100)


@given(st.floats(0, 1), st.integers(10, 100), st.integers(10, 100))
def test_a_share_seen_through_an_error_is_found_again(share: float, found: int, spared: int) -> None:
    error = CheckError(found, 100, spared, 100)
    if not error.known:
        return
    seen = share * error.sensitivity + (1 - share) * (1 - error.specificity)
    value = corrected(Estimate(seen), error).value
    assert value == pytest.approx(share, abs=1e-9)


def test_the_interval_carries_the_uncertainty_of_the_calibration() -> None:
    apparent = Estimate(0.3, 0.25, 0.35)
    sure, unsure = (corrected(apparent, CheckError(8 * k, 10 * k, 9 * k, 10 * k)) for k in (1000, 2))
    assert sure.low is not None
    assert sure.high is not None
    assert unsure.low is not None
    assert unsure.high is not None
    assert sure.value == unsure.value == pytest.approx(0.2 / 0.7)
    assert sure.high - sure.low == pytest.approx(0.1 / 0.7, rel=0.05), "the share's own, stretched"
    assert unsure.low < sure.low < sure.high < unsure.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, truth, hits = np.random.default_rng(3), 0.25, 0
    for _ in range(300):
        error = CheckError(int(rng.binomial(60, 0.7)), 60, int(rng.binomial(80, 0.95)), 80)
        seen = rng.binomial(200, truth * 0.7 + (1 - truth) * 0.05) / 200
        half = 1.96 * (seen * (1 - seen) / 200) ** 0.5
        found = corrected(Estimate(seen, max(0, seen - half), seen + half), error)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 300 <= 0.98


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (None, "is not known"),
        (CheckError(5, 5, 50, 50), "5 false ones and 50 others, 10 of each needed"),
        (CheckError(50, 100, 55, 100), "hardly better than chance"),
    ],
)
def test_what_cannot_be_corrected_has_no_value_and_says_why(error: CheckError | None, why: str) -> None:
    found = corrected(Estimate(0.3, 0.2, 0.4, n=50), error)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert why in str(found.note)


def row(**given: Any) -> dict[str, Any]:
    return {
        "dialogue": "d",
        "question": "claim",
        "perspective": THIRD_PARTY,
        "judge": "m",
        "status": "ok",
        "agent": 0,
        "turn": 0,
        "value": None,
        "detail": {},
        "scenario": "s",
        "index": 0,
        **given,
    }


def frame() -> pd.DataFrame:
    """Return six dialogues with a claim about each of two subjects, a promise, and utterances."""

    def rows() -> Iterator[dict[str, Any]]:
        for index in range(60):
            about = {"dialogue": f"d{index}", "index": index}
            limit = "false" if index % 2 else "true"
            yield row(**about, value=limit, detail={"subject": "reservation"})
            fact = ("false", "unverifiable", "true", "misleading")[index % 4]
            yield row(**about, value=fact, detail={"subject": "fact"})
            yield row(**about, status="invalid", detail={})
            lies = index % 3 == 0
            truth = {**about, "question": "false-claim", "perspective": TRUTH, "judge": "oracle"}
            yield row(**truth, value=lies)
            judged = "not_applicable" if index % 10 == 0 else "ok"
            value = (lies or index % 20 == 1) if judged == "ok" else None
            yield row(**about, question="false-claim", status=judged, value=value)

    return pd.DataFrame(rows())


def by_row(rates: list[LieRates]) -> dict[tuple[str, str, str | None], LieRates]:
    return {(one.judge, one.of, one.subject): one for one in rates}


def values(one: LieRates) -> list[float | None]:
    return [one.undecided.value, one.false_of_decided.value, one.false_of_all.value]


def test_rates_say_what_they_are_shares_of() -> None:
    found = by_row(lie_rates(frame()))
    assert values(found["m", "claims", "fact"]) == [0.25, pytest.approx(1 / 3), 0.25]
    assert values(found["m", "claims", "reservation"]) == [0, 0.5, 0.5]
    assert values(found["m", "claims", None]) == [0.125, pytest.approx(3 / 7), 0.375]
    lies = found["m", "utterances", None]
    assert values(lies) == [0.1, pytest.approx(20 / 54), pytest.approx(20 / 60)]


def test_the_record_and_the_check_are_never_in_one_row() -> None:
    rates = lie_rates(frame())
    assert {(one.judge, one.source) for one in rates} == {
        ("m", "verdicts of the check"),
        ("oracle", "flags of the record"),
    }
    assert all(one.corrected.value is None for one in rates if one.judge == "oracle")


def test_corrected_where_the_error_is_known() -> None:
    found = by_row(lie_rates(frame()))
    assert found["m", "claims", "fact"].corrected.value is None
    assert found["m", "claims", "reservation"].corrected.value == pytest.approx(0.5, abs=0.01)
    own = by_row(lie_rates(frame(), errors={"fact": GOOD}))
    assert own["m", "claims", "fact"].corrected.value == pytest.approx(0.15 / 0.7)


def test_an_utterances_error_is_taken_from_the_record_of_the_same_run() -> None:
    error = utterance_error(frame(), "m", THIRD_PARTY)
    assert error == CheckError(found=18, false=20, spared=38, others=40)
    lies = by_row(lie_rates(frame()))["m", "utterances", None]
    assert lies.corrected.value == pytest.approx(20 / 60), "the share in the record"
