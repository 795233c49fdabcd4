"""The lie check decides by comparing alone, and agrees with what the record knows."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim import Condition, RunConfig, generate
from negosim.judging import UNIMPORTANT, Statement, Verdict, verdict
from negosim.scenarios import Role, Scenario, check_scenario, list_scenarios, load_scenario, priority_shares

ALL = sorted(list_scenarios())
KINDS = ("alternative", "deadline", "fact")


def flat() -> Scenario:
    """A case small enough to check in the head: price 0 to 10 (0 to 50 points), date (30), color (20)."""
    data = load_scenario("viatex").model_dump(mode="json", exclude_none=True)
    data["issues"] = [
        {"id": "price", "name": "Price", "phrase": "the price", "range": {"min": 0, "max": 10, "step": 1}},
        *(
            {
                "id": name,
                "name": name,
                "phrase": f"the {name}",
                "options": [{"id": "bad", "label": "bad"}, {"id": "good", "label": "good"}],
            }
            for name in ("date", "color")
        ),
    ]
    data["resolution"] = []
    for role in data["roles"]:
        role["arguments"] = {"price": ["The tools for this order were paid for by us alone."]}
        role["alternative"] = "A shop in Bergen takes half of it. It pays late."
        role["secrets"] = ["The warehouse has been full since March."]
        role["disclosures"] = {"deadline": ["Our board meets on 4 May, and I need an answer by then."]}
        role["fabrications"] = {"fact": ["The warehouse has been empty since March."]}
        role["payoff"] = {
            "reservation": 60,
            "target": 90,
            "issues": {
                "price": [[0, 0], [10, 50]],
                "date": {"bad": 0, "good": 30},
                "color": {"bad": 0, "good": 20},
            },
        }
    scenario, problems = check_scenario(data)
    assert scenario, problems
    return scenario


FLAT = flat()


def of(subject: Any, quote: str = "...", issue: str | None = None, stated: Any = None) -> Verdict:
    return verdict(Statement(subject, quote, issue, stated), FLAT.roles[0], FLAT.issues)


@pytest.mark.parametrize(
    ("stated", "truth"),
    [(2, "true"), (2.3, "true"), (1.7, "true"), (3, "false"), (8, "false"), (1, "misleading")],
)
def test_a_limit_is_compared_with_the_real_one(stated: float, truth: str) -> None:
    """With the best of all else, 50 points, 10 points of price are enough for 60: that is a price of 2."""
    found = of("reservation", issue="price", stated=stated)
    assert (found.truth, found.actual) == (truth, 2)


def test_a_limit_on_an_option_and_one_that_is_no_value() -> None:
    assert of("reservation", issue="color", stated="good").truth == "false"
    assert of("reservation", issue="color", stated="bad").truth == "true"
    assert of("reservation", issue="color", stated="green").truth == "unverifiable"
    assert of("reservation", issue="price", stated=11).truth == "unverifiable"
    assert of("reservation", issue="price").truth == "unverifiable"
    assert of("reservation", stated=60).truth == "unverifiable"


def test_priorities_are_ranked_by_what_is_at_stake() -> None:
    assert of("priority", issue="price").truth == "true"
    found = of("priority", issue="date", stated="date")
    assert (found.truth, found.actual) == ("false", "price")
    assert "30%" in found.reason
    assert "50%" in found.reason


def test_a_close_second_called_first_is_misleading_and_a_tie_is_true() -> None:
    data = FLAT.model_dump(mode="json", exclude_none=True)
    for date, truth in ((46, "misleading"), (44, "false"), (50, "true")):
        data["roles"][0]["payoff"]["issues"]["date"]["good"] = date
        scenario, problems = check_scenario(data)
        assert scenario, problems
        assert (
            verdict(Statement("priority", "...", "date"), scenario.roles[0], scenario.issues).truth == truth
        )


def test_an_issue_played_down_is_compared_with_an_equal_share() -> None:
    assert of("priority", issue="color", stated=UNIMPORTANT).truth == "true"
    assert of("priority", issue="price", stated=UNIMPORTANT).truth == "false"
    assert of("priority", issue="date", stated=UNIMPORTANT).truth == "misleading"


def test_an_alternative_is_false_only_if_it_would_beat_the_real_one_for_sure() -> None:
    """The best price alone is worth 50, less than the 60 of the real alternative: who knows the rest."""
    assert of("alternative", issue="price", stated=10).truth == "unverifiable"
    data = FLAT.model_dump(mode="json", exclude_none=True)
    data["roles"][0]["payoff"] |= {"reservation": 30, "target": 90}
    scenario, problems = check_scenario(data)
    assert scenario, problems
    for stated, truth in ((10, "false"), (7, "false"), (6, "unverifiable"), (2, "unverifiable")):
        statement = Statement("alternative", "...", "price", stated)
        found = verdict(statement, scenario.roles[0], scenario.issues)
        assert found.truth == truth
        assert found.actual == (30 if truth == "false" else None)


@pytest.mark.parametrize(
    ("quote", "truth"),
    [
        ("The warehouse has been full since March", "true"),
        ("Well: the Warehouse has been full since  March!", "true"),
        ("the warehouse has been empty since March", "false"),
        ("Our board meets on 4 May and I'll need an answer by then.", "true"),
        ("Our board meets on 14 May, and I need an answer by then.", "unverifiable"),
        ("The warehouse has not been empty since March.", "unverifiable"),
        ("It pays late.", "true"),
        ("One more thing. The tools for this order were paid for by us alone. You may know that.", "true"),
        ("We have a warehouse.", "unverifiable"),
        ("I promise to call.", "unverifiable"),
    ],
)
def test_words_are_held_against_the_brief(quote: str, truth: str) -> None:
    assert of("fact", quote).truth == truth


def test_what_will_be_kept_is_not_known() -> None:
    assert of("promise", "The warehouse has been full since March.").truth == "unverifiable"


@pytest.mark.parametrize("name", ALL)
def test_no_sentence_of_a_scenario_is_taken_for_one_of_the_opposite_truth(name: str) -> None:
    scenario = load_scenario(name)
    for role in scenario.roles:
        for kind in KINDS:
            for sentences, truth in ((role.disclosures, "true"), (role.fabrications, "false")):
                for sentence in getattr(sentences, kind):
                    statement = Statement("fact", sentence)
                    assert verdict(statement, role, scenario.issues).truth == truth, sentence


@given(st.data())
def test_a_false_limit_is_one_a_worthwhile_deal_goes_past(data: st.DataObject) -> None:
    """Against every deal: false means there is one worth making beyond it; misleading, none up to it."""
    scenario = load_scenario(data.draw(st.sampled_from(ALL)))
    position = data.draw(st.integers(0, len(scenario.roles) - 1))
    issue = data.draw(st.sampled_from(scenario.issues))
    stated = data.draw(st.sampled_from(issue.values))
    role: Role = scenario.roles[position]
    found = verdict(Statement("reservation", "...", issue.id, stated), role, scenario.issues)
    worth = scenario.space.values[:, position] >= role.payoff.reservation - 1e-9
    column = [i.id for i in scenario.issues].index(issue.id)
    points = [role.payoff.points(issue, value) for value in issue.values]
    taken = {
        points[code]
        for code in {deal // _after(scenario, column) % len(points) for deal in worth.nonzero()[0].tolist()}
    }
    asked = role.payoff.points(issue, stated)
    if found.truth == "false":
        assert min(taken) < asked
    elif found.truth == "misleading":
        assert min(taken) > asked
    assert role.payoff.points(issue, found.actual or 0) == min(taken)


def _after(scenario: Scenario, column: int) -> int:
    """Return how many deals share the values of the issues up to a column."""
    number = 1
    for size in scenario.space.shape[column + 1 :]:
        number *= size
    return number


@pytest.mark.parametrize("name", ALL)
def test_exactly_the_issues_with_the_largest_share_come_first(name: str) -> None:
    scenario = load_scenario(name)
    for role in scenario.roles:
        shares = priority_shares(role, scenario.issues)
        first = {
            issue
            for issue in shares
            if verdict(Statement("priority", "...", issue), role, scenario.issues).truth == "true"
        }
        assert first == {issue for issue, share in shares.items() if share >= max(shares.values()) - 1e-9}


def test_verdicts_on_the_record_agree_with_the_recorded_truth(tmp_path: Any) -> None:
    """Every verdict that decides is right; promises and what only frames make up are not decided."""
    config = RunConfig(
        scenarios=tuple(ALL),
        dialogues=2,
        conditions=(Condition(deceptive=(0, 1)),),
        seed=23,
        planner="reflect",
    )
    counts: Counter[tuple[str, bool, str]] = Counter()
    for dialogue in generate(config, out=tmp_path / "run"):
        scenario = load_scenario(dialogue.scenario)
        for turn in dialogue.turns:
            for claim in turn.claims:
                statement = Statement(claim.subject, claim.quote, claim.issue, claim.stated)
                found = verdict(statement, scenario.roles[turn.role], scenario.issues)
                if claim.subject in ("reservation", "priority"):
                    assert found.actual == claim.actual
                counts[claim.subject, claim.true, found.truth] += 1
    assert {truth for _, true, truth in counts if true} == {"true"}
    assert {truth for _, true, truth in counts if not true} == {"false", "unverifiable"}
    undecided = {subject for subject, _, truth in counts if truth == "unverifiable"}
    assert undecided <= {"promise", "fact", "deadline", "alternative"}
    assert counts["priority", False, "false"] > 10
    assert counts["reservation", False, "false"] > 10
    assert counts["alternative", False, "false"] > 10
