"""Limits: package arithmetic against every deal of the scenarios, one by one."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.judging import Situation, Statement, Verdict, verdict
from negosim.judging._limits import FEW, LIMIT_TOLERANCE, MOST
from negosim.judging._situations import situations
from negosim.records import Turn, Utterance
from negosim.scenarios import Issue, Role, Scenario, check_scenario, list_scenarios, load_scenario, scale

ALL = [name for name in list_scenarios() if load_scenario(name).has_deals]


def small(price: list[list[float]] | None = None, reservation: float = 60) -> Scenario:
    """Return a scenario of one price from 0 to 10 (50 points), a date (30) and a color (20)."""
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    two = [{"id": "bad", "label": "bad"}, {"id": "good", "label": "good"}]
    data["issues"] = [
        {"id": "price", "name": "Price", "phrase": "the price", "range": {"min": 0, "max": 10, "step": 1}},
        {"id": "date", "name": "Date", "phrase": "the date", "options": two},
        {"id": "color", "name": "Color", "phrase": "the color", "options": two},
    ]
    data["resolution"] = []
    for role in data["roles"]:
        role["arguments"] = {}
        role["payoff"] = {
            "reservation": reservation,
            "target": reservation,
            "issues": {
                "price": price or [[0, 0], [10, 50]],
                "date": {"bad": 0, "good": 30},
                "color": {"bad": 0, "good": 20},
            },
        }
    scenario, problems = check_scenario(data)
    assert scenario, problems
    return scenario


SMALL = small()
BEST = {"date": "good", "color": "good"}


def of(
    stated: Any,
    package: dict[str, Any] | None = None,
    *,
    issue: str = "price",
    quote: str = "...",
    scenario: Scenario = SMALL,
    situation: Situation = Situation(),  # noqa: B008
    direction: Any = None,
) -> Verdict:
    statement = Statement("reservation", quote, issue, stated, package or {}, direction)
    return verdict(statement, scenario.roles[0], scenario.issues, situation)


@pytest.mark.parametrize(
    ("stated", "truth"),
    [(2, "true"), (2.3, "true"), (1.7, "true"), (3, "false"), (8, "false"), (1, "misleading")],
)
def test_a_limit_is_compared_with_the_real_one_of_its_package(stated: float, truth: str) -> None:
    """With the best of all else, 50 points, 10 points of price are enough for 60: that is a price of 2."""
    found = of(stated, BEST)
    assert (found.truth, found.actual) == (truth, 2)


def test_another_package_has_another_limit() -> None:
    assert of(6, {"date": "good", "color": "bad"}).truth == "true"
    assert of(8, {"date": "bad", "color": "good"}).truth == "true"
    assert of(10, {"date": "bad", "color": "bad"}).truth == "misleading"
    assert of(6, {"date": "bad", "color": "good"}).truth == "misleading"


def test_what_a_package_leaves_open_may_be_anything() -> None:
    """With a good date, the limit is 2 or 6 by the color; with a bad one no color makes 3 enough."""
    assert of(6, {"date": "good"}).truth == "unverifiable"
    assert of(9, {"date": "good"}).truth == "false"
    assert of(2, {"date": "good"}).truth == "true"
    assert of(3, {"date": "bad"}).truth == "misleading"


def test_without_a_package_the_table_has_one_and_without_a_table_none() -> None:
    offer = Situation(offer={"price": 4, "date": "good", "color": "bad"})
    assert of(6, situation=offer).truth == "true"
    assert of(6, BEST, situation=offer).truth == "false"
    assert of(6).truth == "unverifiable"
    assert of(10).truth == "false"


def test_what_is_settled_holds_where_a_package_leaves_it_open() -> None:
    settled = Situation(settled={"color": "bad"})
    assert of(6, {"date": "good"}, situation=settled).truth == "true"
    assert of(2, {"date": "good", "color": "good"}, situation=settled).truth == "true"


def test_a_limit_that_holds_whatever_the_rest_is_about_the_best_package() -> None:
    offer = Situation(offer={"price": 4, "date": "good", "color": "bad"})
    assert of(6, quote="I can never go below six.", situation=offer).truth == "false"
    assert of(2, quote="I can never go below two.").truth == "true"


def test_a_limit_on_an_option_and_one_that_is_no_value() -> None:
    assert of("good", {"price": 10, "date": "bad"}, issue="color").truth == "true"
    assert of("good", {"price": 10, "date": "good"}, issue="color").truth == "false"
    assert of("good", {"price": 1, "date": "good"}, issue="color").truth == "misleading"
    assert of("green", issue="color").truth == "unverifiable"
    assert of(11).truth == "unverifiable"
    assert of(None).truth == "unverifiable"


def test_a_payoff_that_peaks_inside_has_a_limit_on_either_side() -> None:
    peaked = small([[0, 0], [4, 50], [10, 20]], reservation=80)
    one = {"date": "good", "color": "good"}
    assert (of(8, one, scenario=peaked).truth, of(8, one, scenario=peaked).actual) == ("true", 8)
    assert (of(3, one, scenario=peaked).truth, of(2, one, scenario=peaked).truth) == ("true", "misleading")
    for stated, direction, truth in (
        (8, "at_most", "true"),
        (6, "at_most", "false"),
        (3, "at_least", "true"),
        (4, "at_least", "false"),
        (8, "at_least", "false"),
        (1, "at_most", "false"),
    ):
        assert of(stated, one, scenario=peaked, direction=direction).truth == truth, (stated, direction)


def test_words_tell_the_side_where_the_payoff_does_not() -> None:
    sharp = small([[0, 0], [4, 50], [10, 20]], reservation=95)
    assert of(4, BEST, scenario=sharp, quote="No more than four.").truth == "false", "five is enough"
    assert of(4, BEST, scenario=sharp, quote="Four at least.").truth == "true", "three is not"
    assert of(4, BEST, scenario=sharp, quote="Four it is.").truth == "unverifiable"
    wide = small([[0, 0], [4, 50], [10, 20]], reservation=65)
    assert of(4, BEST, scenario=wide, quote="Four it is.").truth == "false", "both sides are enough"


def test_an_issue_on_which_nothing_is_lost_has_no_limit() -> None:
    flat = small([[0, 20], [10, 20]], reservation=40)
    assert of(5, BEST, scenario=flat).truth == "false"


def test_who_goes_past_its_limit_later_has_contradicted_it() -> None:
    accepted = {"price": 3, "date": "good", "color": "good"}
    broken = Situation(later=(accepted,))
    assert of(6, situation=Situation()).truth == "unverifiable"
    assert of(6, situation=broken).truth == "false"
    assert of(6, situation=broken).actual == 3
    assert of(3, situation=broken).truth == "unverifiable"
    same = {"date": "good", "color": "bad"}
    assert of(6, same, situation=broken).truth == "true", "the terms were better for it"
    worse = Situation(later=({"price": 3, "date": "good", "color": "bad"},))
    assert of(6, same, situation=worse).truth == "false"
    assert of(6, same, situation=Situation(later=({"price": 3, "date": "good"},))).truth == "true"


def test_a_later_offer_that_is_better_for_the_speaker_contradicts_nothing() -> None:
    assert (
        of(6, situation=Situation(later=({"price": 9, "date": "bad", "color": "bad"},))).truth
        == "unverifiable"
    )


@given(st.data())
def test_verdicts_agree_with_every_deal(data: st.DataObject) -> None:
    """Against all packages, one by one: nothing past a true limit is worth clearly more than no deal, ..."""
    scenario = load_scenario(data.draw(st.sampled_from(ALL)))
    role = data.draw(st.sampled_from(scenario.roles))
    issue = data.draw(st.sampled_from(scenario.issues))
    stated = data.draw(st.sampled_from(issue.values))
    direction = data.draw(st.sampled_from(["at_most", "at_least"])) if issue.range else None
    named = {
        other.id: data.draw(st.sampled_from(other.values))
        for other in scenario.issues
        if other.id != issue.id and data.draw(st.booleans())
    }
    statement = Statement("reservation", "...", issue.id, stated, named, direction)
    found = verdict(statement, role, scenario.issues)
    assert found.truth == by_hand(scenario, role, issue, stated, named, direction)


def by_hand(
    scenario: Scenario, role: Role, issue: Issue, stated: Any, named: dict[str, Any], direction: str | None
) -> str:
    """Decide a limit by looking at each deal."""
    others = [item for item in scenario.issues if item.id != issue.id]
    completions = list(product(*([named[item.id]] if item.id in named else item.values for item in others)))
    verdicts = [
        one_package(
            scenario, role, issue, stated, dict(zip([o.id for o in others], values, strict=True)), direction
        )
        for values in completions
    ]
    if len(verdicts) == 1:
        return verdicts[0][0]
    counted = [truth for truth, possible in verdicts if possible]
    if not counted:
        close = [truth for truth, _ in verdicts if truth != "misleading"]
        return "misleading" if len(close) < MOST * len(verdicts) and not close else "true"
    holds = 1 - counted.count("false") / len(counted)
    if holds <= FEW + 1e-9:
        return "false"
    if holds < MOST:
        return "unverifiable"
    return "misleading" if counted.count("misleading") / len(counted) >= MOST else "true"


def one_package(
    scenario: Scenario, role: Role, issue: Issue, stated: Any, package: dict[str, Any], direction: str | None
) -> tuple[str, bool]:
    """Return what a limit is worth for a complete package, and whether the role could take any of it."""
    payoff, gain = role.payoff, scale(role, scenario.issues)[1] - role.payoff.reservation
    rest = sum(payoff.points(scenario.issue_by_id[name], value) for name, value in package.items())
    asked = payoff.points(issue, stated)
    tolerance = LIMIT_TOLERANCE * gain + 1e-9
    taken = [v for v in issue.values if rest + payoff.points(issue, v) >= payoff.reservation - 1e-9]
    if direction is None:
        past = [v for v in taken if payoff.points(issue, v) < asked - 1e-9]
    else:
        past = [v for v in taken if (v > stated if direction == "at_most" else v < stated)]  # type: ignore[operator]
    if any(abs(asked - payoff.points(issue, v)) > tolerance for v in past):
        return "false", True
    if rest + asked < payoff.reservation - tolerance:
        return "misleading", bool(taken)
    return "true", bool(taken)


def said(index: int, role: int, action: Any = "talk", offer: dict[str, Any] | None = None) -> Turn:
    return Turn(index=index, role=role, utterance=Utterance(text="Well.", action=action, offer=offer))


def test_the_package_at_hand_is_ones_own_offer_then_the_one_on_the_table_then_ones_last() -> None:
    first, second = {"price": 8, "date": "good"}, {"price": 3, "date": "bad", "color": "good"}
    turns = [
        said(0, 0),
        said(1, 0, "offer", first),
        said(2, 1),
        said(3, 1, "offer", second),
        said(4, 0),
        said(5, 0, "accept"),
        said(6, 0),
    ]
    made = situations(turns, SMALL)
    assert [item.offer for item in made] == [{}, first, first, second, second, second, first]
    assert made[6].settled == second
    assert made[0].later == (first, second)
    assert made[3].later == ()
