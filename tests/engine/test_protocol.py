"""The turn machine with a scripted model: stages, moves, failures, determinism."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim import ModelError, Run, RunConfig, UserError, generate
from negosim.engine import DialogueFinished, DialogueStarted, RunStarted, TurnFinished, mermaid
from negosim.models import ChatRequest, ChatResponse, ScriptedModel, Usage
from negosim.scenarios import load_scenario

Player = Callable[..., ScriptedModel]

DEAL = {
    "unit-price": 0.12,
    "contract-term": 24,
    "payment-term": 60,
    "proposals": "framework",
    "bottle-design": "current",
}


TALK = {"action": "talk", "offer": None}


def run(model: ScriptedModel, out: Path, **settings: Any) -> Run:
    config = RunConfig(
        scenarios=("viatex",), models=("scripted",), **{"max_turns": 4, "votes": "always", **settings}
    )
    return generate(config, out=out, chat_models={"scripted": model})


def speaking(*moves: dict[str, Any]) -> Callable[[ChatRequest], Any]:
    """Speak the given moves in turn, then only talk."""
    queue, said = list(moves), iter(range(10_000))

    def speak(request: ChatRequest) -> Any:
        move = queue.pop(0) if queue else {}
        offer = move.get("offer")
        full = None if offer is None else {**dict.fromkeys(DEAL), **offer}
        return {"utterance": f"Words {next(said)}.", "move": {"action": "talk", **move, "offer": full}}

    return speak


def agreed(request: ChatRequest) -> dict[str, bool]:
    return {"concluded": "All issues are settled" in request.messages[1].content}


def test_rollout_turn_asks_every_stage_once_and_k_rollouts(player: Player, tmp_path: Path) -> None:
    model = player()
    (dialogue,) = run(model, tmp_path / "run", k=4)
    names = [request.schema_name for request in model.requests]
    assert names[:9] == [
        "ReflectionAnswer",
        "Tactics",
        *["RolloutAnswer"] * 4,
        "Judge",
        "Speak",
        "ReflectionAnswer",
    ]
    # There is an opening to vary from each role's second utterance on.
    assert len(names) == 4 * 8 + 2 + 2 * 2
    for turn in dialogue.turns:
        scores = [candidate.score for candidate in turn.rollouts]
        assert len({candidate.tactic for candidate in turn.rollouts}) == 4
        assert turn.chosen is not None
        assert scores[turn.chosen] == max(scores)
        assert "dropped" in turn.marks or turn.tactic == turn.rollouts[turn.chosen].tactic
        assert (turn.draft is not None) == (turn.index > 1)
    assert sum(stage.calls for stage in dialogue.account) == len(names)


def test_fused_calls_think_at_once_and_vote_when_it_seems_over(player: Player, tmp_path: Path) -> None:
    offers = [{"action": "offer", "offer": {**DEAL, "contract-term": term}} for term in (12, 24, 36)]
    speak = speaking(*offers, {"action": "accept"})
    model = player(Speak=speak, ConcludeAnswer=agreed)
    (dialogue,) = run(model, tmp_path / "run", calls="fused", votes="when-over", max_turns=30)
    names = [request.schema_name for request in model.requests]
    assert names[:4] == ["Think", "Judge", "Speak", "Think"]
    assert len(dialogue.turns) == 4
    # After the first round everything is open; after the second there is a deal.
    assert names.count("ConcludeAnswer") == 2
    assert len(names) == 4 * 3 + 2
    assert all(turn.reflection and len(turn.rollouts) == 3 for turn in dialogue.turns)


@pytest.mark.parametrize(("planner", "calls"), [("reflect", 3), ("direct", 1)])
def test_smaller_planners(player: Player, tmp_path: Path, planner: str, calls: int) -> None:
    model = player()
    (dialogue,) = run(model, tmp_path / "run", planner=planner)
    assert len(model.requests) == 4 * calls - 2 * (planner == "reflect") + 2 * 2
    assert all(turn.rollouts == () and turn.chosen is None for turn in dialogue.turns)


def test_an_accepted_offer_is_the_outcome(player: Player, tmp_path: Path) -> None:
    speak = speaking({}, {"action": "offer", "offer": DEAL}, {"action": "accept"}, {})
    model = player(Speak=speak, ConcludeAnswer=agreed)
    (dialogue,) = run(model, tmp_path / "run", planner="direct", max_turns=30)
    assert (dialogue.status, dialogue.end, len(dialogue.turns)) == ("complete", "concluded", 4)
    assert dialogue.votes[-1].concluded == (True, True)
    outcome = dialogue.outcome
    assert (outcome.status, outcome.deal) == ("agreement", DEAL)
    assert outcome.values is not None
    assert outcome.joint_value == pytest.approx(sum(outcome.values))


def test_a_partial_offer_settles_only_what_it_names(player: Player, tmp_path: Path) -> None:
    part, rest = {"unit-price": 0.12}, {key: value for key, value in DEAL.items() if key != "unit-price"}
    speak = speaking(
        {"action": "offer", "offer": part},
        {"action": "accept"},
        {"action": "offer", "offer": rest},
        {"action": "accept"},
    )
    (dialogue,) = run(player(Speak=speak, ConcludeAnswer=agreed), tmp_path / "run", planner="direct")
    assert dialogue.outcome.deal == DEAL


def test_a_walk_away_ends_without_a_deal(player: Player, tmp_path: Path) -> None:
    model = player(Speak=speaking({"action": "offer", "offer": DEAL}, {}, {"action": "walk_away"}))
    (dialogue,) = run(model, tmp_path / "run", planner="direct", max_turns=30)
    assert (dialogue.end, len(dialogue.turns), dialogue.outcome.status) == ("walk_away", 3, "no_agreement")
    reservations = tuple(role.payoff.reservation for role in load_scenario("viatex").roles)
    assert dialogue.outcome.values == reservations


def test_without_any_offer_the_outcome_is_unknown(player: Player, tmp_path: Path) -> None:
    (dialogue,) = run(player(), tmp_path / "run", planner="direct")
    assert (dialogue.end, dialogue.outcome.status, dialogue.outcome.values) == ("max_turns", "unknown", None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"utterance": "I agree.", "move": {"action": "accept", "offer": None}}, "action"),
        (
            {"utterance": "Here.", "move": {"action": "offer", "offer": dict.fromkeys(DEAL)}},
            "at least one issue",
        ),
        (
            {"utterance": "Here.", "move": {"action": "offer", "offer": {**DEAL, "unit-price": 0.1234}}},
            "off the grid",
        ),
        ({"utterance": "Nadia Ferrante: ", "move": TALK}, "utterance is empty"),
        ("no JSON", "JSON"),
    ],
)
def test_an_unusable_answer_is_asked_for_again_with_the_reason(
    player: Player, tmp_path: Path, answer: Any, reason: str
) -> None:
    first = iter([answer])
    good = speaking()
    model = player(Speak=lambda request: next(first, None) or good(request))
    (dialogue,) = run(model, tmp_path / "run", planner="direct")
    assert dialogue.status == "complete"
    assert reason in model.requests[1].messages[-1].content
    assert model.requests[1].messages[-1].content.startswith(model.requests[0].messages[-1].content)


def test_no_usable_answer_fails_the_dialogue_and_keeps_the_finished_turns(
    player: Player, tmp_path: Path
) -> None:
    good = speaking()
    turns = iter(range(2))
    model = player(Speak=lambda request: good(request) if next(turns, None) is not None else "never JSON")
    (dialogue,) = run(model, tmp_path / "run", planner="direct", max_turns=10)
    assert (dialogue.status, dialogue.end, len(dialogue.turns)) == ("failed", "failed", 2)
    failure = dialogue.failure
    assert failure is not None
    assert (failure.turn, failure.role, failure.stage, failure.error) == (2, 0, "speak", "ProtocolError")
    assert dialogue.outcome.status == "unknown"
    assert dialogue.outcome.joint_value is None


@pytest.mark.parametrize(
    "form", ["ReflectionAnswer", "Tactics", "RolloutAnswer", "Judge", "Speak", "ConcludeAnswer"]
)
def test_a_provider_failure_in_any_stage_fails_that_dialogue_only(
    player: Player, tmp_path: Path, form: str
) -> None:
    failing = iter([True])

    def answer(request: ChatRequest) -> Any:
        return ModelError("the server is gone") if next(failing, None) else None

    run_ = run(player(**{form: answer}), tmp_path / "run", dialogues=3)
    assert [dialogue.status for dialogue in run_] == ["failed", "complete", "complete"]
    failure = next(iter(run_)).failure
    assert failure is not None
    assert "the server is gone" in failure.message


def test_refusals_and_cut_answers_are_failures_not_text(player: Player, tmp_path: Path) -> None:
    for finish in ("refusal", "length"):
        response = ChatResponse('{"reflection": "half', finish, Usage(10, 5, 0))  # type: ignore[arg-type]
        model = player(ReflectionAnswer=lambda request, response=response: response)
        (dialogue,) = run(model, tmp_path / finish)
        assert dialogue.status == "failed"
        assert dialogue.turns == ()
        row = next(stage for stage in dialogue.account if stage.stage == "reflect")
        assert (row.calls, row.tokens_in, row.tokens_out) == (3, 30, 15)


def test_role_labels_are_stripped_from_what_is_said(player: Player, tmp_path: Path) -> None:
    numbers = iter(range(100))

    def speak(request: ChatRequest) -> Any:
        return {
            "utterance": f"[1] Nadia: Nadia Ferrante: Good day {next(numbers)}.",
            "move": TALK,
        }

    (dialogue,) = run(player(Speak=speak), tmp_path / "run", planner="direct", max_turns=1)
    assert dialogue.turns[0].utterance.text == "Good day 0."


def test_same_seed_same_bytes_at_any_concurrency(player: Player, tmp_path: Path) -> None:
    def transcripts(name: str, **settings: Any) -> dict[str, bytes]:
        made = run(player(), tmp_path / name, dialogues=6, conditions=("honest", "deceptive-2"), **settings)
        return {dialogue.id: dialogue.transcript() for dialogue in made}

    alone = transcripts("alone", concurrency=1)
    assert len(alone) == 12
    assert transcripts("wide", concurrency=8) == alone
    assert transcripts("other", seed=1) != alone


def test_events_come_in_order(player: Player, tmp_path: Path) -> None:
    events: list[Any] = []
    config = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=2)
    generate(config, out=tmp_path / "run", chat_models={"scripted": player()}, watch=events.append)
    assert [type(event) for event in events] == [
        RunStarted,
        DialogueStarted,
        TurnFinished,
        TurnFinished,
        DialogueFinished,
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scenarios": ("viatx",)}, "did you mean viatex"),
        ({"scenarios": ("viatex", "nosuch/viatex.yaml")}, "no file"),
        ({"k": 99}, "taxonomy 'persuasion' has"),
        ({"models": ("sim", "sim", "sim")}, "2 roles"),
        ({"swap_roles": True}, "two different models"),
        ({"conditions": ("deceptive-3",)}, "no agent 3"),
        ({"opener": "nobody"}, "is no role of"),
        ({"tactics": "persuasian"}, "did you mean persuasion"),
        ({"prompts": "nowhere"}, "no prompts folder"),
        ({"models": ("gpt-4o",)}, "unknown model"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    config = RunConfig(**{"scenarios": ("viatex",), **settings})
    with pytest.raises(UserError, match=message):
        generate(config, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_swapped_roles_exchange_the_models(player: Player, tmp_path: Path) -> None:
    config = RunConfig(
        scenarios=("viatex",), models=("first", "second"), swap_roles=True, max_turns=2, planner="direct"
    )
    models = {"first": player(), "second": player()}
    for name, model in models.items():
        model.name = name
    made = {
        dialogue.id: dialogue.models
        for dialogue in generate(config, out=tmp_path / "run", chat_models=models)
    }
    assert made == {
        "viatex.honest.0000": ("first", "second"),
        "viatex.honest.0000.swapped": ("second", "first"),
    }


def test_interrupted_run_is_readable(player: Player, tmp_path: Path) -> None:
    numbers = iter(range(100))

    def answer(request: ChatRequest) -> Any:
        if next(numbers) == 12:
            raise KeyboardInterrupt
        return {"concluded": False}

    with pytest.raises(KeyboardInterrupt):
        run(player(ConcludeAnswer=answer), tmp_path / "run", dialogues=9)
    assert [dialogue.status for dialogue in Run.open(tmp_path / "run")] == ["complete"] * 3


@pytest.mark.parametrize(
    ("planner", "calls", "stages"),
    [
        ("rollout", "separate", ["reflect", "tactics", "rollout", "judge", "speak", "consolidate"]),
        ("rollout", "combined", ["plan", "rollout", "judge", "speak", "consolidate"]),
        ("rollout", "fused", ["think", "judge", "speak", "consolidate"]),
        ("direct", "separate", ["speak"]),
    ],
)
def test_the_picture_shows_the_stages_that_run(planner: Any, calls: Any, stages: list[str]) -> None:
    drawn = mermaid(planner, calls)
    assert "vote(vote)" in drawn
    assert all(f"({stage})" in drawn for stage in stages)


def test_a_fault_in_any_template_is_found_before_anything_is_written(player: Player, tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "consolidate.j2").write_text("# Task: vary\nYou said {{ draught.text }}.\n")
    config = RunConfig(scenarios=("viatex",), models=("scripted",), prompts=str(tmp_path / "prompts"))
    with pytest.raises(UserError, match=r"consolidate\.j2, line 2: .*'draught' is undefined"):
        generate(config, out=tmp_path / "run", chat_models={"scripted": player()})
    assert not (tmp_path / "run").exists()


def test_a_third_role_is_told_whose_offer_is_on_the_table(player: Player) -> None:
    from negosim.prompts import Prompts, PromptWriter
    from negosim.records import Turn, Utterance
    from negosim.seeding import Seed
    from negosim.table import table_after
    from negosim.taxonomies import load_taxonomy
    from negosim.views import side_of, view_of

    scenario = load_scenario("viatex")
    third = scenario.roles[1].model_copy(update={"id": "third", "name": "Tove Third"})
    scenario = scenario.model_copy(update={"roles": (*scenario.roles, third)})
    said = [
        Utterance(text="a", action="offer", offer=DEAL),
        Utterance(text="b"),
        Utterance(text="c", action="accept"),
    ]
    table = table_after(scenario, list(enumerate(said)))
    turns = [Turn(index=i, role=i, utterance=utterance) for i, utterance in enumerate(said)]
    texts = []
    for role in range(3):
        side = side_of(
            scenario,
            role,
            deceptive=False,
            opener=0,
            max_turns=30,
            tactics=load_taxonomy("persuasion"),
            techniques=load_taxonomy("deception"),
            seed=Seed(0, "viatex", 0),
        )
        writer = PromptWriter(Prompts("viatex"), side)
        texts.append(writer.messages("conclude", view_of(side, turns, table))[1].content)
    assert "On the table, from you: " in texts[0]
    assert "On the table, from Nadia Ferrante: " in texts[1]
    assert "On the table, from Nadia Ferrante, and accepted by you: " in texts[2]
