"""Belief shift: agents say what they believe of each other, and simulated ones learn."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from negosim import Run
from negosim.agents import ChatAgent, answer_of
from negosim.agents.sim import SimAgent
from negosim.judging import judge
from negosim.judging._reader import Reader
from negosim.measures import belief_rows
from negosim.models import ChatRequest, Ledger, ModelClient, ScriptedModel
from negosim.prompts import Prompts
from negosim.records import Dialogue, Sheet
from negosim.scenarios import Scenario, belief_measure, scale
from negosim.taxonomies import load_taxonomy
from negosim.views import View

MakeRun = Callable[..., Run]
TAXONOMIES = load_taxonomy("persuasion"), load_taxonomy("deception")
SCENARIOS = (
    *("camp-lemonnier", "casino-two", "daily-herald", "heron-mill", "parker-gibson", "powerscreen"),
    *("ren-the-robot", "rose-lane", "sally-soprano", "viatex", "west-wind"),
)
"""Those with several issues and a wide zone of agreement."""


def asked(run: Run, *questions: str, **options: Any) -> list[Sheet]:
    judge(run, judges=["oracle"], questions=questions or ["beliefs"], **options)
    return list(run.judgements())


def reader(run: Run, dialogue: Dialogue, role: int, scenario: Scenario | None = None) -> Reader:
    return Reader(
        dialogue,
        scenario or run.scenario(dialogue.scenario),
        f"agent_{role + 1}",
        prompts=Prompts(dialogue.scenario),
        taxonomies=TAXONOMIES,
        max_turns=run.config.max_turns,
    )


def believed(view: View) -> dict[str, float]:
    """Return what the simulated negotiator believes about the second role."""
    answered = asyncio.run(answer_of(SimAgent(), view, belief_measure(["seller"]), 1))
    assert isinstance(answered.value, dict)
    return answered.value


def test_each_agent_says_what_it_believes_before_and_after(make_run: MakeRun) -> None:
    run = make_run(max_turns=20)
    (dialogue,) = run
    issues = [issue.id for issue in run.scenario("viatex").issues]
    sheets = asked(run)
    assert [(s.judge, s.perspective) for s in sheets] == [("sim", "agent_1"), ("sim", "agent_2")]
    for role, sheet in enumerate(sheets):
        questions = ["belief-reservation", *(f"belief-priority-{issue}" for issue in issues)]
        other, turns = 1 - role, len(dialogue.turns)
        expected = [(question, other, turn) for turn in (0, turns) for question in questions]
        assert [(j.question, j.agent, j.turn) for j in sheet.judgements] == expected
        low, high = scale(run.scenario("viatex").roles[other], run.scenario("viatex").issues)
        for turn in (0, turns):
            limit, *shares = [j.value for j in sheet.judgements if j.turn == turn]
            assert isinstance(limit, float)
            assert low <= limit <= high
            assert sum(float(share or 0) for share in shares) == pytest.approx(1, abs=1e-4)
        before = [j.value for j in sheet.judgements if j.turn == 0]
        assert before[0] == pytest.approx((low + high) / 2)
        assert before[1:] == pytest.approx([1 / len(issues)] * len(issues), abs=1e-5)


def test_beliefs_in_between_are_asked_on_top_and_never_twice(make_run: MakeRun) -> None:
    run = make_run(max_turns=6)
    asked(run, "beliefs")
    asked(run, "beliefs", "beliefs-turns")
    beliefs = belief_rows(run)
    (dialogue,) = run
    turns = len(dialogue.turns)
    assert sorted(beliefs["turn"].tolist()) == sorted([*range(turns + 1)] * 2)
    assert beliefs["when"].value_counts().to_dict() == {"during": 2 * (turns - 1), "before": 2, "after": 2}


def test_simulated_negotiators_learn_about_each_other(make_run: MakeRun) -> None:
    """On average, from offers and words; a reservation value only where nobody invents alternatives."""
    run = make_run(
        scenarios=SCENARIOS,
        conditions=("honest", "deceptive-2"),
        dialogues=2,
        max_turns=30,
        seed=31,
        planner="reflect",
    )
    asked(run)
    beliefs = belief_rows(run)
    errors = beliefs.groupby(["condition", "when"])[["reservation_error", "priority_error"]].mean()
    for condition in ("honest", "deceptive-2"):
        before, after = errors.loc[(condition, "before")], errors.loc[(condition, "after")]
        assert after["priority_error"] < 0.8 * before["priority_error"]
        if condition == "honest":
            assert after["reservation_error"] < before["reservation_error"]
    each = beliefs.groupby(["scenario", "when"])["priority_error"].mean().unstack()
    assert (each["after"] < each["before"]).mean() >= 0.8


def test_a_limit_is_believed_lower_where_more_is_given_away(make_run: MakeRun) -> None:
    """The estimate follows what was offered, not the middle that the built-in cases happen to lie near."""
    run = make_run(max_turns=30, conditions=("honest",))
    (dialogue,) = run
    issues = run.scenario("viatex").issues
    role = run.scenario("viatex").roles[0]

    def after(best: bool) -> float:
        """Let agent 2 offer the believer, agent 1, its best (or worst) deal at the end."""
        offer = {
            issue.id: (max if best else min)(issue.values, key=lambda v, i=issue: role.payoff.points(i, v))
            for issue in issues
        }
        turn = next(turn for turn in reversed(dialogue.turns) if turn.role == 1)
        said = turn.utterance.model_copy(update={"action": "offer", "offer": offer, "text": "This is it."})
        turns = (*dialogue.turns[: turn.index], turn.model_copy(update={"utterance": said}))
        view = reader(run, dialogue.model_copy(update={"turns": turns}), 0).view()
        return believed(view)["reservation"]

    assert after(best=True) < after(best=False) - 0.1


def test_nothing_of_the_others_private_side_is_used(make_run: MakeRun) -> None:
    """Another payoff, brief, thoughts and claims of the other leave the belief as it was."""
    run = make_run(max_turns=16, conditions=("deceptive-1-2",))
    (dialogue,) = run
    scenario = run.scenario("viatex")
    other = scenario.roles[1]
    payoff = other.payoff.model_copy(update={"reservation": 1.0, "issues": scenario.roles[0].payoff.issues})
    changed = other.model_copy(update={"payoff": payoff, "brief": "x", "secrets": (), "alternative": "x"})
    swapped = scenario.model_copy(update={"roles": (scenario.roles[0], changed)})
    cleared = [
        turn.model_copy(update={"claims": (), "reflection": "x", "tactic": None}) if turn.role == 1 else turn
        for turn in dialogue.turns
    ]
    blank = dialogue.model_copy(update={"turns": tuple(cleared)})
    beliefs = [believed(reader(run, *given).view()) for given in ((dialogue, 0), (blank, 0, swapped))]
    assert beliefs[0] == beliefs[1]


def test_the_same_dialogue_gives_the_same_beliefs(make_run: MakeRun) -> None:
    sheets = [
        [sheet.model_copy(update={"seconds": 0.0}) for sheet in asked(make_run(max_turns=12), "beliefs")]
        for _ in range(2)
    ]
    assert sheets[0] == sheets[1]


def test_with_more_issues_than_can_be_ranked_nothing_is_favoured_beforehand(make_run: MakeRun) -> None:
    run = make_run()
    (dialogue,) = run
    view = reader(run, dialogue, 0).view(0)
    issue, role = min(view.side.issues, key=lambda issue: len(issue.values)), view.side.role
    issues = tuple(issue.model_copy(update={"id": f"issue-{number}"}) for number in range(9))
    tables = {item.id: role.payoff.issues[issue.id] for item in issues}
    payoff = role.payoff.model_copy(update={"issues": tables})
    side = replace(view.side, issues=issues, role=role.model_copy(update={"payoff": payoff}))
    belief = believed(replace(view, side=side))
    assert belief == pytest.approx({"reservation": 0.5, **{f"priority-{item.id}": 1 / 9 for item in issues}})


# Chat models


def form(request: ChatRequest) -> dict[str, Any]:
    """Answer 40 of 100, and everything on the first issue."""
    issues = list(request.schema["properties"]["importance"]["properties"])
    return {"reservation": 40, "importance": dict.fromkeys(issues, 0) | {issues[0]: 50}}


def chatting(run: Run) -> Run:
    """Return a run as if agent 2 had been played by the chat model "m"."""
    for name in ("run.json", "dialogues.jsonl"):
        file = run.path / name
        text = re.sub(r',\s*"crc32":\s*"\w+"', "", file.read_text())
        text = text.replace('"models":["sim","sim"]', '"models":["sim","scripted"]')
        file.write_text(text.replace('"models": [\n      "sim"\n    ]', '"models": ["sim", "scripted"]'))
    return Run.open(run.path)


def test_a_chat_model_is_asked_about_its_own_role(make_run: MakeRun) -> None:
    run = chatting(make_run(max_turns=6))
    assert run.config.models == ("sim", "scripted")
    model = ScriptedModel(form)
    sheets = asked(run, chat_models={"scripted": model})
    assert [(s.judge, s.perspective, s.calls) for s in sheets] == [
        ("sim", "agent_1", 0),
        ("scripted", "agent_2", 2),
    ]
    scenario = run.scenario("viatex")
    low, high = scale(scenario.roles[0], scenario.issues)
    values = [judgement.value for judgement in sheets[1].judgements]
    assert values[: len(values) // 2] == [low + 0.4 * (high - low), 1, *[0] * (len(scenario.issues) - 1)]
    assert sheets[1].tokens_in > 0


def test_the_form_comes_after_what_the_agent_saw(make_run: MakeRun) -> None:
    """The prompt begins like those the agent spoke from, and has nothing of the other side."""
    run = chatting(make_run(max_turns=6))
    model = ScriptedModel(form)
    asked(run, chat_models={"scripted": model})
    (dialogue,) = run
    scenario = run.scenario("viatex")
    before, after = model.requests
    assert before.messages[0] == after.messages[0]
    assert before.messages[0].content.startswith(f"You are {scenario.roles[1].name}")
    assert dialogue.turns[0].utterance.text not in before.messages[1].content
    assert all(turn.utterance.text in after.messages[1].content for turn in dialogue.turns)
    task = after.messages[1].content.split("# Task")[1]
    assert "100" in task
    assert scenario.roles[0].name in task
    prompt = "".join(message.content for message in after.messages)
    for private in (scenario.roles[0].brief[:80], *scenario.roles[0].secrets):
        assert private not in prompt
    assert all(turn.reflection not in prompt for turn in dialogue.turns if turn.role == 0 and turn.reflection)
    spoken = reader(run, dialogue, 1)
    view = spoken.view(1)
    agent = ChatAgent(ModelClient(model, temperature=0, max_tokens=100), spoken.agent_writer, Ledger())
    asyncio.run(agent.answer(view, belief_measure(["x"]), 0))
    speaking = spoken.agent_writer.messages("speak", view)
    asking = model.requests[-1].messages
    assert asking[0] == speaking[0]
    assert asking[1].content.split("# Task")[0] == speaking[1].content.split("# Task")[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reservation": 140}, "reservation"),
        ({"importance": {}}, "importance"),
        ({"importance": 0}, "at least one issue must have more than 0"),
    ],
)
def test_a_form_filled_in_wrongly_is_no_belief(
    make_run: MakeRun, change: dict[str, Any], reason: str
) -> None:
    run = chatting(make_run(max_turns=4))
    before = [0]

    def script(request: ChatRequest) -> dict[str, Any]:
        before[0] += 1
        given = form(request)
        if before[0] > 3:
            return given
        if change.get("importance") == 0:
            return given | {"importance": dict.fromkeys(given["importance"], 0)}
        return given | change

    sheet = asked(run, chat_models={"scripted": ScriptedModel(script)})[1]
    failed = [judgement for judgement in sheet.judgements if judgement.turn == 0]
    assert {(judgement.status, judgement.value) for judgement in failed} == {("invalid", None)}
    assert all(reason in judgement.reason for judgement in failed)
    assert all(judgement.status == "ok" for judgement in sheet.judgements if judgement.turn)
    errors = belief_rows(run)
    assert errors[(errors["believer"] == 1) & (errors["when"] == "before")]["priority_error"].isna().all()


def test_repeats_ask_again_with_a_seed_of_their_own(make_run: MakeRun) -> None:
    run = chatting(make_run(max_turns=4))
    model = ScriptedModel(form)
    sheets = asked(run, chat_models={"scripted": model}, repeats=2)
    assert [(s.judge, s.repeat) for s in sheets] == [("sim", 0), ("scripted", 0), ("scripted", 1)]
    assert len({request.seed for request in model.requests}) == 4
