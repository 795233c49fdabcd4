"""The lie check of a run: from the record, and as a judge extracts claims from what was said."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from negosim import Run
from negosim.judging import judge
from negosim.judging._extraction import MOST_CLAIMS, most_utterances
from negosim.models import ChatRequest, ChatResponse, ScriptedModel, Usage
from negosim.records import THIRD_PARTY, TRUTH, Claim, Dialogue, Judgement, Sheet
from negosim.scenarios import Scenario, priority_shares

MakeRun = Callable[..., Run]


def asked(run: Run, model: ScriptedModel | None = None) -> dict[str, Sheet]:
    """Return the sheets about claims by dialogue, of a model or the oracle."""
    name = "oracle" if model is None else "m"
    judge(run, judges=[name], chat_models={"m": model} if model else {}, questions=["claims"])
    return {sheet.dialogue: sheet for sheet in run.judgements() if sheet.judge == name}


NO_VOTE = {"note": 1, "difference": "none", "answer": "unverifiable"}


def wants_vote(request: ChatRequest) -> bool:
    """Return whether a call is about one claim, and not about what is claimed."""
    return "note" in request.schema["properties"]


def lister(script: Callable[[ChatRequest], Any], vote: Any = NO_VOTE) -> ScriptedModel:
    """Return a judge that lists claims by a script, and votes on each."""
    return ScriptedModel(lambda request: vote if wants_vote(request) else script(request))


def looked_at(request: ChatRequest) -> list[int]:
    """Return which utterances, by index, a call is about."""
    return [int(field.removeprefix("utterance_")) - 1 for field in request.schema["properties"]]


def form(request: ChatRequest, claims: Sequence[Any]) -> dict[str, Any]:
    """Return an answer with a list for each utterance, claims being numbered by the one they are in."""
    return {
        f"utterance_{turn + 1}": [
            claim for claim in claims if (claim["utterance"] if isinstance(claim, dict) else 1) == turn + 1
        ]
        for turn in looked_at(request)
    }


def listed(claim: Claim, turn: int, scenario: Scenario) -> dict[str, Any]:
    """Write a recorded claim the way a judge should."""
    stated = None
    if claim.subject == "priority":
        stated = "most"
    elif claim.issue is not None and claim.stated is not None:
        stated = scenario.issue_by_id[claim.issue].label(claim.stated)
    return {
        "utterance": turn + 1,
        "quote": claim.quote,
        "subject": claim.subject,
        "issue": claim.issue,
        "stated": stated,
    }


def perfect(run: Run) -> ScriptedModel:
    """Return a judge that finds every recorded claim and no other."""
    dialogues = list(run)

    def script(request: ChatRequest) -> Any:
        (dialogue,) = (d for d in dialogues if d.turns[0].utterance.text in request.messages[1].content)
        scenario = run.scenario(dialogue.scenario)
        claims = [
            listed(claim, turn, scenario)
            for turn in looked_at(request)
            for claim in dialogue.turns[turn].claims
        ]
        return form(request, claims)

    return lister(script)


def rows(sheet: Sheet, question: str) -> list[Judgement]:
    return [judgement for judgement in sheet.judgements if judgement.question == question]


def recorded(dialogue: Dialogue) -> Iterator[tuple[int, int, Claim]]:
    return ((turn.index, turn.role, claim) for turn in dialogue.turns for claim in turn.said_claims)


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


def said(run: Run, turn: int) -> str:
    (dialogue,) = run
    return " ".join(dialogue.turns[turn].utterance.text.split()[:5])


def good(run: Run, **changes: Any) -> dict[str, Any]:
    claim = {"utterance": 2, "quote": said(run, 1), "subject": "priority", "issue": "price", "stated": "most"}
    return {**claim, **changes}


def answered(run: Run, *claims: Any) -> tuple[Sheet, ScriptedModel]:
    """Return the sheet of a judge that lists the same claims however often it is asked."""
    model = lister(lambda request: form(request, claims))
    (sheet,) = asked(run, model).values()
    return sheet, model


def issue_of(run: Run) -> str:
    return run.scenario("viatex").issues[0].id


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
