"""Digests of transcripts over scenarios, planners and conditions: nothing said changes by accident.

Where a change of what agents say is meant, `pytest tests/engine/test_transcripts.py --snapshot-update`.
"""

import random
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from negosim import Dialogue, RunConfig, generate
from negosim.errors import ModelError
from negosim.models import ChatRequest, ScriptedModel

SCENARIOS = (
    *("camp-lemonnier", "casino-two", "daily-herald", "heron-mill", "parker-gibson", "powerscreen"),
    *("ren-the-robot", "rose-lane", "sally-soprano", "viatex", "west-wind"),
)
CONDITIONS = ("honest", "deceptive-1", "deceptive-2", "deceptive-1-2")
PLANNERS = ("rollout", "reflect", "direct")


def digests(dialogues: Iterable[Dialogue]) -> dict[str, str]:
    return {dialogue.id: sha256(dialogue.transcript()).hexdigest()[:16] for dialogue in dialogues}


def config(planner: str, calls: str, **settings: Any) -> RunConfig:
    return RunConfig(
        **{"scenarios": SCENARIOS, "conditions": CONDITIONS, "planner": planner, "calls": calls, **settings}
    )


def answer(request: ChatRequest) -> Any:
    """Fill any form by the request's seed alone, so that wording of prompts makes no difference."""
    rng = random.Random(request.seed)
    filled = fill(request.schema, rng)
    if request.schema_name == "Tactics":
        options = request.schema["properties"]["tactic_1"]["enum"]
        return dict(zip(filled, rng.sample(options, len(filled)), strict=True))
    if request.schema_name == "Think":
        tactics = request.schema["properties"]["candidate_1"]["properties"]["tactic"]["enum"]
        candidates = [part for part in filled.values() if isinstance(part, dict)]
        for candidate, tactic in zip(candidates, rng.sample(tactics, len(candidates)), strict=True):
            candidate["tactic"] = tactic
    if request.schema_name == "Speak":
        if filled["move"]["action"] == "walk_away" and rng.random() < 0.9:
            filled["move"] = {"action": "talk", "offer": None}
        if rng.random() < 0.08:
            return ModelError("status 500 (4 attempts)")
        if rng.random() < 0.08:
            filled["utterance"] = ""  # unusable: asked for again
    return filled


def fill(schema: Any, rng: random.Random) -> Any:
    if "anyOf" in schema:
        return fill(rng.choice(schema["anyOf"]), rng)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return {name: fill(part, rng) for name, part in schema["properties"].items()}
        case "string":
            return f"Let us look at point {rng.randrange(10**9)}."
        case "boolean":
            return rng.random() < 0.6
        case "null":
            return None
    return rng.randint(int(schema.get("minimum", 0)), int(schema.get("maximum", 10)))


@pytest.mark.parametrize("calls", ["separate", "fused"])
@pytest.mark.parametrize("planner", PLANNERS)
def test_simulated(planner: str, calls: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    made = generate(config(planner, calls), out=tmp_path / "run")
    assert digests(made) == snapshot


@pytest.mark.parametrize("calls", ["separate", "fused"])
@pytest.mark.parametrize("planner", PLANNERS)
def test_scripted(planner: str, calls: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    scripted: dict[str, Any] = {"conditions": ("honest",), "models": ("scripted",), "dialogues": 4}
    settings = config(planner, calls, **scripted, max_turns=6, concurrency=4)
    model = ScriptedModel(answer, name="scripted")
    made = list(generate(settings, out=tmp_path / "run", chat_models={"scripted": model}))
    assert {dialogue.end for dialogue in made} >= {"concluded", "max_turns", "failed"}
    assert digests(made) == snapshot
