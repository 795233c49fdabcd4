"""A chat model as judge: what it is asked, and what becomes of every kind of answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim import Run
from negosim.errors import BudgetError, ContextLengthError, ModelError
from negosim.judging import judge
from negosim.judging._answers import LONGEST_QUOTE
from negosim.models import Budget, ChatRequest, ChatResponse, ScriptedModel, Usage
from negosim.records import Judgement, Sheet

Filler = Callable[..., ScriptedModel]
YES = {"reason": "They shook hands.", "quotes": [], "answer": True}
NO = {**YES, "answer": False}
NOTHING = {"reason": "", "quotes": [], "answer": None}


def asked(run: Run, model: ScriptedModel, questions: str = "agreement", **options: Any) -> list[Sheet]:
    judge(run, judges=["m"], chat_models={"m": model}, questions=[questions], **options)
    return list(run.judgements())


def third_party(run: Run, *answers: Any, questions: str = "agreement") -> tuple[Sheet, ScriptedModel]:
    """Return the neutral reader's sheet, and the model that gave these answers to it, then good ones."""
    given = list(answers)

    def script(request: ChatRequest) -> Any:
        if "impartial reader" in request.messages[0].content and given:
            return given.pop(0)
        return {"agreement": YES, "obstacle": NOTHING}

    model = ScriptedModel(script)
    sheets = asked(run, model, questions)
    return next(sheet for sheet in sheets if sheet.perspective == "third_party"), model


@pytest.fixture
def run(make_run: Callable[..., Run]) -> Run:
    return make_run()


def statuses(sheet: Sheet) -> dict[str, tuple[str, object]]:
    return {item.question: (item.status, item.value) for item in sheet.judgements}


def test_a_good_answer_with_evidence(run: Run) -> None:
    (dialogue,) = run
    words = dialogue.turns[1].utterance.text.split()
    quote = f"\u201c{' '.join(words[:4]).upper()}\u201d"
    answer = {"agreement": {**YES, "quotes": [quote, quote]}, "obstacle": NOTHING}
    sheet, _ = third_party(run, answer)
    agreement, obstacle = sheet.judgements
    assert agreement == Judgement(
        question="agreement",
        status="ok",
        value=True,
        evidence=(" ".join(words[:4]),),
        reason="They shook hands.",
        detail={"position": 1, "chance_first": 0.5, "order": 0},
    )
    assert obstacle.status == "not_applicable"
    assert obstacle.reason == "agreement is true"
    assert (sheet.judge, sheet.repeat, sheet.calls) == ("m", 0, 1)
    assert sheet.tokens_in > 500
    assert sheet.usd is None


def test_a_quote_that_was_not_said_is_asked_for_again(run: Run) -> None:
    invented = {"agreement": {**YES, "quotes": ["we have a deal, dear colleague"]}, "obstacle": NOTHING}
    good = {"agreement": YES, "obstacle": NOTHING}
    sheet, model = third_party(run, invented, good)
    assert statuses(sheet)["agreement"] == ("ok", True)
    assert sheet.calls == 2
    again = model.requests[1].messages[-1].content
    assert "does not occur in what was said" in again
    assert again.startswith(model.requests[0].messages[-1].content)
    assert model.requests[0].messages[0] == model.requests[1].messages[0]


def test_what_is_sound_in_the_last_answer_stays(run: Run) -> None:
    invented = {"reason": "", "quotes": ["no such words"], "answer": "impasse"}
    half = {"agreement": NO, "obstacle": invented}
    sheet, _ = third_party(run, half, half, "no JSON at all")
    assert sheet.calls == 3
    assert statuses(sheet) == {"agreement": ("ok", False), "obstacle": ("invalid", None)}
    assert "does not occur" in sheet.judgements[1].reason


def test_the_first_sound_answer_to_each_question_counts(run: Run) -> None:
    invented = {"reason": "", "quotes": ["no such words"], "answer": "impasse"}
    first = {"agreement": NO, "obstacle": invented}
    second = {"agreement": {**YES, "quotes": ["nor these"]}, "obstacle": {**invented, "quotes": []}}
    sheet, model = third_party(run, first, second)
    assert sheet.calls == 2
    assert statuses(sheet) == {"agreement": ("ok", False), "obstacle": ("ok", "impasse")}
    assert "agreement:" not in model.requests[1].messages[-1].content.split("could not be used")[1]


