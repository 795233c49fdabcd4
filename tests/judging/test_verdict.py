"""The lie check decides by comparing alone, and agrees with what the record knows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from negosim import Condition, RunConfig, generate, registry
from negosim.errors import UserError
from negosim.judging import UNIMPORTANT, Statement, Verdict, verdict
from negosim.judging._repetition import repeated
from negosim.judging._situations import situations
from negosim.scenarios import (
    Issue,
    Role,
    Scenario,
    check_scenario,
    list_scenarios,
    load_scenario,
    priority_shares,
)

ALL = sorted(name for name in list_scenarios() if load_scenario(name).has_deals)
SOME = (
    *("camp-lemonnier", "carer", "casino-two", "daily-herald", "heron-mill", "parker-gibson"),
    *("powerscreen", "rose-lane", "sally-soprano", "viatex", "west-wind"),
)
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


@pytest.fixture(autouse=True)
def words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what depends on the extra `[text]`."""
    monkeypatch.setattr("negosim.judging._verdict.embeddings_available", lambda: False)


def of(subject: Any, quote: str = "...", issue: str | None = None, stated: Any = None) -> Verdict:
    return verdict(Statement(subject, quote, issue, stated), FLAT.roles[0], FLAT.issues)


def test_priorities_are_ranked_by_what_is_at_stake() -> None:
    assert of("priority", issue="price").truth == "true"
    found = of("priority", issue="date", stated="date")
    assert (found.truth, found.actual) == ("false", "price")
    assert "30%" in found.reason
    assert "50%" in found.reason


def test_a_comparison_is_between_two_shares() -> None:
    def compared(more: str, less: str | None, quote: str = "The one matters more than the other.") -> str:
        statement = Statement("priority", quote, more, than=less)
        return verdict(statement, FLAT.roles[0], FLAT.issues).truth

    assert compared("date", "color") == "true"
    assert compared("color", "date") == "false"
    assert compared("price", None) == "true"
    assert compared("color", None) == "false"
    assert compared("date", None) == "unverifiable"
    assert compared("date", None, "It matters most.") == "false"


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
        scenarios=SOME,
        dialogues=3,
        conditions=(Condition(deceptive=(0, 1)),),
        seed=23,
        planner="reflect",
    )
    counts: Counter[tuple[str, bool, str]] = Counter()
    for dialogue in generate(config, out=tmp_path / "run"):
        scenario = load_scenario(dialogue.scenario)
        made_in = situations(dialogue.turns, scenario)
        for turn in dialogue.turns:
            for claim in turn.said_claims:
                statement = Statement(claim.subject, claim.quote, claim.issue, claim.stated)
                found = verdict(statement, scenario.roles[turn.role], scenario.issues, made_in[turn.index])
                if claim.subject == "priority":
                    assert found.actual == claim.actual
                counts[claim.subject, claim.true, found.truth] += 1
    assert {truth for _, true, truth in counts if true} == {"true"}
    limits = {key for key in counts if key[0] == "reservation"}
    assert {truth for _, true, truth in set(counts) - limits if not true} == {"false", "unverifiable"}
    undecided = {subject for subject, _, truth in counts if truth == "unverifiable"}
    assert undecided <= {"promise", "fact", "deadline", "alternative"}
    assert counts["priority", False, "false"] > 10
    assert counts["reservation", False, "false"] > 10
    assert counts["alternative", False, "false"] > 10


def test_without_the_extra_an_undecided_claim_says_so() -> None:
    assert "pip install 'negosim[text]'" in of("fact", "We have a warehouse.").reason


def test_settled_facts_come_before_everything() -> None:
    data = FLAT.model_dump(mode="json", exclude_none=True)
    data["roles"][0]["facts"] = [
        {"text": "Our ships leave on Sundays.", "true": True},
        {"text": "The price is all that counts for us.", "true": False},
    ]
    scenario, problems = check_scenario(data)
    assert scenario, problems
    role = scenario.roles[0]
    assert verdict(Statement("promise", "our ships leave on Sundays"), role, scenario.issues).truth == "true"
    top = Statement("priority", "The price is all that counts for us", "price", "price")
    assert verdict(top, role, scenario.issues).truth == "false"
    assert verdict(top, FLAT.roles[0], FLAT.issues).truth == "true"


def test_a_check_of_ones_own_decides_where_it_has_an_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})

    @registry.claim_check("ships")
    def ships(statement: Statement, role: Role, issues: Sequence[Issue]) -> Verdict | None:
        return Verdict("false", f"{role.id} has no ships") if "ship" in statement.utterance else None

    said = Statement("promise", "We sail.", utterance="We sail. Our ships are ready.")
    assert verdict(said, FLAT.roles[0], FLAT.issues).reason == f"{FLAT.roles[0].id} has no ships"
    assert of("promise", "We sail.").truth == "unverifiable"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (lambda *_: {}["weather"], "check 'mine' failed on 'We sail.' by .*: KeyError: 'weather'"),
        (lambda *_: "false", "returned 'false' on 'We sail.' .* it must return None or a .*Verdict"),
        (lambda *_: Verdict("perhaps", "who knows"), "whose truth is one of true, false, misleading"),  # type: ignore[arg-type]
        ("no function", "must be a function, not 'no function'"),
    ],
)
def test_a_check_of_ones_own_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, given: Any, complaint: str
) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    registry.claim_check("mine")(given)
    with pytest.raises(UserError, match=complaint):
        of("fact", "We sail.")


def test_numbers_of_a_repetition_are_compared_in_words_too() -> None:
    role = next(role for role in load_scenario("sally-soprano").roles if role.id == "opera-house")
    said = next(text for text in role.secrets if text.startswith("Eleven other agents"))
    told = repeated(said, role)
    assert told is not None
    assert told.truth == "true"
    in_digits = repeated(said.replace("Eleven", "11"), role)
    assert in_digits is not None
    assert repeated(said.replace("Eleven", "Seven"), role) is None
