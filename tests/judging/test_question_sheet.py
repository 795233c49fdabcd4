"""Forms of question sets: their size, what becomes of a cut-off, of wrong quotes and contradictions."""

from collections.abc import Callable
from typing import Any

import pytest

from negosim import Run
from negosim.judging import judge, load_question_set
from negosim.judging._answers import form_of, worded
from negosim.judging._ask import _batches
from negosim.judging._protocol import Item
from negosim.judging._question_sheet import FormItem
from negosim.models import ChatRequest, ChatResponse, ScriptedModel, Usage, tokens_needed
from negosim.models._schema import answer_schema
from negosim.records import Judgement, Sheet

Filler = Callable[..., ScriptedModel]
CUT = ChatResponse('{"quality_clarity": {"reason": "cle', "length", Usage())


def sheet_of(run: Run, model: ScriptedModel, questions: str) -> Sheet:
    judge(run, judges=["m"], chat_models={"m": model}, questions=[questions])
    return next(sheet for sheet in run.judgements() if sheet.perspective == "third_party")


def test_a_form_has_the_room_that_it_can_need(make_run: Callable[..., Run], filler: Filler) -> None:
    model = filler()
    sheet_of(make_run(), model, "quality")
    (request,) = model.requests
    assert 1024 < tokens_needed(request.schema) == request.max_tokens <= 4096


def test_a_cut_off_form_is_split_and_nothing_is_lost(make_run: Callable[..., Run], filler: Filler) -> None:
    def change(given: dict[str, Any], request: ChatRequest) -> Any:
        return given if len(given) <= 3 else CUT

    model = filler(change)
    sheet = sheet_of(make_run(), model, "quality")
    assert {item.status for item in sheet.judgements} == {"ok"}
    assert len(sheet.judgements) == 13
    assert max(request.max_tokens for request in model.requests) == 4096
    asked = [set(request.schema["properties"]) for request in model.requests]
    assert sum(len(fields) for fields in asked if len(fields) <= 3) == 13


def test_one_answer_that_is_cut_off_is_asked_again_shorter_and_then_invalid(
    make_run: Callable[..., Run], filler: Filler
) -> None:
    def change(given: dict[str, Any], request: ChatRequest) -> Any:
        return CUT if "quality_clarity" in given else given

    sheet = sheet_of(make_run(), filler(change), "quality")
    (cut,) = [item for item in sheet.judgements if item.status != "ok"]
    assert (cut.question, cut.status) == ("quality-clarity", "invalid")
    assert "cut off" in cut.reason


def test_forms_fit_the_longest_answer_that_was_set() -> None:
    wordings = [worded(question, {}, (), None) for question in load_question_set("quality").questions]
    items = [FormItem(Item(one.question.id), one.question.id, one) for one in wordings]
    calls = list(_batches([items], 700))
    assert [one for call in calls for one in call] == items
    for call in calls:
        form = form_of({one.field: one.wording for one in call})
        assert tokens_needed(answer_schema(form)) <= 700
    assert len(list(_batches([items], 4096))) == 1


QUOTES = {"said": "{text}", "labelled": "{name}: {text}", "numbered": "[{number}] {name}: {text}..."}


@pytest.mark.parametrize("written", QUOTES.values(), ids=QUOTES)
def test_one_bad_quote_is_dropped_and_a_speakers_label_overlooked(
    make_run: Callable[..., Run], filler: Filler, written: str
) -> None:
    run = make_run()
    (dialogue,) = run
    turn = dialogue.turns[2]
    name = run.scenario_of(dialogue).roles[turn.role].name
    words = " ".join(turn.utterance.text.split()[:6])
    good = written.format(name=name, number=3, text=words)

    def change(given: dict[str, Any], request: ChatRequest) -> Any:
        given["agreement"] = {"reason": "", "quotes": [good, "we never said this"], "answer": True}
        return given

    sheet = sheet_of(run, filler(change), "agreement")
    agreement = sheet.judgements[0]
    assert (agreement.status, agreement.evidence) == ("ok", (words,))
    assert agreement.detail["quotes_dropped"] == 1
    assert sheet.calls == 1


def test_a_quote_put_into_anothers_mouth_is_none(make_run: Callable[..., Run], filler: Filler) -> None:
    run = make_run()
    (dialogue,) = run
    turn = dialogue.turns[2]
    other = run.scenario_of(dialogue).roles[1 - turn.role].name

    def change(given: dict[str, Any], request: ChatRequest) -> Any:
        given["agreement"] = {
            "reason": "",
            "quotes": [f"{other}: {turn.utterance.text[:80]}"],
            "answer": True,
        }
        return given

    assert sheet_of(run, filler(change), "agreement").judgements[0].status == "invalid"


def deception(model_answers: list[tuple[bool, int]], run: Run) -> tuple[list[Judgement], ScriptedModel]:
    """Return the third party's judgements of deception, both speakers being judged alike in each attempt."""

    def script(request: ChatRequest) -> Any:
        present, degree = model_answers.pop(0) if len(model_answers) > 1 else model_answers[0]
        return {
            name: {"reason": "", "quotes": [], "answer": present if "presence" in name else degree}
            for name in request.schema["properties"]
        }

    model = ScriptedModel(script)
    return list(sheet_of(run, model, "deception").judgements), model


def test_no_deception_of_degree_3_is_asked_again_and_then_flagged(make_run: Callable[..., Run]) -> None:
    judged, model = deception([(False, 3)], make_run())
    assert [item.detail["inconsistent_with"] for item in judged] == (
        ["deception-degree"] * 2 + ["deception-presence"] * 2
    )
    again = model.requests[1].messages[-1].content.split("could not be used")[1]
    assert "deception_degree__nadia_ferrante is 3, which contradicts" in again
    assert len(model.requests) == 6  # each of three perspectives twice


def test_a_contradiction_that_is_mended_leaves_no_mark(make_run: Callable[..., Run]) -> None:
    judged, _ = deception([(False, 3), (True, 3)], make_run())
    assert [item.value for item in judged] == [True, True, 3, 3]
    assert all("inconsistent_with" not in item.detail for item in judged)


def test_fields_name_whom_they_are_about(make_run: Callable[..., Run], filler: Filler) -> None:
    model = filler()
    sheet_of(make_run(), model, "deception")
    assert all("agent_1" not in field for field in model.requests[0].schema["properties"])
    assert next(iter(model.requests[0].schema["properties"])) == "deception_presence__nadia_ferrante"
