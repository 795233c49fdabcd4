"""Dialogues imagined from nothing: by rules, and by a chat model."""

from pathlib import Path
from typing import Any

import pytest

from negosim.errors import ProtocolError, UserError
from negosim.models import ChatRequest, ScriptedModel
from negosim.rl import imagine, read_trajectories


@pytest.mark.parametrize("scenario", ["donation", "support"])
def test_rules_imagine_whole_dialogues_and_the_same_again(scenario: str, tmp_path: Path) -> None:
    card = imagine(scenario, tmp_path / "a", dialogues=6, seed=2)
    made = list(read_trajectories(tmp_path / "a"))
    assert card.trajectories == len(made) == 6
    assert card.origin.task == scenario
    assert all(one.turns[0].role == ("agent" if scenario == "donation" else "user") for one in made)
    assert len({one.turns for one in made}) == 6
    imagine(scenario, tmp_path / "b", dialogues=6, seed=2, concurrency=1)
    assert list(read_trajectories(tmp_path / "b")) == made


def writes(request: ChatRequest) -> Any:
    """Play every part; every third dialogue is undecided."""
    if request.schema_name == "ForwardAnswer":
        first, other = ("agent", "user") if "first word" in request.messages[1].content else ("user", "agent")
        if "trouble" in request.messages[1].content:
            first, other = other, first
        lines = [
            {"speaker": first, "text": f"Hello {request.seed}."},
            {"speaker": other, "text": "I give $1."},
        ]
        return {"lines": lines, "ended": True}
    answers = {"Finished": {"finished": True}, "DonationAnswer": {"dollars": 1.0}, "Intensity": {"final": 2}}
    return answers[request.schema_name]


@pytest.mark.parametrize("scenario", ["donation", "support"])
def test_a_chat_model_writes_both_sides(scenario: str, tmp_path: Path) -> None:
    model = ScriptedModel(writes)
    card = imagine(scenario, tmp_path / "a", dialogues=5, model="m", chat_models={"m": model})
    made = list(read_trajectories(tmp_path / "a"))
    assert len(made) == 5
    asked = [r.messages[1].content for r in model.requests if r.schema_name == "ForwardAnswer"]
    assert len(asked) == 5
    assert all("Nothing has been said yet" in one for one in asked)
    assert len(set(asked)) > 1  # other persons
    assert "kind below" not in model.requests[0].messages[0].content
    rewards = [one.reward for one in made]
    expected = (
        [1.0] * 5
        if scenario == "donation"
        else [float(str(one.meta["initial_intensity"])) - 2 for one in made]
    )
    assert rewards == expected
    assert sum(row["calls"] for row in card.origin.settings["account"]) == len(model.requests)


def test_what_is_unusable_is_counted_and_what_cannot_be_imagined_is_said(tmp_path: Path) -> None:
    model = ScriptedModel(lambda request: {"lines": [], "ended": True})
    with pytest.raises(ProtocolError, match="no usable answer"):
        imagine("donation", tmp_path / "a", dialogues=2, model="m", chat_models={"m": model})
    assert not (tmp_path / "a").exists()
    with pytest.raises(UserError, match="donation"):
        imagine("viatex", tmp_path / "a")
