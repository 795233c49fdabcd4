"""The guard on a model's words: leaks that are looked for, and what becomes of them."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from negosim.agents import ChatAgent, Speech
from negosim.agents._guard import disagreements, leaks
from negosim.models import Ledger, ModelClient, ScriptedModel
from negosim.prompts import Prompts, PromptWriter
from negosim.records import Turn, Utterance
from negosim.scenarios import load_scenario
from negosim.seeding import Seed
from negosim.table import table_after
from negosim.taxonomies import load_taxonomy
from negosim.views import View, side_of, view_of

VIATEX = load_scenario("viatex")
OFFER = {"unit-price": 0.12, "contract-term": 24, "payment-term": 60, "proposals": "framework"}
TALK = {"action": "talk", "offer": None}


def view(role: int = 0, *, offered: bool = False, reflection: str | None = None) -> View:
    taxonomies = {"tactics": load_taxonomy("persuasion"), "techniques": load_taxonomy("deception")}
    side = side_of(
        VIATEX, role, deceptive=False, opener=0, max_turns=9, seed=Seed(1, "viatex", 0), **taxonomies
    )
    said = Utterance(text="Here is my offer.", action="offer", offer=OFFER)
    turns = [Turn(index=0, role=1 - role, utterance=said)] if offered else []
    table = table_after(VIATEX, ((turn.role, turn.utterance) for turn in turns))
    seen = view_of(side, turns, table)
    return replace(seen, reflection=reflection)


def spoken(*answers: Any, seen: View | None = None) -> tuple[Speech, ScriptedModel]:
    seen = seen or view()
    model = ScriptedModel(answers)
    client = ModelClient(model, temperature=0, max_tokens=500)
    agent = ChatAgent(client, PromptWriter(Prompts("viatex"), seen.side), Ledger())
    return asyncio.run(agent.speak(seen)), model


def words(text: str, move: dict[str, Any] = TALK) -> dict[str, Any]:
    return {"move": move, "utterance": text}


THOUGHT = "I will open high and hold back that we have only eleven weeks of bottles left in stock"


@pytest.mark.parametrize(
    "text",
    [
        "A complete deal of worth 53.666667 points to me.",
        "(smiles warmly) Good morning.",
        "Good morning. *leans back* Shall we?",
        "Well, I will open high and hold back that we have only eleven weeks, so there.",
        "Let me use foot-in-the-door and start small.",
    ],
)
def test_private_things_are_asked_for_again_once_then_marked(text: str) -> None:
    seen = view(reflection=THOUGHT)
    assert leaks(text, seen)
    mended, model = spoken(words(text), words("Good morning."), seen=seen)
    assert (mended.utterance.text, mended.marks, len(model.requests)) == ("Good morning.", (), 2)
    kept, model = spoken(words(text), words(text), seen=seen)
    assert (kept.marks, len(model.requests)) == (("leak",), 2)


@pytest.mark.parametrize(
    "text",
    [
        "I have three points to make, and two points of detail.",
        "Take $0.12 (as last year), and an end-to-end service.",
        "We have only eleven weeks left to settle this, and I would like to.",
    ],
)
def test_ordinary_speech_is_let_through(text: str) -> None:
    assert leaks(text, view(reflection=THOUGHT)) == []


def of(price: float, **more: Any) -> dict[str, Any]:
    return {"unit-price": price, **more}


@pytest.mark.parametrize(
    ("role", "offered", "text", "action", "offer", "wrong"),
    [
        (0, False, "I offer $0.11 a bottle.", "offer", of(0.12), True),
        (0, False, "You ask $0.15; I offer $0.12 a bottle.", "offer", of(0.12), False),
        (0, False, "Twelve cents is my offer.", "offer", of(0.12), False),
        (0, False, "My offer is on the table.", "offer", of(0.12), False),
        (0, True, "I accept your offer.", "talk", None, True),
        (0, True, "I would accept your offer if the term were longer.", "talk", None, False),
        (0, True, "I accept your offer.", "accept", None, False),
        (0, True, "Agreed, at $0.14 then.", "accept", None, True),
        (0, False, "I accept your offer.", "talk", None, False),
        (1, False, "I want to pay you less.", "talk", None, True),
        (0, False, "I want to pay you less.", "talk", None, False),
        (0, False, "You will pay me more.", "talk", None, True),
    ],
)
def test_words_are_held_against_the_move(
    role: int, offered: bool, text: str, action: str, offer: dict[str, Any] | None, wrong: bool
) -> None:
    assert bool(disagreements(text, action, offer, view(role, offered=offered))) is wrong


def test_a_short_label_is_not_found_within_a_word() -> None:
    seen = view()
    (issue,) = [issue for issue in VIATEX.issues if issue.id == "proposals"]
    pairs = zip(issue.options, ("no", "yes"), strict=False)
    short = [option.model_copy(update={"label": label}) for option, label in pairs]
    asked = issue.model_copy(update={"options": tuple(short)})
    seen = replace(seen, side=replace(seen.side, issues=(asked,)))
    move = {"proposals": short[1].id}
    assert disagreements("I know, yesterday.", "offer", move, seen) == []
    assert disagreements("To that, no.", "offer", move, seen)


def test_words_that_still_disagree_are_on_record() -> None:
    issues = dict.fromkeys((issue.id for issue in VIATEX.issues), None)
    move = {"action": "offer", "offer": issues | {"unit-price": 0.12}}
    speech, model = spoken(words("I offer $0.11.", move), words("I do offer $0.11.", move))
    assert (speech.marks, speech.utterance.offer) == (("words_disagree",), {"unit-price": 0.12})
    assert "another value of" in model.requests[1].messages[-1].content
    assert list(model.requests[0].schema["properties"]) == ["move", "utterance"]


def test_an_utterance_that_fills_its_bound_is_asked_for_again_then_trimmed() -> None:
    long = "This is a sentence. " + "and so on " * 120
    cut = words(long[:1200])
    speech, model = spoken(cut, words("Shorter now."))
    assert (speech.utterance.text, speech.marks) == ("Shorter now.", ())
    assert "1200 characters" in model.requests[1].messages[-1].content
    speech, _ = spoken(cut, cut)
    assert (speech.utterance.text, speech.marks) == ("This is a sentence.", ("cut",))
    speech, model = spoken(words("x" * 1199 + "."))
    assert (len(model.requests), speech.marks) == (1, ())


def test_a_doubtful_answer_is_better_than_none() -> None:
    speech, _ = spoken(words("It is worth 50 points."), "no JSON", "no JSON")
    assert (speech.utterance.text, speech.marks) == ("It is worth 50 points.", ("leak",))
