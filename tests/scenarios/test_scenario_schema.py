"""Issues write and read their values; payoffs give points."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.scenarios import Issue, Option, Payoff, Range, Scenario

words = st.text("abcdefghij XYZ'é$", min_size=1, max_size=12).map(str.strip).filter(bool)


def number_issue(**grid: Any) -> Issue:
    return Issue(id="price", name="Price", phrase="the price", range=Range(**grid))


@st.composite
def grids(draw: st.DrawFn) -> Issue:
    decimals = draw(st.integers(0, 4))
    unit = 10**decimals
    step = draw(st.integers(1, 5 * unit))
    low = draw(st.integers(-1000 * unit, 1000 * unit))
    count = draw(st.integers(1, 60))
    prefix = draw(st.sampled_from(["", "$", "€ ", "EUR "]))
    suffix = draw(st.sampled_from(["", " a bottle", "%", " days"]))
    return number_issue(
        min=low / unit,
        max=(low + count * step) / unit,
        step=step / unit,
        decimals=decimals,
        prefix=prefix,
        unit=suffix,
    )


@given(
    st.lists(st.tuples(st.integers(0, 10**6), words), min_size=2, max_size=8, unique_by=lambda pair: pair[0])
)
def test_option_labels_read_back(pairs: list[tuple[int, str]]) -> None:
    options = tuple(Option(id=f"o-{n}", label=f"{label} {n}") for n, label in pairs)
    issue = Issue(id="term", name="Term", phrase="the term", options=options)
    for value in issue.values:
        assert issue.parse(issue.label(value)) == value
        assert issue.parse(value) == value
        assert issue.parse(issue.label(value).upper()) == value


@given(grids())
def test_number_labels_read_back(issue: Issue) -> None:
    assert issue.range is not None
    assert len(set(issue.values)) == len(issue.values) == issue.range.count
    for value in issue.values:
        assert issue.parse(issue.label(value)) == value
        assert issue.parse(value) == value
        assert issue.parse(str(value)) == value


@given(grids(), st.floats() | st.integers() | st.text(max_size=20) | st.booleans() | st.none() | st.just([1]))
def test_parse_gives_a_value_of_the_issue_or_says_why_not(issue: Issue, given_value: object) -> None:
    parsed, refusal = None, ""
    try:
        parsed = issue.parse(given_value)
    except ValueError as error:
        refusal = str(error)
    assert parsed in issue.values or refusal.startswith("price: ")


@pytest.mark.parametrize("huge", [10**400, -(10**400), math.inf, math.nan, "9" * 400, "1e999"])
def test_numbers_without_end_are_refused(huge: object) -> None:
    with pytest.raises(ValueError, match="price: "):
        number_issue(min=0, max=10, step=1).parse(huge)


def test_a_decimal_comma_is_not_taken_for_a_thousands_separator() -> None:
    issue = number_issue(min=0, max=2000, step=5)
    assert issue.parse("1,500") == 1500
    with pytest.raises(ValueError, match="is no number"):
        issue.parse("1,5")


def test_negative_amounts_carry_their_sign_before_the_prefix() -> None:
    issue = number_issue(min=-20, max=20, step=5, prefix="$")
    assert issue.label(-15) == "-$15"
    assert issue.parse("-$15") == issue.parse("$-15") == -15
    with pytest.raises(ValueError, match="is no number"):
        issue.parse("-$-15")


def test_what_is_off_the_grid_is_told_the_grid() -> None:
    with pytest.raises(ValueError, match=r"from 0\.09 to 0\.15 in steps of 0\.01"):
        number_issue(min=0.09, max=0.15, step=0.01, decimals=2).parse(0.095)


def test_an_unknown_option_is_told_the_options(bike: dict[str, Any]) -> None:
    delivery = Scenario.model_validate(bike).issues[1]
    with pytest.raises(ValueError, match="choose one of pick-up, bring"):
        delivery.parse("by drone")


@given(st.floats(0, 10))
def test_points_follow_straight_lines_between_the_given_ones(x: float) -> None:
    issue = number_issue(min=0, max=10, step=1)
    payoff = Payoff(reservation=0, target=0, issues={"price": ((0, 0), (4, 8), (10, 2))})
    expected = 2 * x if x <= 4 else 8 - (x - 4)
    assert payoff.points(issue, x) == pytest.approx(expected, abs=1e-6)


def test_points_of_options_come_from_the_table(bike: dict[str, Any]) -> None:
    scenario = Scenario.model_validate(bike)
    assert scenario.value(0, {"price": 150, "delivery": "pick-up"}) == 35 + 30
    assert scenario.value(1, {"price": 150, "delivery": "pick-up"}) == 40 + 0


def test_describe_names_the_issues_that_are_there(bike: dict[str, Any]) -> None:
    scenario = Scenario.model_validate(bike)
    assert scenario.describe({"delivery": "bring", "price": 120}) == "Price: $120; Delivery: brought over"
    assert scenario.describe({"delivery": "bring"}) == "Delivery: brought over"


def test_the_opener_is_found_by_id(bike: dict[str, Any]) -> None:
    assert Scenario.model_validate(bike).opener_index == 1
