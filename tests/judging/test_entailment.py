"""A judge's second vote on claims in words: what it is shown, what it must quote, how it is counted."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from negosim import Run
from negosim.judging import Statement, Verdict, check_claim, judge, verdict
from negosim.judging._entailment import AGAINST, combined
from negosim.judging._notes import numbered_notes
from negosim.models import ChatRequest, ChatResponse, ScriptedModel, Usage
from negosim.records import Judgement, Subject
from negosim.scenarios import Role, Scenario, load_scenario

STOCK = "There are only eleven weeks of bottles in stock."
UNTRUE = "We hold enough bottles in stock to get through the whole of next year without you."


@pytest.fixture(scope="module")
def viatex() -> Scenario:
    return load_scenario("viatex")


def numbers(role: Role, scenario: Scenario) -> dict[str, int]:
    """Return the number of each note of a role's side."""
    return {note.text: note.number for part in numbered_notes(role, scenario).values() for note in part}


def said(answer: str, note: str = STOCK) -> dict[str, Any]:
    viatex = load_scenario("viatex")
    number = numbers(viatex.roles[0], viatex)[note]
    return {"note": number, "difference": "weeks, not years", "answer": answer}


def checked(viatex: Scenario, *answers: Any, subject: Subject = "fact", **given: Any) -> Verdict:
    claim = Statement(subject, "quite another thing altogether", utterance="Quite another thing altogether!")
    return check_claim(claim, viatex.roles[0], viatex, model=ScriptedModel(answers), **given)


def test_the_model_sees_all_notes_of_the_speaker_and_none_of_the_other(viatex: Scenario) -> None:
    model = ScriptedModel([said("false")])
    claim = Statement("fact", "enough for years", utterance="We have enough for years, as it happens.")
    check_claim(claim, viatex.roles[0], viatex, model=model, before="How long would your stock last?")
    system, user = (message.content for message in model.requests[0].messages)
    own, other = viatex.roles
    said_by = (own.disclosures, own.fabrications)
    for texts in (
        *((own.brief, own.alternative, viatex.context), own.interests, own.secrets),
        *own.arguments.values(),
        *(getattr(one, kind) for one in said_by for kind in ("alternative", "deadline", "fact")),
    ):
        for sentence in (part for text in texts for part in re.split(r"(?<=[.!?])\s+", text.strip())):
            assert f"\n{numbers(own, viatex)[sentence]}. {sentence}\n" in system
    assert "Monday, 11 September 2023" in system
    assert system.index(own.secrets[0]) < system.index("untrue to say") < system.index(UNTRUE)
    for text in (other.brief, other.alternative, *other.secrets, *other.interests):
        assert text not in system + user
    assert "How long would your stock last?" in user
    assert user.index("We have enough for years, as it happens.") < user.index('"enough for years"')
    order = list(model.requests[0].schema["properties"])
    assert order == ["note", "difference", "answer"], "the note comes first"
    assert model.requests[0].schema["properties"]["note"]["enum"] == sorted(numbers(own, viatex).values())


@pytest.mark.parametrize(
    "wrong", [said("false") | {"note": 0}, said("false") | {"note": 999}, said("true", UNTRUE)]
)
def test_a_vote_that_cannot_be_used_is_asked_for_again_and_never_counted(
    viatex: Scenario, wrong: dict[str, Any]
) -> None:
    assert checked(viatex, wrong, said("misleading")).truth == "misleading"
    found = checked(viatex, wrong, wrong, wrong)
    assert (found.truth, found.actual) == ("unverifiable", None)
    assert found.reason.endswith("model: no usable answer")


def test_where_the_rules_decide_their_verdict_outlives_a_vote_that_failed(viatex: Scenario) -> None:
    claim = Statement("fact", "Our shelves hold eleven weeks of bottles in stock.")
    alone = verdict(claim, viatex.roles[0], viatex.issues, scenario=viatex)
    assert alone.open
    assert alone.truth == "true"
    found = check_claim(claim, viatex.roles[0], viatex, model=ScriptedModel(["no JSON"] * 3))
    assert (found.truth, found.actual) == (alone.truth, alone.actual)


def test_a_vote_decides_where_the_rules_do_not(viatex: Scenario) -> None:
    found = checked(viatex, said("false"))
    assert (found.truth, found.actual) == ("false", STOCK)
    assert "weeks, not years" in found.reason