def test_a_quote_that_the_form_cut_short_loses_its_last_word(run: Run) -> None:
    (dialogue,) = run
    said = next(turn.utterance.text for turn in dialogue.turns if len(turn.utterance.text) > LONGEST_QUOTE)
    cut = said[:LONGEST_QUOTE]
    sheet, _ = third_party(run, {"agreement": {**YES, "quotes": [cut]}, "obstacle": NOTHING})
    (quote,) = sheet.judgements[0].evidence
    assert cut.startswith(quote)
    assert len(quote) > LONGEST_QUOTE - 30
    (run.path / "judgements.jsonl").unlink()
    longer = {"agreement": {**YES, "quotes": [f"{cut} never"]}, "obstacle": NOTHING}
    sheet, _ = third_party(run, longer, longer, longer)
    assert sheet.judgements[0].status == "invalid"


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ("The sides agreed, I think.", "invalid", "no JSON object"),
        ("", "invalid", "was empty"),
        ([1], "invalid", "no JSON object"),
        (ChatResponse("", "refusal", Usage()), "refused", "refused"),
        (ChatResponse("", "filtered", Usage()), "refused", "content filter"),
        ("I'm sorry, but I can't assist with that.", "refused", "in prose"),
        (ModelError("the server is on fire"), "error", "on fire"),
        (ContextLengthError("9000 tokens do not fit"), "error", "do not fit"),
        ({}, "invalid", "is missing"),
        ({"agreement": True, "obstacle": None}, "invalid", "must be an object"),
        ({"agreement": {**YES, "answer": "yes"}, "obstacle": NOTHING}, "invalid", "true or false"),
        ({"agreement": {**YES, "answer": 1}, "obstacle": NOTHING}, "invalid", "true or false"),
        ({"agreement": {**YES, "quotes": "hello"}, "obstacle": NOTHING}, "invalid", "list of texts"),
    ],
)
def test_an_answer_that_cannot_be_used_is_never_a_value(
    run: Run, answer: Any, status: str, reason: str
) -> None:
    given = "[1]" if answer == [1] else answer
    sheet, _ = third_party(run, given, given, given)
    agreement = sheet.judgements[0]
    assert (agreement.status, agreement.value) == (status, None)
    assert reason in agreement.reason
    frame = run.judgement_frame()
    row = frame[(frame.perspective == "third_party") & (frame.question == "agreement")].iloc[0]
    assert row.status == status
    assert row.value is None


def test_a_condition_that_holds_needs_an_answer(run: Run) -> None:
    missing = {"agreement": NO, "obstacle": NOTHING}
    sheet, model = third_party(run, missing, missing, missing)
    assert statuses(sheet) == {"agreement": ("ok", False), "obstacle": ("invalid", None)}
    assert "obstacle: needs an answer here" in model.requests[1].messages[-1].content


def test_grades_off_the_scale(run: Run, filler: Filler) -> None:
    def change(given: dict[str, Any], request: ChatRequest) -> dict[str, Any]:
        given["quality_clarity"]["answer"] = 7
        given["quality_persona"]["answer"] = 3.5
        return given

    (sheet,) = asked(run, filler(change), "quality")
    found = statuses(sheet)
    assert found["quality-clarity"] == found["quality-persona"] == ("invalid", None)
    assert [status for status, _ in found.values()].count("ok") == 11
    assert sheet.calls == 3


def test_values_of_issues_are_canonical(run: Run) -> None:
    values = {
        "price": 0.11,
        "term": "48 months",
        "payment": "unsettled",
        "proposals": "quarterly",
        "design": "unsettled",
        "margin": True,
        "relationship": False,
    }
    answer = {f"resolution_{name}": {**YES, "answer": value} for name, value in values.items()}
    sheet, _ = third_party(run, answer, questions="resolution")
    assert [item.value for item in sheet.judgements] == [0.11, 48, *list(values.values())[2:]]
    wrong = {**answer, "resolution_price": {**YES, "answer": 0.115}}
    (run.path / "judgements.jsonl").unlink()
    sheet, _ = third_party(run, wrong, wrong, wrong, questions="resolution")
    assert sheet.judgements[0].status == "invalid"
    assert "must be a number from" in sheet.judgements[0].reason
    assert {item.status for item in sheet.judgements[1:]} == {"ok"}


def test_tactics_are_asked_in_several_calls_and_fail_apart(
    make_run: Callable[..., Run], filler: Filler
) -> None:
    run = make_run(max_turns=20, seed=3, scenarios=("rose-lane",))
    (dialogue,) = run
    assert len(dialogue.turns) > 15

    def change(given: dict[str, Any], request: ChatRequest) -> Any:
        return given if "tactic__1" in given else "nonsense"

    (sheet,) = asked(run, filler(change), "tactic")
    half = len(dialogue.turns) // 2
    assert [item.status for item in sheet.judgements] == ["ok"] * half + ["invalid"] * (
        len(dialogue.turns) - half
    )
    assert [item.turn for item in sheet.judgements] == list(range(len(dialogue.turns)))


