"""The lie check of a run: from the record, and as a judge extracts claims from what was said."""

import re
from typing import Any

import pytest

from negosim import Run
from negosim.models import ChatResponse, ScriptedModel, Usage
from negosim.records import THIRD_PARTY, TRUTH

from .listing import (
    MakeRun,
    answered,
    asked,
    good,
    issue_of,
    looked_at,
    perfect,
    recorded,
    rows,
    said,
    wants_vote,
)


def test_the_oracle_says_what_the_record_says(make_run: MakeRun) -> None:
    run = make_run(dialogues=8, max_turns=20)
    sheets = asked(run)
    for dialogue in run:
        sheet = sheets[dialogue.id]
        assert sheet.perspective == TRUTH
        found = [(j.turn, j.agent, j.evidence, j.value, j.detail) for j in rows(sheet, "claim")]
        assert found == [
            (
                turn,
                role,
                (claim.quote,),
                "true" if claim.true else "false",
                {
                    "subject": claim.subject,
                    "issue": claim.issue,
                    "stated": claim.stated,
                    "actual": claim.actual,
                    "technique": claim.technique,
                },
            )
            for turn, role, claim in recorded(dialogue)
        ]
        lies = {turn for turn, _, claim in recorded(dialogue) if not claim.true}
        assert {j.turn for j in rows(sheet, "false-claim") if j.value} == lies
        assert len(rows(sheet, "false-claim")) == len(dialogue.turns)
    assert any(not claim.true for dialogue in run for _, _, claim in recorded(dialogue))


def test_the_oracle_does_not_guess_about_a_chat_model(make_run: MakeRun) -> None:
    run = make_run()
    lines = run.path / "dialogues.jsonl"
    changed = re.sub(r',"crc32":"\w+"', "", lines.read_text())
    lines.write_text(changed.replace('"models":["sim","sim"]', '"models":["sim","openai:x"]'))
    (sheet,) = asked(run).values()
    by_agent = {judgement.agent: judgement.status for judgement in rows(sheet, "false-claim")}
    assert by_agent == {0: "ok", 1: "not_applicable"}
    assert all(judgement.agent == 0 for judgement in rows(sheet, "claim"))


def test_a_judge_that_finds_every_claim_agrees_with_the_record(make_run: MakeRun) -> None:
    """By utterance, as calibration joins: dialogue, agent, turn."""
    run = make_run(scenarios=("viatex", "rose-lane"), dialogues=3, max_turns=24, planner="reflect")
    truth, found = asked(run), asked(run, perfect(run))
    both = [
        (real, seen)
        for key in truth
        for real, seen in zip(rows(truth[key], "false-claim"), rows(found[key], "false-claim"), strict=True)
    ]
    assert all((real.agent, real.turn) == (seen.agent, seen.turn) for real, seen in both)
    decided = [(real.value, seen.value) for real, seen in both if seen.status == "ok"]
    assert all(real == seen for real, seen in decided)
    assert sum(bool(real) for real, _ in decided) > 5
    assert len(decided) > 0.85 * len(both)
    assert {seen.status for _, seen in both} <= {"ok", "not_applicable"}
    for sheet in found.values():
        assert sheet.perspective == THIRD_PARTY
        assert {judgement.value for judgement in rows(sheet, "claim")} <= {"true", "false", "unverifiable"}


