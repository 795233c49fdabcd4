import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from negosim.errors import UserError
from negosim.importing._text import repair
from negosim.rl import prepare, read_trajectories

DIALOGUES = [
    ["", "Unit", "Turn", "B4", "B2"],
    [0, "Hello, do you know Save the Children?", 0, 0, "a"],
    [1, "I don¡¯t ¡ª tell me.", 0, 1, "a"],
    [2, "They help children.", 1, 0, "a"],
    [3, "It\\'s only ¡ê2.", 1, 1, "a"],
    [4, "Hi there.", 0, 0, "b"],
    [5, "Hi.", 0, 1, "b"],
]
INFO = [
    ["B2", "B3", "B4", "B6", "B7"],
    ["a", "u1", 0, 0.5, 2],
    ["a", "u2", 1, 1.5, 2],
    ["b", "u3", 0, 2.0, 1],
    ["b", "u4", 1, 0.25, 1],
]


def write(folder: Path, dialogues: list[list[Any]] = DIALOGUES, info: list[list[Any]] = INFO) -> Path:
    for name, rows in (("full_dialog.csv", dialogues), ("full_info.csv", info)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return folder


def annotate(folder: Path, rows: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    header = ["", "B2", "B4", "Turn", "Unit", "er_label_1", "ee_label_1", "er_label_2", "ee_label_2"]
    for row in [header, *rows]:
        sheet.append(row)
    book.save(folder / "300_dialog.xlsx")


def test_the_persuader_learns_from_what_the_persuadee_gave(folder: Path) -> None:
    card = prepare(write(folder), folder / "out")
    first, second = read_trajectories(folder / "out")
    assert [turn.role for turn in first.turns] == ["agent", "user"] * 2
    assert (first.reward, second.reward) == (1.5, 0.25)  # the persuader's own gift is ignored
    assert first.turns[1].text == "I don’t — tell me."
    assert first.turns[3].text == "It's only £2."
    assert card.altered == {"text repaired (mojibake, escaped quotes)": 2}
    assert card.origin.licence == "Apache-2.0"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([9, "Who am I?", 0, 2, "c"], r"full_dialog.csv, row 8: B4 \(role\) is '2'"),
        ([9, "  ", 0, 0, "c"], "row 8: no text in Unit"),
        ([9, "Hi.", "one", 0, "c"], "row 8: Turn is no number"),
        ([9, "Hi.", 0, 0, "c"], "row 8: no row with the persuadee's donation"),
        ([4, "Hi there.", 0, 0, "b"], "row 8: row repeated"),
    ],
)
def test_a_bad_row_is_named_and_its_dialogue_left_out(folder: Path, row: list[Any], message: str) -> None:
    write(folder, [*DIALOGUES, row])
    card = prepare(folder / "full_dialog.csv", folder / "out")
    assert card.trajectories == 2
    assert sum(card.dropped.values()) == 1
    with pytest.raises(UserError, match=message):
        prepare(folder / "full_dialog.csv", folder / "strict", bad_rows="stop")
    assert not (folder / "strict").exists()


@pytest.mark.parametrize("amount", ["", "a lot", "-1", "nan"])
def test_a_donation_that_is_no_amount_is_no_zero(folder: Path, amount: str) -> None:
    write(folder, info=[*INFO[:2], ["a", "u2", 1, amount, 2], *INFO[3:]])
    card = prepare(folder, folder / "out")
    assert [t.reward for t in read_trajectories(folder / "out")] == [0.25]
    assert card.dropped["no reward"] == 1


@pytest.mark.parametrize("amount", [2.01, 50.0, 500])
def test_more_than_could_be_given_is_no_reward(folder: Path, amount: float) -> None:
    write(folder, info=[*INFO[:2], ["a", "u2", 1, amount, 2], *INFO[3:]])
    card = prepare(folder, folder / "out")
    assert [t.reward for t in read_trajectories(folder / "out")] == [0.25]
    assert card.problems == (
        "full_info.csv, row 3: B6 (donation) is above the $2 that could be given: cents or a slip",
    )
    with pytest.raises(UserError, match=r"full_info.csv, row 3: B6"):
        prepare(folder, folder / "strict", bad_rows="stop")
    prepare(folder, folder / "capped", reward="capped", bad_rows="stop")
    first, _ = read_trajectories(folder / "capped")
    assert (first.reward, first.meta["donation_stated"]) == (2.0, amount)


def test_labels_join_by_turn_where_the_words_are_the_same(folder: Path) -> None:
    write(folder)
    annotate(
        folder,
        [
            [0, "a", 0, 0, "Hello,", "greeting", None, None, None],
            [1, "a", 0, 0, "do you know Save the Children?", "source-related-inquiry", None, "other", None],
            [2, "a", 1, 0, "I don't ??tell me.", None, "ask-org-info", None, None],
            [3, "b", 0, 0, "Good morning.", "greeting", None, None, None],
        ],
    )
    card = prepare(folder, folder / "out")
    first, second = read_trajectories(folder / "out")
    assert [turn.tactic for turn in first.turns] == [
        "greeting+source-related-inquiry+other",
        "ask-org-info",
        None,
        None,
    ]
    assert second.turns[0].tactic is None
    assert card.altered["labels left out: the annotated words are others"] == 1


def test_the_donations_are_needed(folder: Path) -> None:
    write(folder)
    (folder / "full_info.csv").unlink()
    with pytest.raises(UserError, match=r"full_info\.csv"):
        prepare(folder, folder / "out")


def test_only_certain_mojibake_is_touched() -> None:
    assert repair("caf\xe9 ni\xf1o") == "caf\xe9 ni\xf1o"
    assert repair("only 30¡é  left") == "only 30¢ left"
    assert repair("candyÿ") == "candyÿ"


def test_the_published_set_has_the_figures_of_its_paper(
    folder: Path, published: Callable[[str], Path]
) -> None:
    card = prepare(published("persuasion_for_good"), folder / "out")
    assert card.trajectories == 854 - 27  # above the $2 that could be given
    assert card.reward is not None
    assert card.reward.mean == pytest.approx(0.356, abs=0.001)
    assert prepare(published("persuasion_for_good"), folder / "capped", reward="capped").trajectories == 854
    made = list(read_trajectories(folder / "out"))
    assert 0.45 < sum(t.reward > 0 for t in made) / len(made) < 0.6
    assert all(t.turns[0].role == "agent" and t.reward <= 2 for t in made)
    labelled = [t for t in made if any(turn.tactic for turn in t.turns)]
    assert len(labelled) == 242
    counts = Counter(card.tactics)
    assert counts.most_common(1)[0][0] == "credibility-appeal"
    assert not any("¡" in turn.text for t in made for turn in t.turns)
