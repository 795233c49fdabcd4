"""Dialogues to regenerate, and chat models that play every part."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.models import ChatRequest, ScriptedModel
from negosim.rl import Card, Origin, Trajectory, TrajectoryTurn, write_trajectories
from negosim.rl.hindsight import regenerate

OPENINGS = ("Hello, do you know Save the Children?", "Good morning, a word about children?", "Hi there!")


def _donation(number: int, reward: float) -> Trajectory:
    said = [
        f"{OPENINGS[number % 3]} I am worker number {number}.",
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
        split="validation" if number == 5 else "train",
        system="Persuade them.",
        turns=tuple(
            TrajectoryTurn(role="agent" if place % 2 == 0 else "user", text=text)
            for place, text in enumerate(said)
        ),
        reward=reward,
        meta={"task": "donation", "persona": "skeptical", "donation_stated": reward},
    )


@pytest.fixture
def donations() -> list[Trajectory]:
    return [_donation(number, reward) for number, reward in enumerate((0, 0, 0, 1, 2, 0.5))]


@pytest.fixture
def folder(tmp_path: Path, donations: list[Trajectory]) -> Path:
    origin = Origin(source="made", task="donation", licence="none", reward="dollars")
    write_trajectories(tmp_path / "traj", donations, origin)
    return tmp_path / "traj"


def shown(request: ChatRequest, label: str) -> list[str]:
    """Return what one side said in the dialogue that a request is about."""
    dialogue = request.messages[-1].content.partition("# The conversation")[2]
    return re.findall(rf"^{label}: (.*)$", dialogue, re.MULTILINE)


def coach(request: ChatRequest) -> Any:
    """Play every part well."""
    stage = request.schema_name
    if stage == "ControllerAnswer":
        return {
            "places": [
                {
                    "said": f'"{text.upper()}"',
                    "why": "too plain",
                    "better": f"Worker: Better {n}, {text[:20]} no",
                }
                for n, text in enumerate(shown(request, "Worker")[:3])
            ]
        }
    if stage == "ForwardAnswer":
        return {
            "lines": [
                {"speaker": "user", "text": f"Donor: All right, {request.seed}."},
                {"speaker": "agent", "text": "Thank you."},
                {"speaker": "user", "text": "I give $1.00."},
            ],
            "ended": True,
        }
    answers = {"Finished": {"finished": True}, "DonationAnswer": {"dollars": 1.0}, "Intensity": {"final": 2}}
    return answers.get(stage, {"finished": True, "score": 0.5})


@pytest.fixture
def scripted() -> Callable[..., ScriptedModel]:
    """Make a model that plays all parts, some of them otherwise: `scripted(Finished=lambda request: ...)`."""

    def make(**others: Callable[[ChatRequest], Any]) -> ScriptedModel:
        return ScriptedModel(lambda request: others.get(request.schema_name, coach)(request))

    return make


Regenerate = Callable[..., Card]


@pytest.fixture
def grow(folder: Path, tmp_path: Path) -> Regenerate:
    """Regenerate the donations with one model for every part, into the folder "grown"."""

    def run(model: ScriptedModel, **options: Any) -> Card:
        names = {"controller": "m", "forward": "m", "reward_model": "m", "chat_models": {"m": model}}
        return regenerate(
            options.pop("source", folder), options.pop("out", tmp_path / "grown"), **{**names, **options}
        )

    return run
