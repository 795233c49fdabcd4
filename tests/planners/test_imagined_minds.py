"""`tomma`, `stance` and `audience`: a worked example after each source, calls counted, no brief seen."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from negosim import Dialogue, RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel

Filling = Callable[..., ScriptedModel]
MIND = {
    "preventive": {"desire": "to keep the evening free", "belief": "the course eats every evening"},
    "generative": {
        "desire": "to speak with the grandchildren",
        "belief": "a language is learnt in childhood",
    },
}


def played(planner: str, model: ScriptedModel, out: Path, scenario: str = "donation") -> Dialogue:
    config = RunConfig(scenarios=scenario, models="m", planner=planner, max_turns=2)
    (dialogue,) = generate(config, out=out, chat_models={"m": model})
    assert dialogue.status == "complete", dialogue.failure
    return dialogue


def calls(dialogue: Dialogue) -> Counter[str]:
    return Counter(call.stage for call in dialogue.calls if call.turn == 0 and call.stage != "conclude")


def prompts(model: Any, form: str) -> list[str]:
    return [request.messages[1].content for request in model.requests if request.schema_name == form]


def test_tomma_predicts_both_pairs_then_answers_to_one(filling: Filling, tmp_path: Path) -> None:
    spoken = {
        "target": "preventive belief",
        "move": {"action": "talk", "offer": None},
        "utterance": "One evening a week is enough.",
    }
    numbers = iter(range(9))
    say = lambda _: spoken | {"utterance": f"One evening a week is enough, week {next(numbers)}."}  # noqa: E731
    model = filling(MindAnswer=MIND, ThinkAndSpeak=say)
    dialogue = played("tomma", model, tmp_path / "run")
    assert calls(dialogue) == {"tomma-mind": 1, "tomma-speak": 1}
    thought = dialogue.turns[0].reflection or ""
    assert "wants to keep the evening free and believes the course eats every evening" in thought
    assert thought.endswith("I answer to the preventive belief.")
    assert 'the preventive desire "to keep the evening free"' in prompts(model, "ThinkAndSpeak")[0]


def test_tomma_has_nothing_preventive_where_nothing_stands_against_it(
    filling: Filling, tmp_path: Path
) -> None:
    model = filling(MindAnswer=MIND | {"preventive": None})
    played("tomma", model, tmp_path / "run")
    (form, *_) = [request.schema for request in model.requests if request.schema_name == "ThinkAndSpeak"]
    assert form["properties"]["target"]["enum"] == ["generative desire", "generative belief"]


def test_stance_shows_attitudes_by_agreement_with_claim_and_negation(
    filling: Filling, tmp_path: Path
) -> None:
    pair = {"claim": "Trams are too dear.", "negation": "Trams are cheap."}
    other = {"claim": "Trams are loud.", "negation": "Trams are quiet."}
    grades = {pair["claim"]: 4, pair["negation"]: 1, other["claim"]: 1, other["negation"]: 3}

    def agree(request: ChatRequest) -> dict[str, int]:
        (claim,) = [claim for claim in grades if claim in request.messages[1].content]
        return {"agreement": grades[claim]}

    model = filling(Counterclaims={"counterclaim_1": pair, "counterclaim_2": other}, AttitudeAnswer=agree)
    dialogue = played("stance:claims=2", model, tmp_path / "run")
    assert calls(dialogue) == {"stance-claims": 1, "stance-attitude": 4, "stance-speak": 1}
    # .5 + (1 - .25) / 2 = .875, 7 of 8; .5 + (.25 - .75) / 2 = .25, 2 of 8.
    assert "- 7 of 8: Trams are too dear." in prompts(model, "Speak")[0]
    assert "- 2 of 8: Trams are loud." in prompts(model, "Speak")[0]


def test_audience_chooses_what_most_weight_prefers(filling: Filling, tmp_path: Path) -> None:
    audiences = {
        "audience_1": {"who": "somebody in a hurry", "weight": 3.0},
        "audience_2": {"who": "somebody with time", "weight": 1.0},
    }

    def compare(request: ChatRequest) -> dict[str, str]:
        """In a hurry: the later of two candidates; with time: the earlier one."""
        return {"better": "second" if "in a hurry" in request.messages[1].content else "first"}

    advice = {"ordinary_1": "Ask.", "unorthodox_2": "Joke."}
    model = filling(Advice=advice, Audiences=audiences, ComparisonAnswer=compare)
    dialogue = played("audience:audiences=2", model, tmp_path / "run")
    assert calls(dialogue) == {
        "audience-advice": 1, "audience-draft": 3, "audience-who": 1, "audience-compare": 6,
    }  # fmt: skip
    turn = dialogue.turns[0]
    assert [one.tactic for one in turn.rollouts] == ["Ask.", "Joke.", "Ask. + Joke."]
    # Of two pairs each: .25 * 2; .75 + .25; .75 * 2, out of 2.
    assert [one.score for one in turn.rollouts] == [2.5, 5.0, 7.5]
    assert turn.chosen == 2
    assert turn.utterance.text == turn.rollouts[2].utterance


def test_the_simulated_negotiator_asks_partners_of_other_tempers(tmp_path: Path) -> None:
    config = RunConfig(scenarios="viatex", planner="audience:audiences=2", max_turns=2)
    (dialogue,) = generate(config, out=tmp_path / "run")
    assert all(len(turn.rollouts) == 3 and turn.chosen is not None for turn in dialogue.turns)
