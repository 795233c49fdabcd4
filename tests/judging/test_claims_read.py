"""How one claim of a judge's list is read: what is copied from the record, and what is left open."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from negosim import Run, judge
from negosim.judging import Situation, Statement, verdict
from negosim.judging._claim_reading import read_statement
from negosim.judging._named import names
from negosim.models import ChatRequest, ScriptedModel
from negosim.records import Turn, Utterance
from negosim.scenarios import Scenario, load_scenario


def viatex() -> Scenario:
    return load_scenario("viatex")


def limit_said(text: str, **given: Any) -> Statement:
    """Read what a judge lists of a limit that the buyer states."""
    turn = Turn(index=0, role=0, utterance=Utterance(text=text))
    claim = {"quote": text, "subject": "reservation", "issue": "unit-price", "stated": 0.12, **given}
    offer = {"unit-price": 0.13, "contract-term": 24, "payment-term": 60, "proposals": "quarterly"}
    return read_statement(claim, turn, viatex(), Situation(offer=offer))


def term(issue: str, value: Any) -> dict[str, Any]:
    return {"issue": issue, "value": value}


def test_a_package_keeps_what_is_said_and_leaves_open_what_is_not() -> None:
    text = "With three years and a quarterly form, twelve cents is the most."
    terms = [
        term("contract-term", "36 months"),
        term("payment-term", 60),
        term("proposals", "quarterly"),
        term("bottle-design", "glass"),
        term("weather", "fine"),
        term("unit-price", 0.11),
        "nonsense",
    ]
    found = limit_said(text, terms="named", package=terms)
    assert found.package == {"contract-term": 36, "proposals": "quarterly"}, "sixty days are not in the words"
    assert found.unsure, "something was listed that the words do not name"
    assert not limit_said(text, terms="named", package=terms[:1]).unsure


@pytest.mark.parametrize(
    ("words", "value", "named"),
    [
        ("Two years at sixty days.", 24, True),
        ("Over 24 months.", 24, True),
        ("Two years, and twelve cents is the least.", 12, False),
        ("Within twelve weeks.", 12, False),
        ("For a dozen bottles.", 12, False),
        ("At thirty-six, then.", 36, True),
    ],
)
def test_a_number_names_a_value_of_its_own_kind(words: str, value: int, named: bool) -> None:
    assert names(words, viatex().issue_by_id["contract-term"], value) is named


def test_money_may_be_said_for_short() -> None:
    fee = load_scenario("sally-soprano").issue_by_id["fee"]
    assert names("Nine thousand a night.", fee, 9000)
    assert names("I could do nine.", fee, 9000)
    assert not names("Six nights at nine thousand.", fee, 6000), "six are the nights"


def test_a_limit_that_was_not_surely_read_is_false_only_if_it_holds_for_nothing() -> None:
    scenario = viatex()
    sure = Statement("reservation", "Ten cents is the most.", "unit-price", 0.1, {"contract-term": 48})
    truths = [
        verdict(replace(sure, stated=stated, unsure=unsure), scenario.roles[0], scenario.issues).truth
        for stated, unsure in ((0.1, False), (0.1, True))
    ]
    assert truths == ["false", "unverifiable"], "ten cents hold for 12 % of what is left open"
    known = {"contract-term": 48, "payment-term": 30, "proposals": "framework"}
    worst = replace(sure, stated=0.09, package=known, unsure=True)
    assert verdict(worst, scenario.roles[0], scenario.issues).truth == "false", "nine for none"


def test_the_values_of_the_table_come_from_the_record() -> None:
    found = limit_said(
        "Your offer, but at 45 days: then twelve cents is the most.",
        terms="table",
        package=[term("payment-term", 45)],
    )
    assert found.package == {
        "unit-price": 0.13,
        "contract-term": 24,
        "payment-term": 45,
        "proposals": "quarterly",
    }
    assert limit_said("Twelve cents is the most.", terms=None, package=[]).package == {}


def test_what_changes_on_the_table_and_is_not_surely_named_is_left_open() -> None:
    text = "Your offer with later payment: then twelve cents is the most."
    found = limit_said(text, terms="table", package=[term("payment-term", 75), term("contract-term", 24)])
    assert found.package == {"unit-price": 0.13, "contract-term": 24, "proposals": "quarterly"}
    assert found.unsure


def test_a_limit_that_its_quote_does_not_name_is_no_limit() -> None:
    with pytest.raises(ValueError, match="is not what the quote says"):
        limit_said("Eleven cents is the most I can pay.")
    assert limit_said("A dozen cents is the most I can pay.").stated == 0.12
    assert limit_said("That is the most I can pay.").stated == 0.12


def test_a_direction_counts_only_where_the_payoff_peaks_inside_its_range() -> None:
    assert limit_said("Twelve cents at least.", direction="at_least").direction is None
    turn = Turn(index=0, role=0, utterance=Utterance(text="Ten years is the most we can accept."))
    claim = {"quote": turn.utterance.text, "subject": "reservation", "issue": "lease-length", "stated": 10}
    found = read_statement(
        {**claim, "direction": "at_most"}, turn, load_scenario("camp-lemonnier"), Situation()
    )
    assert found.direction == "at_most"


def test_a_comparison_names_what_matters_less() -> None:
    turn = Turn(index=0, role=0, utterance=Utterance(text="Price matters more than forms."))
    claim = {"quote": turn.utterance.text, "subject": "priority", "issue": "unit-price", "stated": "more"}
    assert read_statement({**claim, "than": "proposals"}, turn, viatex(), Situation()).than == "proposals"
    for than in (None, "unit-price", "weather"):
        with pytest.raises(ValueError, match='"than" must be the issue that matters less'):
            read_statement({**claim, "than": than}, turn, viatex(), Situation())


def test_where_nothing_is_to_be_settled_there_are_no_claims_about_issues(
    make_run: Callable[..., Run],
) -> None:
    run = make_run(scenarios="donation", models=["habit:0.5", "user"], conditions="honest", max_turns=2)
    (dialogue,) = run
    quote = dialogue.turns[0].utterance.text.split(".")[0]
    asked: list[ChatRequest] = []

    def answer(request: ChatRequest) -> Any:
        asked.append(request)
        subject = "reservation" if len(asked) == 1 else "promise"
        claims = [{"quote": quote, "subject": subject}]
        return {"utterance_1": claims, "utterance_2": []} if request.schema_name == "Claims" else {}

    judged = judge(
        run, judges=["openai:m"], questions="claims", chat_models={"openai:m": ScriptedModel(answer)}
    )
    (sheet,) = judged.judgements()
    first, again = asked[:2]
    assert '"enum":[]' not in orjson.dumps(first.schema).decode()
    assert "reservation" not in first.messages[-1].content + orjson.dumps(first.schema).decode()
    assert "must be one of alternative, deadline, fact, promise" in again.messages[-1].content
    assert [one.value for one in sheet.judgements if one.question == "claim"] == ["unverifiable"]
