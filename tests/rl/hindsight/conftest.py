"""Dialogues to regenerate, and chat models that play every part."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.models import ChatRequest, ScriptedModel
from negosim.rl import Origin, Trajectory, TrajectoryTurn, write_trajectories

OPENINGS = ("Hello, do you know Save the Children?", "Good morning, a word about children?", "Hi there!")


def donation(number: int, reward: float = 0.0, turns: int = 8, split: str = "train") -> Trajectory:
    said = [
        OPENINGS[number % 3] + f" I am worker number {number}.",
        f"Hi, I am donor {number}, go on.",
        f"Children in many places go hungry tonight, dialogue {number}.",
        "That is sad, but where does the money go?",
        f"Would you give something of your pay, donor {number}?",
        "I have to think about that first.",
        f"It would mean a lot to them and to number {number}.",
        "Fine, I decide: " + (f"${reward:.2f}." if reward else "nothing, sorry."),
    ]
    return Trajectory(
        id=f"d{number}",
        source=f"made/d{number}",
        split=split,  # type: ignore[arg-type]
        system="Persuade them.",
        turns=tuple(
            TrajectoryTurn(role="agent" if n % 2 == 0 else "user", text=text)
            for n, text in enumerate(said[:turns])
        ),
        reward=reward,
        meta={"task": "donation", "persona": "skeptical", "donation_stated": reward},
    )


@pytest.fixture
def donations() -> list[Trajectory]:
    return [donation(number, reward) for number, reward in enumerate((0, 0, 0, 1, 2, 0.5))]


@pytest.fixture
def folder(tmp_path: Path, donations: list[Trajectory]) -> Path:
    origin = Origin(source="made", task="donation", licence="none", reward="dollars")
    write_trajectories(tmp_path / "traj", donations, origin)
    return tmp_path / "traj"


def lines_of(request: ChatRequest, label: str) -> list[str]:
    """Return what one side said in the dialogue that a request is about."""
    shown = request.messages[-1].content.partition("# The conversation")[2]
    return re.findall(rf"^{label}: (.*)$", shown, re.MULTILINE)


def stage_of(request: ChatRequest) -> str:
    return request.schema_name


def coach(request: ChatRequest) -> dict[str, Any]:
    """Play all parts well."""
    stage = stage_of(request)
    if stage == "Review":
        said = lines_of(request, "Worker")[:3]
        return {
            "places": [
                {
                    "said": f'"{text.upper()}"',
                    "why": "too plain",
                    "better": f"Better {n} than: {text[:25]} really",
                }
                for n, text in enumerate(said)
            ]
        }
    if stage == "Continuation":
        mark = request.seed % 997
        return {
            "lines": [
                {"speaker": "user", "text": f"Donor: All right {mark}."},
                {"speaker": "agent", "text": "Thank you."},
                {"speaker": "user", "text": "I give $1.00."},
            ],
            "ended": True,
        }
    if stage == "Finished":
        return {"finished": True}
    if stage == "Amount":
        return {"dollars": 1.0}
    if stage == "Intensity":
        return {"final": 2}
    return {"finished": True, "score": 0.5}


@pytest.fixture
def scripted() -> Callable[..., ScriptedModel]:
    """Make a model that plays all parts, some of them otherwise: `scripted(Finished=lambda request: ...)`."""

    def make(**others: Callable[[ChatRequest], Any]) -> ScriptedModel:
        def answer(request: ChatRequest) -> Any:
            return others.get(stage_of(request), coach)(request)

        return ScriptedModel(answer)

    return make


def read_rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trajectories.jsonl").read_text("utf-8").splitlines()]
