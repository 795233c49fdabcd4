"""The built-in scenarios: what each must offer so that negotiating, lying and judging make sense."""

import numpy as np
import pytest

from negosim.scenarios import list_scenarios, load_scenario

BUILT_IN = [
    "camp-lemonnier",
    "casino-two",
    "daily-herald",
    "heron-mill",
    "parker-gibson",
    "powerscreen",
    "ren-the-robot",
    "rose-lane",
    "sally-soprano",
    "viatex",
    "west-wind",
]
LISTED = list(list_scenarios())

each = pytest.mark.parametrize("name", BUILT_IN)


def test_the_cases_are_there() -> None:
    assert [name for name in LISTED if load_scenario(name).has_deals] == BUILT_IN
    assert {"donation", "support"} <= set(LISTED)


@each
def test_there_are_roles_issues_and_questions_enough(name: str) -> None:
    scenario = load_scenario(name)
    assert len(scenario.roles) >= 2
    assert 3 <= len(scenario.issues) <= 6
    assert 3 <= len(scenario.resolution) <= 8
    assert {question.issue for question in scenario.resolution} >= {issue.id for issue in scenario.issues}


@each
def test_each_role_can_bargain_and_lie(name: str) -> None:
    scenario = load_scenario(name)
    for role in scenario.roles:
        assert role.deceptive_brief
        assert role.secrets
        for issue in scenario.issues:
            assert len(set(role.arguments.get(issue.id, ()))) >= 4, (role.id, issue.id)
        for kind in ("alternative", "deadline", "fact"):
            true, false = getattr(role.disclosures, kind), getattr(role.fabrications, kind)
            assert true, (role.id, kind)
            assert false, (role.id, kind)
            assert not set(true) & set(false), (role.id, kind)


@each
def test_points_run_from_0_to_100(name: str) -> None:
    values = load_scenario(name).space.values
    assert values.min(axis=0).tolist() == pytest.approx([0] * values.shape[1])
    assert values.max(axis=0).tolist() == pytest.approx([100] * values.shape[1])


@each
def test_there_is_something_to_agree_on_and_something_to_lose(name: str) -> None:
    space = load_scenario(name).space
    assert 0 < space.rational.mean() < 1
    assert (space.rational & space.pareto).sum() >= 2, "several efficient deals to choose among"
    assert space.nash is not None
    for role in space.scenario.roles:
        assert role.payoff.reservation < role.payoff.target <= 100


@each
def test_priorities_differ_between_roles(name: str) -> None:
    scenario = load_scenario(name)
    stakes = [
        tuple(
            np.ptp([role.payoff.points(issue, value) for value in issue.values]) for issue in scenario.issues
        )
        for role in scenario.roles
    ]
    orders = {tuple(np.argsort(-np.array(stake), kind="stable").tolist()) for stake in stakes}
    assert len(orders) > 1


@each
def test_some_acceptable_deals_are_worth_clearly_more_together_than_others(name: str) -> None:
    space = load_scenario(name).space
    spread = np.ptp(space.joint[space.rational])
    assert (spread >= 10) != space.constant_sum


def test_at_least_eight_are_not_constant_sum() -> None:
    assert sum(not load_scenario(name).space.constant_sum for name in BUILT_IN) >= 8


@each
def test_nothing_confidential_is_in_the_context(name: str) -> None:
    scenario = load_scenario(name)
    public = (
        f"{scenario.context} {scenario.summary} {' '.join(issue.description for issue in scenario.issues)}"
    )
    for role in scenario.roles:
        for secret in (*role.secrets, role.alternative, role.brief, role.deceptive_brief or ""):
            assert secret not in public
