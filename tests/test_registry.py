"""Code plugins without a package: decorators and plain objects; what does not fit is refused when planned."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import negosim
from negosim import RunConfig, UserError, generate, judge, registry, resume
from negosim.agents import AgentContext, Speech, agent_factory
from negosim.engine import planner_of
from negosim.importing import load_importer
from negosim.judging import Item, QuestionSet, Task, judge_of
from negosim.models import ChatRequest, ModelSpec, ScriptedModel, open_model, provider_of
from negosim.planners import REFLECTION, SPEAK, Planner, PlannerStage
from negosim.records import Judgement, Utterance
from negosim.rewards import reward_function
from negosim.views import View


class Parrot:
    """Says one sentence."""

    def __init__(self, words: str = "Well, well.") -> None:
        self.words = words
        self.model = "parrot"

    async def speak(self, view: View) -> Speech:
        return Speech(Utterance(text=f"{self.words} {view.turn_index}"))

    async def concluded(self, view: View) -> bool:
        return True


class Thoughtful(Parrot):
    async def reflect(self, view: View) -> str:
        return "I wonder."


class Unready:
    model = "unready"

    def speak(self, view: View) -> Speech:
        return Speech(Utterance(text="So?"))

    async def concluded(self, view: View) -> bool:
        return True


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers."""
    monkeypatch.setattr(registry, "_registered", {})


def config(**settings: Any) -> RunConfig:
    return RunConfig(**{"scenarios": "viatex", "planner": "direct", "votes": "always", **settings})


# Agents


def test_objects_play_the_roles(tmp_path: Path) -> None:
    run = generate(config(), out=tmp_path / "run", agents=[Parrot("One."), Parrot("Two.")])
    (dialogue,) = run
    assert [turn.utterance.text for turn in dialogue.turns] == ["One. 0", "Two. 1"]
    assert dialogue.models == ("parrot", "parrot")
    assert run.config.models == (
        "python:tests.test_registry.Parrot",
        "python:tests.test_registry.Parrot#2",
    ) or (run.config.models[1] == f"{run.config.models[0]}#2")
    assert all(told.startswith("sha256:") for told in run.header.fingerprint.plugins.values())


def test_none_leaves_a_role_to_the_configuration(tmp_path: Path) -> None:
    (dialogue,) = generate(config(models="sim"), out=tmp_path / "run", agents=[None, Parrot()])
    assert dialogue.models == ("sim", "parrot")


def test_one_object_may_play_every_role(tmp_path: Path) -> None:
    (dialogue,) = generate(config(), out=tmp_path / "run", agents=[Parrot()])
    assert [turn.role for turn in dialogue.turns] == [0, 1]


def test_a_class_is_called_with_what_each_agent_needs(tmp_path: Path) -> None:
    seats = []

    class Seated(Parrot):
        def __init__(self, context: AgentContext) -> None:
            super().__init__(f"I am {context.side.role.name}.")
            seats.append(context.side.index)

    (dialogue,) = generate(config(), out=tmp_path / "run", agents=[Seated])
    names = [role.name for role in negosim.load_scenario("viatex").roles]
    assert [turn.utterance.text for turn in dialogue.turns] == [
        f"I am {names[0]}. 0",
        f"I am {names[1]}. 1",
    ]
    assert {0, 1} == set(seats)


def test_a_run_of_objects_is_resumed_with_the_objects(tmp_path: Path) -> None:
    generate(config(dialogues=2), out=tmp_path / "run", agents=[Parrot()])
    with pytest.raises(UserError, match=r"agents=\[\.\.\.\]"):
        resume(tmp_path / "run")
    assert len(resume(tmp_path / "run", agents=[Parrot()])) == 2


def test_as_many_agents_as_models() -> None:
    with pytest.raises(UserError, match="3 agents do not fit 2 models"):
        generate(config(models=["sim", "sim"]), agents=[None, None, Parrot()])


def test_an_agent_of_a_decorator_is_named_like_a_model(tmp_path: Path) -> None:
    @registry.agent("parrot")
    def parrot(context: AgentContext) -> Parrot:
        return Parrot(context.spec.target)

    run = generate(config(models=["parrot:Hello.", "sim"]), out=tmp_path / "run")
    (dialogue,) = run
    assert dialogue.turns[0].utterance.text == "Hello. 0"
    assert "module" in run.header.fingerprint.plugins["agent parrot"]