def test_a_tactics_quote_must_be_of_its_utterance(run: Run, filler: Filler) -> None:
    (dialogue,) = run

    def change(given: dict[str, Any], request: ChatRequest) -> dict[str, Any]:
        for item in given.values():
            item["quotes"] = [dialogue.turns[0].utterance.text]
        return given

    (sheet,) = asked(run, filler(change), "tactic")
    assert [item.status for item in sheet.judgements] == ["ok"] + ["invalid"] * (len(dialogue.turns) - 1)


def order(request: ChatRequest) -> tuple[list[str], list[str]]:
    """Return the questions and the options of the obstacle, as they were shown."""
    task = request.messages[-1].content.split("# Task")[1]
    questions = [line for line in task.splitlines() if line.startswith("Field:")]
    options = [line for line in task.splitlines() if line.startswith('- "')]
    return questions, options


def test_repeats_are_put_in_another_order(make_run: Callable[..., Run], filler: Filler) -> None:
    run, model = make_run(dialogues=2), filler()
    asked(run, model, repeats=4)
    public = [item for item in model.requests if "impartial reader" in item.messages[0].content]
    shown = [order(request) for request in public]
    assert len(shown) == 8
    assert shown[0] == shown[4]
    assert shown[0] == shown[2], "the third time order is as the first time, so that what changes is chance"
    assert shown[0][1][0].startswith('- "walked-away"')
    assert len({tuple(options) for _, options in shown}) > 3
    assert {tuple(sorted(options)) for _, options in shown} == {tuple(sorted(shown[0][1]))}
    # A question that depends on another still comes after it.
    assert {tuple(questions) for questions, _ in shown} == {('Field: "agreement"', 'Field: "obstacle"')}
    assert len({request.seed for request in public}) == 8
    again = filler()
    (run.path / "judgements.jsonl").unlink()
    asked(run, again, repeats=4)
    assert [item.messages for item in again.requests] == [item.messages for item in model.requests]


def test_the_place_of_the_chosen_option_is_on_record(run: Run, filler: Filler) -> None:
    (sheet,) = asked(run, filler(), "tactic", repeats=1)
    for item in sheet.judgements:
        assert isinstance(item.detail["position"], int)


def test_places_are_on_record_for_every_kind_of_question(run: Run, filler: Filler) -> None:
    sheets = [*asked(run, filler(), "quality", repeats=3), *asked(run, filler(), "deception", repeats=2)]
    items = [item for sheet in sheets for item in sheet.judgements if item.status == "ok"]
    kinds = {type(item.value) for item in items}
    assert {bool, int} <= kinds
    assert all(item.detail["position"] >= 1 for item in items)
    chances = {
        (type(item.value) is bool or item.value in (1, 5), item.detail["chance_first"]) for item in items
    }
    assert chances <= {(True, 0.5), (False, 0.0)}
    orders = {sheet.repeat: {item.detail["order"] for item in sheet.judgements} for sheet in sheets[:3]}
    assert orders == {0: {0}, 1: {1}, 2: {0}}


def test_a_set_of_ones_own_is_asked(run: Run, filler: Filler, tmp_path: Path) -> None:
    (tmp_path / "warmth.yaml").write_text(
        "schema_version: 1\nid: warmth\ntitle: Warmth\nperspectives: [agents]\nquestions:\n"
        "  - {id: friendly, about: agent, text: 'Was {agent} friendly?', answer: yes_no, quotes: 0}\n"
    )
    model = filler()
    sheets = asked(run, model, str(tmp_path / "warmth.yaml"))
    assert [sheet.perspective for sheet in sheets] == ["agent_1", "agent_2"]
    assert all(len(sheet.judgements) == 2 for sheet in sheets)
    task = model.requests[0].messages[-1].content.split("# Task")[1]
    assert "Was Nadia Ferrante friendly?" in task
    assert "quotes" not in task


def test_a_budget_ends_the_judging(make_run: Callable[..., Run], filler: Filler) -> None:
    run = make_run(dialogues=8)
    with pytest.raises(BudgetError):
        asked(run, filler(), "quality", budget=Budget(tokens=30_000))
    assert 0 < len(list(run.judgements())) < 8