def test_no_model_is_asked_about_limits_priorities_and_what_repeats_the_brief(viatex: Scenario) -> None:
    buyer, nobody = viatex.roles[0], ScriptedModel([])
    for claim, truth in (
        (Statement("priority", "The price is everything to us.", "unit-price"), "true"),
        (Statement("reservation", "Never above five cents.", "unit-price", 0.10), "false"),
        (Statement("fact", UNTRUE), "false"),
    ):
        assert check_claim(claim, buyer, viatex, model=nobody).truth == truth
    assert nobody.requests == []


@pytest.mark.parametrize(
    ("rules", "lean", "model", "both"),
    [
        ("unverifiable", 0.0, "true", "true"),
        ("unverifiable", 0.0, "false", "false"),
        ("unverifiable", 0.9, "misleading", "misleading"),
        ("unverifiable", AGAINST + 0.01, "false", "unverifiable"),
        ("unverifiable", -AGAINST - 0.01, "true", "unverifiable"),
        ("unverifiable", 0.0, "unverifiable", "unverifiable"),
        ("true", 0.9, "true", "true"),
        ("true", 0.9, "false", "unverifiable"),
        ("true", 0.9, "misleading", "misleading"),
        ("true", 0.9, "unverifiable", "true"),
        ("false", -0.9, "true", "unverifiable"),
        ("false", -0.9, "false", "false"),
        ("false", -0.9, "misleading", "false"),
        ("false", -0.9, "unverifiable", "false"),
    ],
)
def test_two_votes(rules: Any, lean: float, model: Any, both: str) -> None:
    first, second = Verdict(rules, "r", open=True, lean=lean), Verdict(model, "d", "note")
    assert combined(first, second, Statement("fact", "x")).truth == both


@pytest.mark.parametrize(
    ("model", "both"), [("false", "false"), ("true", "unverifiable"), ("misleading", "unverifiable")]
)
def test_a_promise_is_false_only_where_a_plan_rules_it_out(viatex: Scenario, model: str, both: str) -> None:
    assert checked(viatex, said(model), subject="promise").truth == both


QUOTE_WORDS = 5


def listed(request: ChatRequest, run: Run) -> dict[str, Any]:
    """List one fact in the first utterance and none elsewhere."""
    (dialogue,) = run
    quote = " ".join(dialogue.turns[0].utterance.text.split()[:QUOTE_WORDS])
    claim = {"quote": quote, "subject": "fact", "issue": None, "stated": None}
    return {name: [claim] if name == "utterance_1" else [] for name in request.schema["properties"]}


def voted(run: Run, vote: Any) -> tuple[Judgement, Judgement]:
    """Return the judgements of the claim and of its utterance."""
    model = ScriptedModel(lambda r: vote if "note" in r.schema["properties"] else listed(r, run))
    judge(run, judges=["m"], chat_models={"m": model}, questions=["claims"])
    (sheet,) = (sheet for sheet in run.judgements() if sheet.judge == "m")
    claim, said_so, *_ = (j for j in sheet.judgements if j.turn == 0)
    return claim, said_so


def test_in_a_run_both_votes_are_on_record(make_run: Callable[..., Run]) -> None:
    run = make_run(max_turns=2)
    (dialogue,) = run
    secret = run.scenario("viatex").roles[dialogue.turns[0].role].secrets[0]
    known = numbers(run.scenario("viatex").roles[dialogue.turns[0].role], run.scenario("viatex"))
    claim, utterance = voted(run, said("misleading") | {"note": known[secret]})
    assert claim.detail["by_model"] == "misleading"
    assert claim.detail["by_rules"] in ("true", "false", "unverifiable")
    assert claim.detail["actual"] == secret or claim.value == "false"
    assert (utterance.status, utterance.value) == ("ok", claim.value == "false")


@pytest.mark.parametrize(
    ("vote", "why"),
    [
        (ChatResponse(text='{"note": ', finish="length", usage=Usage(9, 9)), "cut off"),
        (ChatResponse(text="", finish="refusal", usage=Usage(9, 9)), "refused"),
        ("no JSON", "no JSON"),
    ],
)
def test_a_vote_that_failed_is_on_record_and_the_rules_verdict_stands(
    make_run: Callable[..., Run], vote: Any, why: str
) -> None:
    claim, utterance = voted(make_run(max_turns=2), vote)
    assert (claim.status, claim.value) == ("ok", claim.detail["by_rules"])
    assert claim.detail["by_model"] is None
    assert why in claim.detail["vote_failed"]
    assert (utterance.status, utterance.value) != ("ok", False) or claim.value == "true"
