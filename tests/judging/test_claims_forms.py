"""The forms in which a judge lists claims: split until they fit; nothing incomplete is called honest."""

from typing import Any

import pytest

from negosim import Run
from negosim.judging._extraction import MOST_CLAIMS, most_utterances
from negosim.models import ChatRequest, ChatResponse, Usage
from negosim.scenarios import priority_shares

from .listing import (
    MakeRun,
    answered,
    asked,
    form,
    good,
    issue_of,
    lister,
    looked_at,
    rows,
    said,
)


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    return make_run(max_turns=6)


CUT_OFF = ChatResponse(text='{"utterance_1": [{"quote":', finish="length", usage=Usage(10, 1))


def test_a_form_whose_answer_is_cut_off_is_split_until_it_fits(run: Run) -> None:
    """Nobody asks for a shorter answer: what it would leave out is what it is about."""

    def script(request: ChatRequest) -> Any:
        return CUT_OFF if len(looked_at(request)) > 1 else form(request, [])

    model = lister(script)
    (sheet,) = asked(run, model).values()
    assert sorted(len(looked_at(request)) for request in model.requests) == [1] * 6 + [2, 2, 2, 4]
    assert {turn for request in model.requests for turn in looked_at(request)} == set(range(6))
    assert [judgement.value for judgement in rows(sheet, "false-claim")] == [False] * 6
    assert not any("must be shorter" in message.content for r in model.requests for message in r.messages)


def test_an_answer_that_claims_nothing_after_a_cut_off_is_not_taken(run: Run) -> None:
    """The form is split; an utterance that is asked about alone is open where that happens again."""
    seen: set[tuple[int, ...]] = set()

    def script(request: ChatRequest) -> Any:
        turns = tuple(looked_at(request))
        again = turns in seen or turns in ((0,), (1,))
        seen.add(turns)
        return form(request, []) if again else CUT_OFF

    model = lister(script)
    (sheet,) = asked(run, model).values()
    assert [j.status for j in rows(sheet, "false-claim")] == ["ok", "ok", *["invalid"] * 4]
    assert "this one none" in rows(sheet, "claim")[0].reason


def test_one_utterance_that_never_fits_is_invalid_and_the_others_are_answered(run: Run) -> None:
    def script(request: ChatRequest) -> Any:
        return CUT_OFF if 2 in looked_at(request) else form(request, [])

    (sheet,) = asked(run, lister(script)).values()
    assert [j.status for j in rows(sheet, "false-claim")] == ["ok", "ok", "invalid", "ok", "ok", "ok"]


def test_an_utterance_that_an_answer_passes_over_is_not_called_honest(run: Run) -> None:
    def script(request: ChatRequest) -> Any:
        return {field: claims for field, claims in form(request, []).items() if field != "utterance_3"}

    model = lister(script)
    (sheet,) = asked(run, model).values()
    assert [j.status for j in rows(sheet, "false-claim")] == ["ok", "ok", "invalid", "ok", "ok", "ok"]
    assert '"utterance_3" is missing' in model.requests[1].messages[1].content


def test_claims_left_out_in_place_of_being_mended_leave_the_utterance_open(run: Run) -> None:
    answers = iter([[good(run, issue=issue_of(run), quote="never said")], [], [], []])
    (sheet,) = asked(run, lister(lambda request: form(request, next(answers)))).values()
    assert [j.status for j in rows(sheet, "false-claim")][1] == "invalid"
    assert "left out, not mended" in rows(sheet, "claim")[0].reason


def test_a_sound_claim_is_kept_when_a_later_answer_leaves_it_out(run: Run) -> None:
    issue = issue_of(run)
    sound, wrong = good(run, issue=issue), good(run, issue=issue, utterance=1, quote="never said")
    mended = good(run, issue=issue, utterance=1, quote=said(run, 0))
    answers = iter([[sound, wrong], [mended], []])
    (sheet,) = asked(run, lister(lambda request: form(request, next(answers)))).values()
    assert [(j.turn, j.status) for j in rows(sheet, "claim")] == [(0, "ok"), (1, "ok")]


def test_an_utterance_that_fills_its_list_may_claim_more(run: Run) -> None:
    (dialogue,) = run
    words = dialogue.turns[1].utterance.text.split()
    scenario = run.scenario("viatex")
    shares = priority_shares(scenario.roles[dialogue.turns[1].role], scenario.issues)
    top = max(shares, key=lambda issue: shares[issue])
    quotes = [" ".join(words[at : at + 2]) for at in range(MOST_CLAIMS)]
    sheet, _ = answered(run, *(good(run, issue=top, quote=quote) for quote in quotes))
    assert {judgement.value for judgement in rows(sheet, "claim")} == {"true"}
    assert rows(sheet, "false-claim")[1].status == "not_applicable"


@pytest.mark.parametrize(("longest", "utterances"), [(200, 1), (1024, 4), (1500, 6), (100_000, 6)])
def test_a_form_is_about_as_many_utterances_as_the_longest_answer_has_room_for(
    longest: int, utterances: int
) -> None:
    assert most_utterances(longest) == utterances
