"""Preferences in a payoff: limits, priorities, the scale."""

from itertools import product

import pytest

from negosim.scenarios import (
    Scenario,
    check_scenario,
    list_scenarios,
    load_scenario,
    priority_shares,
    real_limit,
    scale,
)

ALL = sorted(name for name in list_scenarios() if load_scenario(name).has_deals)


@pytest.mark.parametrize("name", ALL)
def test_the_real_limit_is_the_worst_value_in_any_deal_that_is_worth_making(name: str) -> None:
    scenario = load_scenario(name)
    for position, role in enumerate(scenario.roles):
        worth = scenario.space.values[:, position]
        for issue in scenario.issues:
            points = {value: role.payoff.points(issue, value) for value in issue.values}
            taken = [
                points[scenario.space.deal(number)[issue.id]]
                for number in (worth >= role.payoff.reservation - 1e-9).nonzero()[0]
            ]
            assert points[real_limit(role, scenario.issues, issue.id)] == min(taken)


@pytest.mark.parametrize("name", ALL)
def test_shares_add_up_and_follow_the_ranges_of_points(name: str) -> None:
    scenario = load_scenario(name)
    for position, role in enumerate(scenario.roles):
        shares = priority_shares(role, scenario.issues)
        assert sum(shares.values()) == pytest.approx(1)
        worth = scenario.space.values[:, position]
        assert scale(role, scenario.issues) == pytest.approx((worth.min(), worth.max()))


def test_where_every_deal_is_the_same_all_issues_count_alike() -> None:
    scenario = _two_issues(0, 0)
    assert priority_shares(scenario.roles[0], scenario.issues) == {"a": 0.5, "b": 0.5}


def _two_issues(first: float, second: float) -> Scenario:
    """Viatex's people over two issues of two options; the first role's points are given."""
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    data["issues"] = [
        {
            "id": name,
            "name": name,
            "phrase": f"the {name}",
            "options": [{"id": "no", "label": "none"}, {"id": "yes", "label": "all"}],
        }
        for name in ("a", "b")
    ]
    data["resolution"] = []
    for role, points in product(data["roles"], [(first, second)]):
        role["arguments"] = {}
        role["payoff"] = {
            "reservation": 0,
            "target": 0,
            "issues": {name: {"no": 0, "yes": worth} for name, worth in zip("ab", points, strict=True)},
        }
    scenario, problems = check_scenario(data)
    assert scenario, problems
    return scenario
