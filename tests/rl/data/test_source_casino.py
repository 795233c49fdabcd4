import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.errors import UserError
from negosim.rl import prepare, read_trajectories

ONE, TWO = "mturk_agent_1", "mturk_agent_2"


def participant(points: int) -> dict[str, Any]:
    levels = {"High": "Food", "Medium": "Water", "Low": "Firewood"}
    return {
        "value2issue": levels,
        "value2reason": {level: f"because of {item}" for level, item in levels.items()},
        "outcomes": {"points_scored": points},
    }


def log(agent: str, text: str, **task_data: Any) -> dict[str, Any]:
    return {"id": agent, "text": text, "task_data": task_data}


DEAL = log(
    TWO,
    "Submit-Deal",
    issue2youget={"Food": "1", "Water": "2", "Firewood": "0"},
    issue2theyget={"Food": "2", "Water": "1", "Firewood": "3"},
)
NEGOTIATION = {
    "dialogue_id": 7,
    # The second participant stands first, as in half of the published rows.
    "participant_info": {TWO: participant(13), ONE: participant(23)},
    "chat_logs": [
        log(ONE, "Hello!"),
        log(TWO, "I need water."),
        log(TWO, "And food."),
        log(ONE, "Fine."),
        DEAL,
        log(ONE, "Accept-Deal", data="accept_deal"),
    ],
    "annotations": [
        ["Hello!", "small-talk"],
        ["I need water.", "self-need,no-need"],
        ["And food.", "self-need"],
        ["Fine.", "non-strategic"],
    ],
}


def write(folder: Path, *rows: Any) -> Path:
    file = folder / "casino_train.json"
    file.write_text(json.dumps(rows))
    return file


@pytest.mark.parametrize(("learner", "reward"), [(1, 23.0), (2, 13.0)])
def test_either_side_can_learn(folder: Path, learner: int, reward: float) -> None:
    prepare(write(folder, NEGOTIATION), folder / "out", learner=learner)
    (made,) = read_trajectories(folder / "out")
    assert made.reward == reward
    assert made.turns[0].role == ("agent" if learner == 1 else "user")
    assert [turn.text for turn in made.turns] == [
        "Hello!",
        "I need water. And food.",
        "Fine.",
        "[offer: food=2; water=1; firewood=3]",
        "[accept]",
    ]
    assert [turn.tactic for turn in made.turns] == [
        *("small-talk", "self-need+no-need", "non-strategic"),
        *(None, None),
    ]
    assert made.system is not None
    assert "because of Food" in made.system


@pytest.mark.parametrize(("reward", "expected"), [("own", 23), ("joint", 36), ("agreement", 1)])
def test_rewards(folder: Path, reward: str, expected: float) -> None:
    card = prepare(write(folder, NEGOTIATION), folder / "out", reward=reward)
    assert [t.reward for t in read_trajectories(folder / "out")] == [expected]
    assert card.origin.settings["reward"] == reward


def test_labels_that_do_not_align_are_left_out(folder: Path) -> None:
    card = prepare(
        write(folder, NEGOTIATION | {"annotations": NEGOTIATION["annotations"][1:]}), folder / "out"
    )
    (made,) = read_trajectories(folder / "out")
    assert not any(turn.tactic for turn in made.turns)
    assert card.altered["labels left out: they do not align with the utterances"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chat_logs": NEGOTIATION["chat_logs"][:-1]}, "neither accepted nor walked away"),
        ({"participant_info": {ONE: participant(3)}}, "participants are not"),
        ({"chat_logs": [log("someone", "Hi"), *NEGOTIATION["chat_logs"]]}, "participants are not"),
        ({"participant_info": {ONE: {}, TWO: {}}}, "not in the published form"),
    ],
)
def test_a_bad_row_is_named_and_left_out(folder: Path, change: dict[str, Any], message: str) -> None:
    file = write(folder, NEGOTIATION, NEGOTIATION | change)
    card = prepare(file, folder / "out")
    assert card.trajectories == 1
    with pytest.raises(UserError, match=f"casino_train.json, row 2: .*{message}"):
        prepare(file, folder / "strict", bad_rows="stop")


def test_the_published_set_has_the_figures_of_its_paper(
    folder: Path, published: Callable[[str], Path]
) -> None:
    cards = [prepare(published("casino"), folder / f"out{learner}", learner=learner) for learner in (1, 2)]
    made = [t for learner in (1, 2) for t in read_trajectories(folder / f"out{learner}")]
    points = [t.reward for t in made]
    assert [card.splits for card in cards] == [{"train": 900, "validation": 30, "test": 0}] * 2
    assert sum(points) / len(points) == pytest.approx(18.6, abs=0.05)
    assert (min(points), max(points)) == (5, 32)
    assert [card.altered["labels left out: they do not align with the utterances"] for card in cards] == [
        2,
        2,
    ]
    assert sum(t.meta["status"] == "no_agreement" for t in made) == 48