def test_the_judge_sees_what_is_public_alone(make_run: MakeRun) -> None:
    run = make_run(max_turns=12)
    model = perfect(run)
    asked(run, model)
    (dialogue,) = run
    requests = [request for request in model.requests if not wants_vote(request)]
    scenario = run.scenario("viatex")
    said = range(len(dialogue.turns))
    assert len(said) > 6
    assert [looked_at(request) for request in requests] == [list(said[at : at + 4]) for at in (0, 4, 8)]
    assert len({request.messages[0].content for request in requests}) == 1
    for role in scenario.roles:
        for private in (role.brief[:80], role.alternative[:60], *role.secrets, *role.interests):
            assert all(private not in m.content for request in requests for m in request.messages)
    shared = requests[0].messages[1].content.split("# Task")[0]
    assert all(turn.utterance.text in shared for turn in dialogue.turns)
    assert all(request.messages[1].content.startswith(shared) for request in requests)


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    return make_run(max_turns=6)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"quote": "words that nobody has ever said"}, "does not occur in utterance 2"),
        ({"quote": None}, "does not occur in utterance 2"),
        ({"subject": "mood"}, '"subject" must be one of reservation, priority'),
        ({"issue": "weather"}, '"issue" of a priority must be one of'),
        ({"stated": 3}, '"stated" of a priority must be "most", "least" or "more"'),
        ({"subject": "reservation", "stated": "a lot"}, '"stated" must be a number from '),
    ],
)
def test_a_wrong_claim_is_asked_for_again_and_then_entered_as_invalid(
    run: Run, changes: dict[str, Any], complaint: str
) -> None:
    issue = issue_of(run)
    sound = good(run, utterance=1, quote=said(run, 0), issue=issue)
    sheet, model = answered(run, sound, good(run, **{"issue": issue, **changes}))
    assert len(model.requests) == 4, "the first four utterances three times, the last two once"
    assert complaint in model.requests[1].messages[1].content
    first, second = rows(sheet, "claim")
    assert (first.status, first.turn, first.evidence) == ("ok", 0, (said(run, 0),))
    assert (second.status, second.value) == ("invalid", None)
    assert complaint in second.reason
    by_turn = {judgement.turn: judgement.status for judgement in rows(sheet, "false-claim")}
    assert by_turn[1] == "invalid"
    assert by_turn[2] == "ok"


def test_a_claim_that_is_no_object_is_invalid(run: Run) -> None:
    sheet, _ = answered(run, "they lie", None)
    assert [judgement.status for judgement in rows(sheet, "claim")] == ["invalid", "invalid"]


def test_a_quote_from_another_utterance_does_not_count(run: Run) -> None:
    sheet, _ = answered(run, good(run, issue=issue_of(run), utterance=1))
    (claim,) = rows(sheet, "claim")
    assert (claim.status, claim.turn) == ("invalid", 0)


def test_a_claim_listed_twice_counts_once(run: Run) -> None:
    claim = good(run, issue=issue_of(run))
    sheet, model = answered(run, claim, {**claim, "quote": f'"{claim["quote"].upper()}"'})
    assert len(model.requests) == 2, "one form for four utterances, one for two"
    assert [judgement.evidence for judgement in rows(sheet, "claim")] == [(claim["quote"],)]


def test_a_limit_between_the_values_of_the_grid_is_read(run: Run) -> None:
    issue = next(issue for issue in run.scenario("viatex").issues if issue.range is not None)
    grid = issue.range
    assert grid is not None
    between = grid.min + grid.step * 1.37
    text = f"about {grid.prefix}{between:.6f}{grid.unit}"
    sheet, _ = answered(run, good(run, subject="reservation", issue=issue.id, stated=text))
    (claim,) = rows(sheet, "claim")
    assert claim.status == "ok"
    assert claim.detail["stated"] == pytest.approx(between, abs=1e-5)
    assert claim.value in ("true", "false", "misleading", "unverifiable")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("I would rather not.", "invalid"),
        ({"lies": []}, "invalid"),
        (ChatResponse(text="", finish="refusal", usage=Usage(10, 1)), "refused"),
        (ChatResponse(text='{"utterance_1": [', finish="length", usage=Usage(10, 1)), "invalid"),
    ],
)
def test_what_cannot_be_used_is_a_status_and_never_a_number(run: Run, answer: Any, status: str) -> None:
    (sheet,) = asked(run, ScriptedModel(lambda request: answer)).values()
    assert {(judgement.status, judgement.value) for judgement in sheet.judgements} == {(status, None)}
    assert {judgement.question for judgement in sheet.judgements} == {"claim", "false-claim"}
    assert sheet.calls == (6 if status != "invalid" or isinstance(answer, (str, dict)) else 16)


def test_no_claims_is_an_answer(run: Run) -> None:
    sheet, _ = answered(run)
    assert rows(sheet, "claim") == []
    assert [judgement.value for judgement in rows(sheet, "false-claim")] == [False] * 6


def test_what_cannot_be_verified_leaves_the_utterance_open(run: Run) -> None:
    sheet, _ = answered(run, good(run, subject="promise", issue=None, stated=None))
    (claim,) = rows(sheet, "claim")
    assert claim.value == "unverifiable"
    assert rows(sheet, "false-claim")[1].status == "not_applicable"