@pytest.mark.parametrize(
    ("agent", "planner", "says"),
    [
        (
            Parrot(),
            "rollout",
            r"lacks reflect\(\), which planner 'rollout' needs to reflect; use --planner direct",
        ),
        (Thoughtful(), "rollout", r"lacks choose_tactics\(\) and rollout\(\), which planner 'rollout' needs"),
        (Unready(), "direct", r"async speak\(\) \(it is a plain function\)"),
        (object(), "direct", "is no agent"),
        (lambda context: object(), "direct", r"it lacks speak\(\) and concluded\(\) and model"),
    ],
)
def test_what_an_agent_lacks_is_said_before_anything_is_made(
    agent: Any, planner: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=says):
        generate(config(planner=planner), out=tmp_path / "run", agents=[agent])
    assert not (tmp_path / "run").exists()


def test_an_agent_without_consolidation_says_its_draft(tmp_path: Path) -> None:
    (dialogue,) = generate(config(planner="reflect"), out=tmp_path / "run", agents=[Thoughtful()])
    assert dialogue.turns[0].reflection == "I wonder."
    assert dialogue.turns[0].utterance.text == "Well, well. 0"


# Planners


def test_a_planner_of_a_decorator_is_used(tmp_path: Path) -> None:
    async def hum(turn: Any, participant: Any, context: Any) -> Any:
        return {"view": replace(turn["view"], reflection="Hm.")}

    registry.planner("hum")(Planner((PlannerStage("hum", hum), SPEAK)))
    run = generate(config(planner="hum"), out=tmp_path / "run")
    assert {turn.reflection for turn in next(iter(run)).turns} == {"Hm."}
    assert run.header.fingerprint.plugins["planner hum"].startswith("module ")


def test_a_planner_may_be_made_by_a_function(tmp_path: Path) -> None:
    @registry.planner("mused")
    def mused() -> Planner:
        return Planner((REFLECTION, SPEAK))

    (dialogue,) = generate(config(planner="mused"), out=tmp_path / "run")
    assert dialogue.turns[0].reflection


@pytest.mark.parametrize(
    ("thing", "says"), [(lambda: 3, "must be a negosim.engine.Planner"), (Planner(()), "with stages")]
)
def test_what_is_no_planner_is_refused(thing: Any, says: str, tmp_path: Path) -> None:
    registry.planner("wrong")(thing)
    with pytest.raises(UserError, match=says):
        generate(config(planner="wrong"), out=tmp_path / "run")


def test_an_unknown_planner_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean rollout"):
        generate(config(planner="rollouts"))


def test_a_planner_of_this_process_alone_takes_no_workers() -> None:
    registry.planner("mine")(Planner((SPEAK,)))
    with pytest.raises(UserError, match="registered in this process alone"):
        generate(config(planner="mine"), workers=2)


# Judges


class Always:
    """Answers every question with yes."""

    async def answer(self, task: Task, asked: QuestionSet, items: list[Item]) -> list[Judgement]:
        return [item.judged("ok", value=True) for item in items]


class Lazy:
    async def answer(self, task: Task, asked: QuestionSet, items: list[Item]) -> list[Judgement]:
        return [item.judged("ok", value=True) for item in items][:-1]


YES = """
schema_version: 1
id: polite
title: Politeness
perspectives: [third_party]
questions:
  - {id: polite, about: agent, text: "Was {agent} polite?", answer: yes_no}
"""


@pytest.fixture
def questions(tmp_path: Path) -> str:
    (tmp_path / "polite.yaml").write_text(YES, encoding="utf-8")
    return str(tmp_path / "polite.yaml")


@pytest.fixture
def run(tmp_path: Path) -> negosim.Run:
    return generate(config(max_turns=2), out=tmp_path / "run")


def test_judges_in_code_answer_beside_others(run: negosim.Run, questions: str) -> None:
    registry.judge("always")(Always)
    judge(run, judges=["always", "oracle", Always()], questions=[questions, "agreement"])
    sheets = {(sheet.judge, sheet.questions, sheet.perspective) for sheet in run.judgements()}
    assert ("always", "polite", "third_party") in sheets
    assert ("oracle", "agreement", "truth") in sheets
    (named,) = {name for name, *_ in sheets if name.startswith("python:")}
    assert named.endswith("test_registry.Always")
    frame = run.judgement_frame(["polite"])
    assert frame[frame["judge"] == "always"]["value"].tolist() == [True, True]


