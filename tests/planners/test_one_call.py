"""`cot` and `procot`: one call a turn, in which the reply follows from what was thought before it."""

from pathlib import Path
from typing import Any

import pytest

from negosim import Run, RunConfig, UserError, generate
from negosim.engine import plan, preview
from negosim.models import ChatRequest, ScriptedModel
from negosim.scenarios import load_scenario
from negosim.taxonomies import load_taxonomy

DOUBT = "Sam hesitates: money is said to be lost on the way. Trust is missing, so show where it goes."


def played(planner: str, out: Path, answers: dict[str, Any], scenario: str = "donation") -> tuple[Any, Run]:
    said = iter(range(100))

    def answer(request: ChatRequest) -> Any:
        fields = list(request.schema["properties"])
        if "move" not in fields:
            return {"concluded": False}
        own = {name: answers[name] for name in fields if name in answers}
        return {**own, "move": {"action": "talk", "offer": None}, "utterance": f"Words, {next(said)}."}

    model = ScriptedModel(answer)
    config = RunConfig(scenarios=scenario, models="scripted", planner=planner, max_turns=4)
    return model, generate(config, out=out, chat_models={"scripted": model})


def turns_asked(model: Any) -> list[ChatRequest]:
    return [request for request in model.requests if "move" in request.schema["properties"]]


def test_cot_reasons_and_replies_in_one_call(tmp_path: Path) -> None:
    model, run = played("cot", tmp_path / "run", {"reasoning": DOUBT})
    asked = turns_asked(model)
    assert len(asked) == 4
    # The reasoning is written before the move and the words.
    assert list(asked[0].schema["properties"]) == ["reasoning", "move", "utterance"]
    (dialogue,) = run
    assert {turn.reflection for turn in dialogue.turns} == {DOUBT}
    assert {turn.tactic for turn in dialogue.turns} == {None}
    assert sum(stage.calls for stage in dialogue.account if stage.stage == "cot") == 4


def test_procot_analyses_then_picks_a_strategy_then_replies(tmp_path: Path) -> None:
    answers = {"analysis": DOUBT, "strategy": "credibility-building"}
    strategies = load_strategies("donation")
    answers["strategy"] = strategies[0]
    model, run = played("procot", tmp_path / "run", answers)
    asked = turns_asked(model)
    assert len(asked) == 4
    fields = asked[0].schema["properties"]
    assert list(fields) == ["analysis", "strategy", "move", "utterance"]
    assert sorted(fields["strategy"]["enum"]) == sorted(strategies)
    (dialogue,) = run
    assert {turn.reflection for turn in dialogue.turns} == {DOUBT}
    assert {turn.tactic for turn in dialogue.turns} == {strategies[0]}


def load_strategies(scenario: str) -> list[str]:
    """Return the tactics of the scenario's own taxonomy."""
    tactics = RunConfig(scenarios=scenario).tactics_in(load_scenario(scenario))
    return list(load_taxonomy(tactics).usable(deceptive=False).by_id)


@pytest.mark.parametrize("planner", ["cot", "procot"])
@pytest.mark.parametrize("scenario", ["viatex", "camp-lemonnier", "daily-herald", "support", "west-wind"])
def test_they_are_played_in_every_kind_of_scenario(planner: str, scenario: str, tmp_path: Path) -> None:
    answers = {"reasoning": DOUBT, "analysis": DOUBT, "strategy": load_strategies(scenario)[0]}
    _, run = played(planner, tmp_path / "run", answers, scenario)
    assert {dialogue.status for dialogue in run} == {"complete"}


@pytest.mark.parametrize("planner", ["cot", "procot", "tomma", "stance", "grounded"])
def test_what_cannot_reason_in_words_is_told_which_planners_it_can_take(planner: str) -> None:
    fitting = "audience or direct or gdp-zero or reflect or rollout"
    with pytest.raises(UserError, match=rf"planner '{planner}' needs to .*use --planner {fitting}, or"):
        plan(RunConfig(scenarios="viatex", planner=planner))


def test_a_planner_that_changes_nothing_is_said_when_planned(caplog: pytest.LogCaptureFixture) -> None:
    plan(RunConfig(scenarios="donation", planner="cot"))
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "planner 'cot' changes nothing in 'donation'" in text]


def test_the_prompt_of_a_planner_can_be_shown() -> None:
    config = RunConfig(scenarios="viatex", planner="procot", conditions="deceptive-1")
    system, user = preview(config, 0, "procot")
    assert load_scenario("viatex").roles[1].brief[:40] not in system.content + user.content
    assert '"strategy": the id of a tactic' in user.content
