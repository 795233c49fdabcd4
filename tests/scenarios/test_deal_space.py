"""The space of deals against brute force: efficiency, rationality, Nash point."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.scenarios import DealSpace, Scenario
from negosim.scenarios._space import pareto_mask, space_summary


def dominated(row: list[float], rows: list[list[float]]) -> bool:
    return any(
        all(b >= a for a, b in zip(row, other, strict=True))
        and any(b > a for a, b in zip(row, other, strict=True))
        for other in rows
    )


@pytest.mark.parametrize("roles", [1, 2, 3, 4])
@given(data=st.data())
def test_pareto_mask_against_brute_force(roles: int, data: st.DataObject) -> None:
    # Few distinct numbers, so that ties and equal rows are common.
    row = st.lists(st.integers(0, 5).map(float), min_size=roles, max_size=roles)
    rows = data.draw(st.lists(row, min_size=1, max_size=40))
    assert pareto_mask(np.array(rows)).tolist() == [not dominated(row, rows) for row in rows]


def test_noise_of_the_last_bits_does_not_make_a_deal_inefficient() -> None:
    values = np.array([[0.1 + 0.2, 1.0], [0.3, 1.0], [0.0, 0.5]])
    assert pareto_mask(values).tolist() == [True, True, False]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A scenario of two or three roles with whole points from a small set, so that ties occur."""
    roles = draw(st.integers(2, 3))
    points = st.integers(0, 6)
    issues: list[dict[str, Any]] = []
    tables: list[dict[str, Any]] = [{} for _ in range(roles)]
    for number in range(draw(st.integers(1, 3))):
        issue: dict[str, Any] = {"id": f"i-{number}", "name": f"Issue {number}", "phrase": f"issue {number}"}
        count = draw(st.integers(2, 4))
        if draw(st.booleans()):
            issue["options"] = [{"id": f"o-{o}", "label": f"option {o}"} for o in range(count)]
            for table in tables:
                table[issue["id"]] = {f"o-{o}": draw(points) for o in range(count)}
        else:
            issue["range"] = {"min": 0, "max": count - 1, "step": 1}
            for table in tables:
                table[issue["id"]] = [[0, draw(points)], [count - 1, draw(points)]]
        issues.append(issue)
    side = {"position": "somebody", "brief": "You bargain.", "interests": ["points"], "alternative": "None."}
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "id": "drawn",
            "title": "Drawn",
            "source": "Drawn.",
            "summary": "Drawn.",
            "context": "Drawn.",
            "opener": "r-0",
            "issues": issues,
            "roles": [
                {
                    "id": f"r-{r}",
                    "name": f"Role {r}",
                    **side,
                    "payoff": {"reservation": draw(st.integers(0, 10)), "target": 20, "issues": tables[r]},
                }
                for r in range(roles)
            ],
        }
    )


def all_deals(scenario: Scenario) -> list[dict[str, Any]]:
    names = [issue.id for issue in scenario.issues]
    combinations = itertools.product(*(issue.values for issue in scenario.issues))
    return [dict(zip(names, combination, strict=True)) for combination in combinations]


@given(scenarios())
def test_deals_are_numbered_in_product_order(scenario: Scenario) -> None:
    space = DealSpace(scenario)
    deals = all_deals(scenario)
    assert [space.deal(number) for number in range(len(space))] == deals
    assert [space.number(deal) for deal in deals] == list(range(len(space)))


@given(scenarios())
def test_values_add_up_over_issues(scenario: Scenario) -> None:
    space = scenario.space
    for number, deal in enumerate(all_deals(scenario)):
        for index, role in enumerate(scenario.roles):
            by_hand = sum(role.payoff.points(issue, deal[issue.id]) for issue in scenario.issues)
            assert space.values[number, index] == pytest.approx(by_hand)
            assert scenario.value(index, deal) == pytest.approx(by_hand)


@given(scenarios())
def test_rational_pareto_joint_and_nash_against_brute_force(scenario: Scenario) -> None:
    space = DealSpace(scenario)
    rows = [[scenario.value(r, deal) for r in range(len(scenario.roles))] for deal in all_deals(scenario)]
    rows = [[round(value, 9) for value in row] for row in rows]
    reservations = [role.payoff.reservation for role in scenario.roles]
    gains = [[value - low for value, low in zip(row, reservations, strict=True)] for row in rows]
    products = [math.prod(gain) if min(gain) > 0 else 0.0 for gain in gains]
    assert space.joint.tolist() == pytest.approx([sum(row) for row in rows])
    assert space.rational.tolist() == [min(gain) >= -1e-9 for gain in gains]
    assert space.pareto.tolist() == [not dominated(row, rows) for row in rows]
    assert space.nash_products.tolist() == pytest.approx(products, abs=1e-6)
    if max(products) > 1e-6:
        assert space.nash is not None
        assert products[space.nash] == pytest.approx(max(products))
        assert not dominated(rows[space.nash], rows)
    sums = [sum(row) for row in rows]
    assert space.constant_sum == (max(sums) - min(sums) <= 1e-6)


@given(scenarios())
def test_pareto_distance_is_zero_on_the_frontier_and_only_there(scenario: Scenario) -> None:
    space = DealSpace(scenario)
    for number in range(len(space)):
        distance = space.pareto_distance(space.values[number])
        assert distance >= 0
        assert (distance < 1e-9) == bool(space.pareto[number])


def test_no_nash_point_where_no_deal_gives_everybody_a_gain(bike: dict[str, Any]) -> None:
    bike["roles"][0]["payoff"]["reservation"] = 100
    bike["roles"][1]["payoff"]["reservation"] = 100
    space = Scenario.model_validate(bike).space
    assert space.nash is None
    assert space_summary(space)["nash_deal"] is None
    assert space_summary(space)["rational_share"] == 0


def test_summary_has_the_numbers_by_hand(bike: dict[str, Any]) -> None:
    # With d = price - 100: picked up gives (30 + 0.7d, 80 - 0.8d), brought over (0.7d, 100 - 0.8d).
    # Rational: picked up d <= 60 (7), brought over 30 <= d <= 80 (6). Efficient: picked up always (11),
    # brought over while the buyer gets more than the 80 of the cheapest pick-up, d <= 20 (3).
    # Nash product picked up: (10 + 0.7d)(50 - 0.8d), largest on the grid at d = 20.
    assert space_summary(Scenario.model_validate(bike).space) == {
        "deals": 22,
        "rational_share": 13 / 22,
        "pareto_deals": 14,
        "constant_sum": False,
        "nash_deal": {"price": 120, "delivery": "pick-up"},
        "nash_values": [44, 64],
        "best_joint": 110,
        "best_joint_deal": {"price": 100, "delivery": "pick-up"},
        "coalitions": [],
    }