def test_a_judge_in_code_is_not_asked_again_what_it_has_answered(run: negosim.Run, questions: str) -> None:
    registry.judge("always")(Always)
    for _ in range(2):
        judge(run, judges=["always"], questions=[questions])
    assert sum(1 for _ in run.judgements()) == 1


def test_the_lie_check_is_not_asked_of_judges_in_code(run: negosim.Run) -> None:
    judge(run, judges=[Always(), "oracle"], questions=["claims"])
    assert {sheet.judge for sheet in run.judgements()} == {"oracle"}


def test_a_judge_that_leaves_something_out_is_refused(run: negosim.Run, questions: str) -> None:
    with pytest.raises(UserError, match="gave 1 answers to the 2 items"):
        judge(run, judges=[Lazy()], questions=[questions])


def test_who_plays_is_no_judge(run: negosim.Run) -> None:
    with pytest.raises(UserError, match="plays and is no judge"):
        judge(run, judges=["sim"])


# Model providers


def test_a_provider_of_a_decorator_opens_models(tmp_path: Path) -> None:
    asked: list[ModelSpec] = []

    @registry.provider("echo")
    def echo(spec: ModelSpec) -> ScriptedModel:
        asked.append(spec)
        return ScriptedModel(answer, name=spec.name)

    def answer(request: ChatRequest) -> dict[str, Any]:
        if "concluded" in request.schema["properties"]:
            return {"concluded": True}
        return {"utterance": f"Take {len(request.messages[1].content)}.", "move": {"action": "talk"}}

    run = generate(config(models="echo:big@http://127.0.0.1:9/v1?temperature=0.3"), out=tmp_path / "run")
    (dialogue,) = run
    assert dialogue.models == ("echo:big@http://127.0.0.1:9/v1",) * 2
    assert (asked[0].target, asked[0].base_url, asked[0].temperature) == ("big", "http://127.0.0.1:9/v1", 0.3)
    assert "model provider echo" in run.header.fingerprint.plugins


def test_an_agent_is_no_chat_model() -> None:
    with pytest.raises(UserError, match="agent of its own"):
        open_model("sim")


# Names


@pytest.mark.parametrize("name", ["", "My", "a b", "../x", "-a", "a--b", "a:b", "ä"])
def test_a_name_must_fit_everywhere_it_is_used(name: str) -> None:
    with pytest.raises(UserError, match="small letters"):
        registry.agent(name)


def test_a_name_is_not_taken_from_another() -> None:
    with pytest.raises(UserError, match="'sim' is there already, from package negosim"):
        registry.agent("sim")(Parrot)


def test_a_plugin_that_cannot_be_loaded_says_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ImportError("no module named 'torchless'")

    plugin = registry.Plugin("agents", "broken", "their-agents", "2.1", broken)
    monkeypatch.setattr(registry, "_installed", lambda kind: (plugin,))
    with pytest.raises(UserError, match=r"agent 'broken' of package their-agents 2\.1 .*torchless"):
        registry.load("agents", "broken")


def test_what_is_not_what_its_kind_must_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise KeyError("unplanned")

    built_in = registry._installed

    def installed(kind: registry.Kind) -> tuple[registry.Plugin, ...]:
        number = registry.Plugin(kind, "number", "their", "1", lambda: 3.5)
        failing = registry.Plugin(kind, "failing", "their", "1", lambda: fails)
        return number, failing, *built_in(kind)

    monkeypatch.setattr(registry, "_installed", installed)
    uses: dict[str, Any] = {
        "agents": agent_factory,
        "planners": planner_of,
        "judges": judge_of,
        "providers": provider_of,
        "rewards": reward_function,
        "importers": load_importer,
    }
    for kind, use in uses.items():
        noun = registry.NOUNS[cast(registry.Kind, kind)]
        with pytest.raises(UserError, match=rf"{noun} 'number' of package their 1 is 3\.5; it must be"):
            use("number")
    for kind in ("planners", "judges"):
        with pytest.raises(UserError, match=r"'failing' of package their 1 cannot be loaded .*unplanned"):
            uses[kind]("failing")
    with pytest.raises(
        UserError, match=r"provider 'failing' of package their 1 cannot be loaded .*unplanned"
    ):
        generate(config(models="failing:x"))
    monkeypatch.setattr(registry, "_installed", lambda kind: installed(kind)[kind != "agents" and 2 :])
    with pytest.raises(UserError, match=r"agent 'failing' of package their 1 cannot be loaded .*unplanned"):
        generate(config(models="failing"))
