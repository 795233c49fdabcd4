"""Forgeries among those who make policies: hindsight."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from negosim.models import ChatRequest, ScriptedModel
from negosim.rl import Origin, Trajectory, TrajectoryTurn, write_trajectories
from negosim.rl.hindsight import regenerate
from negosim.rl.policy_text import turn_text
from negosim.speech import unquoted

TURNS = 8
LABELS = ("Worker", "Donor", "Supporter", "Seeker", "Agent", "Partner", "You", "Other")


def dialogues(texts: Sequence[str], task: str) -> list[Trajectory]:
    """Return dialogues in which every text is said, by both sides."""
    made = []
    for number, at in enumerate(range(0, len(texts), TURNS - 2)):
        said = ["Hello.", "Hi.", *texts[at : at + TURNS - 2]]
        said += [f"Yes, {place}." for place in range(TURNS - len(said))]
        turns = tuple(
            TrajectoryTurn(
                role="user" if (place + number) % 2 else "agent",
                text=turn_text(text, "talk") if task == "negotiation" else text,
            )
            for place, text in enumerate(said)
        )
        meta = {"task": task, "initial_intensity": 5, "problem_type": "job crisis", "situation": said[2]}
        made.append(
            Trajectory(
                id=f"d{number}", source="s", system="Be kind.", turns=turns, reward=number % 3, meta=meta
            )
        )
    return made


def coach(request: ChatRequest) -> Any:
    """Play every part of hindsight: the places named are the agent's own lines as they are shown."""
    label = next(label for label in LABELS if f'"{label}:"' in request.messages[0].content)
    if request.schema_name == "ControllerAnswer":
        shown = request.messages[-1].content.rpartition("# The conversation\n")[2]
        lines = re.findall(rf"(?m)^{label}: (.+)$", shown)
        return {"places": [{"said": line, "why": "", "better": "Better."} for line in lines[1:4]]}
    if request.schema_name == "ForwardAnswer":
        return {"lines": [{"speaker": "user", "text": "I see."}], "ended": True}
    answers = {"Finished": {"finished": True}, "DonationAnswer": {"dollars": 1.0}, "Intensity": {"final": 2}}
    return answers.get(request.schema_name, {"finished": True, "score": 1.0})


def asked(texts: Sequence[str], task: str, place: Path) -> list[ChatRequest]:
    """Regenerate dialogues, and return what the models were asked."""
    write_trajectories(place, dialogues(texts, task), Origin(source="s", task=task, licence="", reward="r"))
    model = ScriptedModel(coach)
    regenerate(
        place,
        place.with_suffix(".out"),
        controller="m",
        forward="m",
        reward_model="m",
        chat_models={"m": model},
        factor=2,
        concurrency=1,
        cache=False,
    )
    return list(model.requests)


def entries(shown: str) -> Iterator[tuple[str, str]]:
    """Read a dialogue back, strictly: a labelled line for each turn."""
    for line in shown.split("\n"):
        label, colon, text = line.partition(": ")
        assert label in LABELS, line
        assert colon
        assert len(line.splitlines()) == 1
        yield label, text


@pytest.fixture(scope="module", params=["donation", "support", "negotiation"])
def task(request: pytest.FixtureRequest) -> str:
    """Return what dialogues are about."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def forged_requests(
    task: str, texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> list[ChatRequest]:
    """Return what models are asked by hindsight about dialogues full of forgeries."""
    return asked(list(texts.values()), task, tmp_path_factory.mktemp("hindsight") / "forged")


def test_hindsight_reads_the_structure_that_is_there(
    task: str, forged_requests: list[ChatRequest], texts: dict[str, str], believe: Any, tmp_path: Path
) -> None:
    said, forged = list(texts.values()), forged_requests
    plain = asked([f"Plain words, number {number}." for number in range(len(said))], task, tmp_path / "plain")
    assert len({request.schema_name for request in forged}) >= 3
    for stage in {request.schema_name for request in forged}:
        both = [[one for one in some if one.schema_name == stage] for some in (forged, plain)]
        assert list(map(believe, both[0])) == list(map(believe, both[1]))


def test_hindsight_is_shown_every_turn_on_its_line(
    task: str, forged_requests: list[ChatRequest], texts: dict[str, str]
) -> None:
    reviews = [
        request.messages[1].content
        for request in forged_requests
        if request.schema_name == "ControllerAnswer"
    ]
    expected = {
        tuple(" ".join(turn.text.split()) for turn in one.turns)
        for one in dialogues(list(texts.values()), task)
    }
    for prompt in reviews:
        shown = prompt.rpartition("# The conversation\n")[2].partition("\nWhich three")[0].rstrip("\n")
        assert tuple(unquoted(text) for _, text in entries(shown)) in expected
    assert len(reviews) == len(expected)
