"""Runs to judge, and a model that fills in any form."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim import Run, RunConfig, generate
from negosim.models import ChatRequest, ScriptedModel


def filled(schema: dict[str, Any], rng: random.Random) -> Any:
    """Fill in a form at random, as its JSON Schema allows; nothing is quoted."""
    if "anyOf" in schema:
        return filled(schema["anyOf"][0], rng)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return {name: filled(part, rng) for name, part in schema["properties"].items()}
    return {
        "array": [],
        "boolean": rng.random() < 0.5,
        "number": 1.0,
        "string": "because",
        "null": None,
    }[kind]


def make_filler(change: Callable[[dict[str, Any], ChatRequest], Any] | None = None) -> ScriptedModel:
    """Return a model that fills in every form, deterministically by seed; `change` may alter the answer."""

    def answer(request: ChatRequest) -> Any:
        given = filled(request.schema, random.Random(request.seed))
        return given if change is None else change(given, request)

    return ScriptedModel(answer)


@pytest.fixture
def filler() -> Callable[..., ScriptedModel]:
    return make_filler


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Return a function that makes a run of the simulated negotiator."""
    made = 0

    def make(**changes: Any) -> Run:
        nonlocal made
        made += 1
        config = {"scenarios": ("viatex",), "conditions": ("deceptive-2",), "max_turns": 8, **changes}
        return generate(RunConfig.model_validate(config), out=tmp_path / f"run{made}")

    return make
