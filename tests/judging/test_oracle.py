"""The oracle says what the record says, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from negosim import Run, load_scenario
from negosim.judging import judge, load_question_set, resolution_set
from negosim.judging._oracle import answer_from_record
from negosim.judging._protocol import Item
from negosim.records import Claim, Condition, Dialogue, Judgement, Outcome, Turn, Utterance

DEAL = {
    "unit-price": 0.12,
    "contract-term": 24,
    "payment-term": 60,
    "proposals": "quarterly",
    "bottle-design": "lighter",
}
VIATEX = load_scenario("viatex")


def turn(index: int, action: str = "talk", *, lies: int = 0, **changes: Any) -> Turn:
    claims = tuple(Claim(subject="deadline", quote=f"lie {number}", true=False) for number in range(lies))
    offer = changes.pop("offer", None)
    said = Utterance.model_validate({"text": f"words {index}", "action": action, "offer": offer})
    return Turn(index=index, role=index % 2, utterance=said, claims=claims, **changes)


def dialogue(*turns: Turn, end: str = "concluded", outcome: str = "no_agreement", **changes: Any) -> Dialogue:
    given = {
        "id": "d",
        "scenario": "viatex",
        "index": 0,
        "seed": 0,
        "condition": Condition(),
        "opener": 0,
        "models": ("sim", "sim"),
        "status": "complete",
        "end": end,
        "turns": turns,
        "votes": (),
        "outcome": Outcome.model_validate({"status": outcome}),
        **changes,
    }
    return Dialogue.model_validate(given)


def found(said: Dialogue, asked: str, *items: Item) -> list[Judgement]:
    question_set = resolution_set(VIATEX) if asked == "resolution" else load_question_set(asked)
    assert question_set is not None
    return list(answer_from_record(question_set, items, said, VIATEX))


def obstacle(said: Dialogue) -> object:
    (judgement,) = found(said, "agreement", Item("obstacle"))
    return judgement.value or judgement.status


def test_agreement_and_obstacle() -> None:
    partial = {"unit-price": 0.12}
    offer = turn(0, "offer", offer=DEAL)
    agreed = dialogue(offer, turn(1, "accept"), outcome="agreement")
    assert found(agreed, "agreement", Item("agreement"))[0].value is True
    assert obstacle(agreed) == "not_applicable"
    assert obstacle(dialogue(offer, turn(1, "walk_away"), end="walk_away")) == "walked-away"
    assert obstacle(dialogue(turn(0, "offer", offer=partial), turn(1, "accept"))) == "open-issues"
    assert obstacle(dialogue(offer, turn(1), end="max_turns")) == "out-of-time"
    assert obstacle(dialogue(offer, turn(1), end="safety_stop")) == "out-of-time"
    assert obstacle(dialogue(offer, turn(1))) == "impasse"
    unknown = dialogue(turn(0), turn(1), outcome="unknown")
    (judgement,) = found(unknown, "agreement", Item("agreement"))
    assert judgement.status == "not_applicable"
    assert judgement.value is None
    options = {option.id for option in load_question_set("agreement").by_id("obstacle").options or ()}
    assert {"walked-away", "open-issues", "out-of-time", "impasse"} <= options


def test_what_was_settled() -> None:
    asked = [
        Item(f"resolution-{name}") for name in ("price", "term", "payment", "proposals", "design", "margin")
    ]
    agreed = dialogue(turn(0, "offer", offer=DEAL), turn(1, "accept"), outcome="agreement")
    assert [item.value for item in found(agreed, "resolution", *asked)] == [*DEAL.values(), None]
    assert found(agreed, "resolution", asked[-1])[0].status == "not_applicable"
    partly = dialogue(turn(0, "offer", offer={"unit-price": 0.12}), turn(1, "accept"))
    assert [item.value for item in found(partly, "resolution", *asked[:2])] == [0.12, "unsettled"]
    left = dialogue(turn(0, "offer", offer=DEAL), turn(1, "accept"), turn(2, "walk_away"), end="walk_away")
    assert {item.value for item in found(left, "resolution", *asked[:5])} == {"unsettled"}
    unknown = dialogue(turn(0), outcome="unknown")
    assert {item.status for item in found(unknown, "resolution", *asked)} == {"not_applicable"}


@pytest.mark.parametrize(("lying", "degree"), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 4), (5, 5), (8, 5)])
def test_deception_by_the_share_of_utterances_with_a_lie(lying: int, degree: int) -> None:
    said = dialogue(*(turn(index, lies=index % 2 and index // 2 < lying) for index in range(16)))
    presence, grade = found(
        said, "deception", Item("deception-presence", agent=1), Item("deception-degree", agent=1)
    )
    assert presence.value is (lying > 0)
    assert grade.value == degree
    assert presence.evidence == grade.evidence == ("lie 0",) * min(lying, 2)
    other = found(said, "deception", Item("deception-presence", agent=0))[0]
    assert other.value is False


def test_a_models_claims_are_not_known() -> None:
    said = dialogue(turn(0, tactic="anchoring"), turn(1), models=("sim", "openai:x"))
    ours, theirs = found(said, "deception", *(Item("deception-degree", agent=agent) for agent in (0, 1)))
    assert (ours.value, theirs.status) == (1, "not_applicable")
    tactics = found(said, "tactic", Item("tactic", turn=0), Item("tactic", turn=1))
    assert [item.value for item in tactics] == ["anchoring", None]
    assert tactics[1].status == "not_applicable"
    without = found(dialogue(turn(0)), "tactic", Item("tactic", turn=0))
    assert without[0].value == "none"


def test_a_whole_run(make_run: Callable[..., Run]) -> None:
    questions = ["agreement", "resolution", "deception", "quality", "tactic"]
    run = make_run(scenarios=("viatex", "rose-lane"), conditions=("honest", "deceptive-2"))
    judge(run, questions=questions)
    dialogues = {item.id: item for item in run}
    sheets = list(run.judgements())
    assert {sheet.judge for sheet in sheets} == {"oracle"}
    assert {sheet.perspective for sheet in sheets} == {"truth"}
    assert len(sheets) == len(questions) * len(dialogues)
    for sheet in sheets:
        said = dialogues[sheet.dialogue]
        by_question = {(item.question, item.agent): item for item in sheet.judgements}
        if sheet.questions == "agreement":
            assert by_question["agreement", None].value is (said.outcome.status == "agreement")
        if sheet.questions == "deception":
            assert by_question["deception-presence", 0].value is False
            lied = any(not claim.true for turn in said.turns for claim in turn.claims)
            assert by_question["deception-presence", 1].value is lied
        if sheet.questions == "quality":
            assert {item.status for item in sheet.judgements} == {"not_applicable"}
            assert len(sheet.judgements) == 13
        if sheet.questions == "tactic":
            expressed = [turn.tactic if turn.realised else None for turn in said.turns]
            assert [item.value for item in sheet.judgements] == expressed
            assert {
                i.status for i, tactic in zip(sheet.judgements, expressed, strict=True) if not tactic
            } == {"not_applicable"}
            assert [item.agent for item in sheet.judgements] == [item.role for item in said.turns]
