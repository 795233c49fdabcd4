"""A scripted player: answers every stage of any scenario, and remembers every prompt."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from negosim.models import ChatRequest, ScriptedModel


def make_player(**overrides: Any) -> ScriptedModel:
    """Return a model that fills any answer form from its JSON Schema, deterministically by seed.

    `overrides` by form name ("Speak", "ConcludeAnswer", ...) are answers, or functions of the request.
    """

    def answer(request: ChatRequest) -> Any:
        given = overrides.get(request.schema_name)
        if callable(given):
            given = given(request)
        if given is not None:
            return given
        rng = random.Random(request.seed)
        if request.schema_name == "Tactics":
            fields = request.schema["properties"]
            return dict(zip(fields, rng.sample(fields["tactic_1"]["enum"], len(fields)), strict=True))
        if request.schema_name == "Think":
            fields = request.schema["properties"]
            tactics = rng.sample(fields["candidate_1"]["properties"]["tactic"]["enum"], len(fields) - 1)
            candidates = [
                {"tactic": tactic, "utterance": words(rng), "expected_reply": words(rng)}
                for tactic in tactics
            ]
            return dict(zip(fields, [words(rng), *candidates], strict=True))
        if request.schema_name == "Judge":
            return {
                name: {"reason": "because", "score": rng.randint(0, 10)}
                for name in request.schema["properties"]
            }
        if request.schema_name == "Speak":
            return {"utterance": words(rng), "move": {"action": "talk", "offer": None}}
        if request.schema_name == "ConcludeAnswer":
            return {"concluded": False}
        return {name: words(rng) for name in request.schema["properties"]}

    return ScriptedModel(answer)


WORDS = ("we", "could", "talk", "about", "the", "terms", "and", "find", "a", "way", "that", "works")


def words(rng: random.Random) -> str:
    """Return a sentence that begins as all of them do, so that there is an opening to vary."""
    return "We could " + " ".join(rng.choices(WORDS, k=12)) + "."


@pytest.fixture
def player() -> Callable[..., ScriptedModel]:
    return make_player
