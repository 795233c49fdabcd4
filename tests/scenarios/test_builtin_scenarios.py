"""The built-in scenarios: what each must offer so that negotiating, lying and judging make sense."""

import numpy as np
import pytest

from negosim.measures import kind_of
from negosim.measures._kind import kind_warnings
from negosim.scenarios import list_scenarios, load_scenario

BUILT_IN = [
    "camp-lemonnier",
    "carer",
    "casino-two",
    "cello",
    "daily-herald",
    "hedgerow",
    "heron-mill",
    "parker-gibson",
    "powerscreen",
    "quarry-road",
    "ren-the-robot",
    "rose-lane",
    "sally-soprano",
    "viatex",
    "west-wind",
    "winter-ferry",
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
    assert 3 <= len(scenario.issues) <= 6 or name == "cello"
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
    if len(scenario.issues) == 1:
        return
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


def test_reservation_values_lie_all_over_the_scale() -> None:
    values = [float(value) for name in BUILT_IN for value in load_scenario(name).space.reservations]
    for low, high in ((0, 20), (20, 40), (40, 60), (60, 70), (70, 80)):
        assert any(low <= value < high for value in values), (low, high)


@pytest.mark.parametrize("name", ["hedgerow", "winter-ferry"])
def test_some_have_a_narrow_zone_of_agreement(name: str) -> None:
    space = load_scenario(name).space
    assert 0.005 < space.rational.mean() < 0.06
    assert max(kind_of(space).zone) < 30


def test_one_is_purely_distributive() -> None:
    space = load_scenario("cello").space
    assert space.constant_sum
    assert kind_of(space).integrative == pytest.approx(0)


def test_one_has_an_issue_on_which_both_want_the_same() -> None:
    scenario = load_scenario("carer")
    week = scenario.issue_by_id["week"]
    best = [max(week.values, key=lambda v: role.payoff.points(week, v)) for role in scenario.roles]
    assert best == ["four", "four"]


def test_in_one_the_solutions_of_bargaining_lie_far_apart() -> None:
    solutions = kind_of(load_scenario("quarry-road").space).solutions
    nash, egalitarian, utilitarian = (
        np.array(solutions[name]) for name in ("nash", "egalitarian", "utilitarian")
    )
    assert min(nash[0] - egalitarian[0], utilitarian[0] - nash[0]) > 15
    assert utilitarian.sum() - egalitarian.sum() > 20


@each
def test_no_warning_is_given(name: str) -> None:
    assert not list(kind_warnings(load_scenario(name)))


@each
def test_no_confidential_sentence_stands_among_what_is_said(name: str) -> None:
    scenario = load_scenario(name)
    private = [
        sentence.strip(" .")
        for role in scenario.roles
        for text in (role.brief, role.alternative, role.deceptive_brief or "", *role.secrets)
        for sentence in text.split(". ")
        if len(sentence) > 25
    ]
    for role in scenario.roles:
        said = [text for texts in role.arguments.values() for text in texts]
        for kind in ("alternative", "deadline", "fact"):
            said += [*getattr(role.disclosures, kind), *getattr(role.fabrications, kind)]
        assert not [text for text in private if any(text in sentence for sentence in said)]


@each
def test_nothing_confidential_is_in_the_context(name: str) -> None:
    scenario = load_scenario(name)
    public = (
        f"{scenario.context} {scenario.summary} {' '.join(issue.description for issue in scenario.issues)}"
    )
    for role in scenario.roles:
        for secret in (*role.secrets, role.alternative, role.brief, role.deceptive_brief or ""):
            assert secret not in public
