import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.errors import UserError
from negosim.importing._text import detokenize
from negosim.rl import prepare, read_trajectories

TOKENISED = {
    "emotion_type": "sadness",
    "problem_type": "job crisis",
    "situation": "I lost my job .",
    "init_intensity": 4,
    "final_intensity": 2,
    "dialog": [
        {"speaker": "usr", "text": "I didn ' t sleep , you know ?"},
        {
            "speaker": "sys",
            "text": "Oh no .",
            "strategy": "Question",
            "all_strategy": ["Restatement or Paraphrasing", "Question"],
        },
        {"speaker": "sys", "text": "Why ?", "strategy": "Question"},
        {"speaker": "usr", "text": "Money ."},
    ],
}
FAILED = {
    "emotion_type": "anger",
    "problem_type": "job crisis",
    "situation": "s",
    "survey_score": {"seeker": {"initial_emotion_intensity": "3", "final_emotion_intensity": "5"}},
    "dialog": [
        {"speaker": "speaker", "annotation": {}, "content": "Hello\n"},
        {"speaker": "listener", "annotation": {"strategy": "Approval and Reassurance"}, "content": "hi"},
    ],
}


def tokenised(folder: Path, *rows: Any, name: str = "valid.txt") -> Path:
    file = folder / name
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def test_the_supporter_learns_whatever_a_file_calls_it(folder: Path) -> None:
    tokenised(folder, TOKENISED)
    (folder / "FailedESConv.json").write_text(json.dumps([FAILED]))
    prepare(folder, folder / "out")
    failed, standard = sorted(read_trajectories(folder / "out"), key=lambda t: t.reward)
    assert (failed.reward, standard.reward) == (-2.0, 2.0)
    assert [turn.role for turn in failed.turns] == ["user", "agent"]
    assert failed.turns[1].tactic == "affirmation"
    assert failed.meta["failed"] is True
    assert [turn.role for turn in standard.turns] == ["user", "agent", "user"]
    assert standard.turns[0].text == "I didn't sleep, you know?"
    assert standard.turns[1].text == "Oh no. Why?"
    assert standard.turns[1].tactic == "restatement+question"
    assert standard.split == "validation"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"final_intensity": None}, "no final intensity"),
        ({"init_intensity": 7}, "initial intensity is 7, not 1 to 5"),
        ({"init_intensity": 12}, "initial intensity is 12, not 1 to 5"),
        ({"final_intensity": ""}, "final intensity is '', not 1 to 5"),
        ({"final_intensity": float("nan")}, "final intensity is nan, not 1 to 5"),
        ({"final_intensity": "much"}, "final intensity is 'much', not 1 to 5"),
        ({"dialog": [{"speaker": "bot", "text": "Hi"}]}, "speaker is 'bot'"),
        ({"dialog": [{"speaker": "usr", "text": " "}]}, "a turn has no text"),
        ({"dialog": [{"speaker": "usr", "text": "a", "strategy": "Question"}]}, "roles are mixed up"),
        ({"dialog": [{"speaker": "usr", "text": "Anybody?"}]}, "the agent never speaks"),
        ({"dialog": "none"}, "no dialogue"),
    ],
)
def test_a_bad_row_is_named_and_left_out(folder: Path, change: dict[str, Any], message: str) -> None:
    file = tokenised(folder, TOKENISED, TOKENISED | change)
    card = prepare(file, folder / "out")
    assert card.trajectories == 1
    assert card.problems[0].startswith("valid.txt, row 2: ")
    with pytest.raises(UserError, match=f"valid.txt, row 2: .*{message}"):
        prepare(file, folder / "strict", bad_rows="stop")


def test_the_same_dialogue_counts_once(folder: Path) -> None:
    card = prepare(tokenised(folder, TOKENISED, TOKENISED), folder / "out")
    assert (card.trajectories, card.dropped) == (1, {"the same dialogue as an earlier one": 1})


def test_an_unknown_strategy_is_left_out_and_counted(folder: Path) -> None:
    turns = [*TOKENISED["dialog"], {"speaker": "sys", "text": "Hm", "strategy": "Hypnosis"}]
    card = prepare(tokenised(folder, TOKENISED | {"dialog": turns}), folder / "out")
    assert card.altered["unknown strategy 'Hypnosis' left out"] == 1


def test_a_line_that_is_no_json_is_a_bad_row(folder: Path) -> None:
    file = tokenised(folder, TOKENISED)
    file.write_text(file.read_text() + "{oops\n")
    with pytest.raises(UserError, match=r"valid.txt, row 2: not valid JSON"):
        prepare(file, folder / "out", bad_rows="stop")
    assert not (folder / "out").exists()
    assert prepare(file, folder / "out").problems[0].startswith("valid.txt, row 2: not valid JSON")


def test_tokenised_text_is_joined_up() -> None:
    assert detokenize("I ' m ok ( mostly ) ; it costs $ 1 , 000 !") == "I'm ok (mostly); it costs $1,000!"
    assert detokenize("self - esteem isn ’ t 50 %") == "self-esteem isn’t 50%"


def test_the_published_sets_have_their_figures(folder: Path, published: Callable[[str], Path]) -> None:
    standard = prepare(published("esconv") / "multiesc", folder / "standard")
    assert standard.trajectories == 195
    assert standard.dropped == {}
    assert standard.reward is not None
    assert standard.reward.mean == pytest.approx(1.974, abs=1e-3)
    failed = prepare(published("esconv") / "FailedESConv.json", folder / "failed")
    assert failed.trajectories + failed.dropped["no final intensity"] == 196
    assert failed.dropped["no final intensity"] == 54
    assert failed.reward is not None
    assert failed.reward.mean < 0.5
    known = Counter(standard.tactics) + Counter(failed.tactics)
    assert not any("unknown" in what for card in (standard, failed) for what in card.altered)
    assert known.keys() <= {
        *("question", "restatement", "reflection-of-feelings", "self-disclosure", "affirmation"),
        *("suggestion", "information", "greeting", "other"),
    }
