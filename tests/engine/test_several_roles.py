"""Three roles at one table: side messages stay with those they are for; orders hold from any place."""

import io
from collections.abc import Callable
from itertools import count, cycle
from typing import Any

import pytest
from rich.console import Console

from negosim import Run, RunConfig, generate, load_scenario, load_taxonomy
from negosim.agents.sim import SimAgent, SimJudge
from negosim.engine import Participant, continue_dialogue
from negosim.judging._reader import Reader
from negosim.models import ChatRequest, ScriptedModel
from negosim.prompts import Prompts
from negosim.records import THIRD_PARTY, Dialogue, agent_perspective
from negosim.scenarios import SpeakingOrder
from negosim.seeding import Seed
from negosim.terminal.lens import lens_of
from negosim.terminal.show import print_dialogue
from negosim.views import side_of

Player = Callable[..., ScriptedModel]
MILL = load_scenario("heron-mill")
IDS = [role.id for role in MILL.roles]


def speaker(request: ChatRequest) -> int:
    """Tell whose call it is from the fixed part of the prompt."""
    begins = [request.messages[0].content.startswith(f"You are {role.name},") for role in MILL.roles]
    return begins.index(True)


def whispering(player: Player, numbers: count) -> ScriptedModel:
    """A model that says something to the role after it alone, in every turn; gives the floor to all."""
    floors = cycle((IDS[2], IDS[1]))

    def said(request: ChatRequest) -> Any:
        own = speaker(request)
        other = (own + 1) % 3
        aside = {"to": [IDS[other]], "text": f"ASIDE-{own}-{other}- number {next(numbers)}"}
        move = {"action": "talk", "offer": None, "aside": aside}
        if "next" in request.schema["properties"]["move"]["anyOf"][0]["properties"]:
            move["next"] = next(floors)
        return {"utterance": f"Public words number {next(numbers)}.", "move": move}

    return player(Speak=said)


@pytest.fixture
def played(player: Player, tmp_path: Any) -> tuple[ScriptedModel, Run]:
    model = whispering(player, count())
    config = RunConfig(
        scenarios="heron-mill",
        models="scripted",
        planner="reflect",
        max_turns=7,
        order="chair:owner",
        votes="always",
    )
    return model, generate(config, out=tmp_path / "run", chat_models={"scripted": model})


def leaks(text: str, role: int | None) -> list[str]:
    """Return the canaries in a text that a role must not see."""
    pairs = [(own, (own + 1) % 3) for own in range(3)]
    return [f"ASIDE-{a}-{b}-" for a, b in pairs if role not in (a, b) and f"ASIDE-{a}-{b}-" in text]


def shown(dialogue: Dialogue, view: str, *, terminal: bool) -> str:
    out = io.StringIO()
    print_dialogue(Console(file=out, force_terminal=terminal, width=200), dialogue, MILL, lens_of(view, MILL))
    return out.getvalue()


def test_a_side_message_is_seen_by_whom_it_names_and_nobody_else(played: tuple[ScriptedModel, Run]) -> None:
    model, run = played
    (dialogue,) = run
    assert all(len(turn.asides) == 1 for turn in dialogue.turns)
    seen = set()
    for request in model.requests:
        text = "".join(message.content for message in request.messages)
        assert leaks(text, speaker(request)) == []
        seen |= {(speaker(request), a) for a in range(3) if f"ASIDE-{a}-" in text}
    assert {(1, 0), (2, 1), (0, 2)} <= seen, "those named do see it"
    for terminal in (True, False):
        for view, role in (("public", None), ("1", 0), ("2", 1), ("3", 2)):
            assert leaks(shown(dialogue, view, terminal=terminal), role) == []
        assert "ASIDE-1-2-" in shown(dialogue, "3", terminal=terminal)
    assert leaks(dialogue._repr_html_(), None) == []
    assert leaks(run.to_frame().to_csv(), None) == []


@pytest.mark.parametrize("perspective", [THIRD_PARTY, *map(agent_perspective, range(3))])
def test_judges_see_what_their_perspective_heard(played: tuple[ScriptedModel, Run], perspective: str) -> None:
    (dialogue,) = played[1]
    taxonomies = load_taxonomy("persuasion"), load_taxonomy("deception")
    reader = Reader(dialogue, MILL, perspective, prompts=Prompts(MILL.id), taxonomies=taxonomies, max_turns=7)
    values = {"title": "t", "questions": (), "instructions": ""}
    text = "".join(message.content for message in reader.messages("questions", **values))
    assert leaks(text, reader.role) == []
    assert reader.role is None or "ASIDE-" in text


def test_the_chair_names_who_speaks_and_only_the_chair(played: tuple[ScriptedModel, Run]) -> None:
    model, run = played
    (dialogue,) = run
    assert [turn.role for turn in dialogue.turns] == [0, 2, 0, 1, 0, 2, 0]
    assert [turn.floor for turn in dialogue.turns] == [2, None, 1, None, 2, None, 1]
    asked = [request for request in model.requests if request.schema_name == "Speak"]
    for request in asked:
        fields = request.schema["properties"]["move"]["anyOf"][0]["properties"]
        assert ("next" in fields) == (speaker(request) == 0)
        assert set(fields["aside"]["anyOf"][0]["properties"]["to"]["items"]["enum"]) == set(IDS) - {
            IDS[speaker(request)]
        }


def test_where_there_are_no_side_messages_none_is_asked_for(player: Player, tmp_path: Any) -> None:
    model = player()
    config = RunConfig(scenarios="viatex", models="scripted", planner="direct", max_turns=2)
    generate(config, out=tmp_path / "run", chat_models={"scripted": model})
    asked = [request for request in model.requests if request.schema_name == "Speak"]
    assert asked
    assert "aside" not in str([request.schema for request in asked])
    assert "alone" not in "".join(message.content for request in asked for message in request.messages)


@pytest.mark.parametrize("order", ["round_robin", "random", "chair:bakery"])
async def test_any_prefix_goes_on_in_the_order_of_the_whole(order: str) -> None:
    taxonomies = {"tactics": load_taxonomy("persuasion"), "techniques": load_taxonomy("deception")}

    def seats() -> list[Participant]:
        rules = {"deceptive": False, "opener": 0, "max_turns": 9, "seed": Seed(5, "heron-mill", 0)}
        given = SpeakingOrder.model_validate(order)
        sides = [side_of(MILL, role, **rules, **taxonomies, order=given) for role in range(3)]
        return [Participant(SimAgent(), SimJudge(), side) for side in sides]

    whole = await continue_dialogue(MILL, [], seats(), planner="direct")
    speakers = [turn.role for turn in whole.turns]
    assert len(set(speakers)) == 3
    for cut in (1, 4, 7):
        again = await continue_dialogue(MILL, whole.turns[:cut], seats(), planner="direct")
        assert again.turns == whole.turns
