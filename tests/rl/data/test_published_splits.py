"""Published test data never ends in training: names, fields, copies, near copies."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from negosim.errors import UserError
from negosim.importing import splits_in
from negosim.rl import prepare, read_trajectories

TEXT = """
river stone lantern garden copper violin harbour meadow thunder pepper saddle window ladder orchard
blanket candle feather anchor barrel cotton marble pillow ribbon shovel tunnel velvet walnut basket
bridge button canyon cellar cherry circus coffee desert engine fabric forest goblet hammer island
"""
WORDS = TEXT.split()


def row(number: int, change: Callable[[str], str] = str, **more: Any) -> dict[str, Any]:
    """Return a row of ESConv; the same number gives the same words, but for `change` to each turn."""
    draw = random.Random(number)
    turns = [
        {"speaker": speaker, "annotation": {}, "content": change(" ".join(draw.choices(WORDS, k=9)))}
        for speaker in ("seeker", "supporter") * 3
    ]
    survey = {"seeker": {"initial_emotion_intensity": "4", "final_emotion_intensity": "2"}}
    named = {"emotion_type": "fear", "problem_type": "job crisis", "situation": f"situation {number}"}
    return {**named, "dialog": turns, "survey_score": survey, **more}


def lines(file: Path, rows: list[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in rows))


def listed(file: Path, rows: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(orjson.dumps(rows))


def splits(folder: Path, **given: Any) -> dict[str, list[str]]:
    """Prepare the folder's data; return the splits in which each situation stands."""
    out = folder.parent / f"out-{len(list(folder.parent.iterdir()))}"
    prepare(folder, out, **given)
    found: dict[str, list[str]] = {}
    for made in read_trajectories(out):
        found.setdefault(str(made.meta["situation"]).removeprefix("situation "), []).append(made.split)
    return found


PUBLISHED = {"train": range(20), "validation": range(20, 26), "test": range(26, 34)}
EXPECTED = {str(number): [split] for split, numbers in PUBLISHED.items() for number in numbers}


@pytest.mark.parametrize(
    "words", ["train valid test", "training val testing", "TRAIN dev eval", "Train Validation Test"]
)
@pytest.mark.parametrize(
    "name",
    [
        "{}.txt",
        "set_{}.json",
        "set-{}-00000-of-00001.jsonl",
        "data/{}/0000.json",
        "{}/part.jsonl",
        "my{}.json",
    ],
)
def test_splits_are_read_from_names(folder: Path, name: str, words: str) -> None:
    if name.startswith("my"):
        words = words.title()
    for word, numbers in zip(words.split(), PUBLISHED.values(), strict=True):
        lines(folder / name.format(word), [row(number) for number in numbers])
    assert splits(folder) == EXPECTED


@pytest.mark.parametrize("field", ["split", "Split", "partition", "set", "subset"])
def test_splits_are_read_from_a_field(folder: Path, field: str) -> None:
    rows = [row(n, **{field: split}) for split, numbers in PUBLISHED.items() for n in numbers]
    listed(folder / "all.json", rows)
    assert splits(folder) == EXPECTED
    (folder / "all.json").rename(folder / "train-00000-of-00001.json")  # as the hub calls all there is
    assert splits(folder) == EXPECTED


def test_splits_are_read_from_an_object_of_lists(folder: Path) -> None:
    listed(folder / "all.json", {split: [row(n) for n in numbers] for split, numbers in PUBLISHED.items()})
    assert splits(folder) == EXPECTED


def test_the_name_of_the_folder_itself_counts_last(tmp_path: Path) -> None:
    lines(tmp_path / "a" / "test" / "dialogues.jsonl", [row(1), row(2)])
    assert splits(tmp_path / "a" / "test") == {"1": ["test"], "2": ["test"]}
    lines(tmp_path / "b" / "test" / "train.jsonl", [row(1)])
    lines(tmp_path / "b" / "test" / "dev.jsonl", [row(2)])
    assert splits(tmp_path / "b" / "test") == {"1": ["train"], "2": ["validation"]}


@pytest.mark.parametrize("everything", ["AAA.json", "ESConv.json", "zzz.json"])
@pytest.mark.parametrize(
    "change",
    [
        str,
        lambda text: f"{text} :-)",
        lambda text: text.replace(" ", "  ").upper() + " !",
        lambda text: text.replace("r", "rr", 1),
        lambda text: " ".join(text.split()[:-1]),
    ],
    ids=["same", "smile", "loud", "typo", "shorter"],
)
def test_a_copy_with_a_published_split_wins(
    folder: Path, everything: str, change: Callable[[str], str]
) -> None:
    for split, numbers in PUBLISHED.items():
        lines(folder / f"{split}.txt", [row(number) for number in numbers])
    listed(folder / everything, [row(number, change) for number in range(34)])
    assert splits(folder) == EXPECTED
    assert splits(folder, bad_rows="stop") == EXPECTED  # a copy is no bad row


def test_what_is_no_copy_is_divided_and_that_is_said(folder: Path) -> None:
    lines(folder / "test.txt", [row(number) for number in range(10)])
    listed(folder / "more.json", [row(number) for number in range(5, 40)])
    card = prepare(folder, folder.parent / "out")
    assert card.trajectories == 40
    assert card.dropped == {"the same dialogue as one published in test": 5}
    assert "10 dialogues have a published split; 30 have none" in card.notes[0]
    held = {
        t.meta["situation"]
        for t in read_trajectories(folder.parent / "out")
        if t.id.startswith("esconv-test-")
    }
    assert held == {f"situation {number}" for number in range(10)}


@pytest.mark.parametrize("change", [str, lambda text: text.replace("e", "ee", 1)], ids=["same", "near"])
def test_what_is_published_twice_is_kept_back(folder: Path, change: Callable[[str], str]) -> None:
    lines(folder / "train.txt", [row(number) for number in range(20)])
    lines(folder / "dev.txt", [row(number, change) for number in range(15, 25)])
    lines(folder / "test.txt", [row(number, change) for number in range(18, 30)])
    expected = {str(n): ["train" if n < 15 else "validation" if n < 18 else "test"] for n in range(30)}
    assert splits(folder) == expected
    with pytest.raises(UserError, match=r"row \d+: published in (train|validation), and .* published in"):
        splits(folder, bad_rows="stop")


@pytest.mark.parametrize("split", ["own", "60/20/20"])
def test_near_copies_without_a_split_go_together(folder: Path, split: str) -> None:
    rows = [
        row(number, change) for number in range(30) for change in (str, lambda text: text.replace("e", "", 1))
    ]
    listed(folder / "all.json", rows)
    found = splits(folder, split=split)
    assert all(len(of_both) == 2 and len(set(of_both)) == 1 for of_both in found.values())
    assert len({of_both[0] for of_both in found.values()}) > 1
    card = prepare(folder, folder.parent / "out", split=split)
    assert card.altered["near copies put into one split (dialogues)"] == 60


def test_the_beginning_of_a_published_dialogue_is_a_copy(folder: Path) -> None:
    lines(folder / "test.txt", [row(1), row(2)])
    lines(folder / "train.txt", [row(n) | {"dialog": row(n)["dialog"][:4]} for n in range(1, 6)])
    assert splits(folder) == {"1": ["test"], "2": ["test"], **{str(n): ["train"] for n in (3, 4, 5)}}


def test_other_figures_make_another_dialogue(folder: Path) -> None:
    lines(folder / "test.txt", [row(1, lambda text: f"{text} for 150")])
    lines(folder / "train.txt", [row(1, lambda text: f"{text} for 170"), row(2)])
    assert splits(folder) == {"1": ["train", "test"], "2": ["train"]} or splits(folder)["1"] == [
        "test",
        "train",
    ]


def test_a_pattern_of_the_set_makes_no_copies(folder: Path) -> None:
    pattern = row(0)
    rows = []
    for word in WORDS:  # all alike but for one word
        turns = [turn | {"content": f"{turn['content']} {word}"} for turn in pattern["dialog"][:1]]
        rows.append(pattern | {"situation": word, "dialog": turns + pattern["dialog"][1:]})
    lines(folder / "train.txt", rows[:30])
    lines(folder / "test.txt", rows[30:])
    assert Counter(split for (split,) in splits(folder).values()) == {"train": 30, "test": len(WORDS) - 30}


@pytest.mark.parametrize("name", ["train_test.json", "test/train.json", "dev/x_test.json"])
def test_names_that_contradict_each_other_are_refused(folder: Path, name: str) -> None:
    listed(folder / name, [row(1)])
    with pytest.raises(UserError, match=r"name several splits .* --split 80/10/10"):
        splits(folder)
    assert splits(folder, split="test") == {"1": ["test"]}


def test_a_field_that_contradicts_the_file_is_refused(folder: Path) -> None:
    lines(folder / "test.jsonl", [row(1, split="test"), row(2, split="train")])
    with pytest.raises(UserError, match=r"test.jsonl, row 2: split says train, and the name .* says test"):
        splits(folder)


def test_a_split_of_no_known_name_is_a_bad_row(folder: Path) -> None:
    lines(folder / "all.jsonl", [row(1, split="dev"), row(2, split="banana"), row(3, split=None)])
    found = splits(folder)
    assert found.keys() == {"1", "3"}
    assert found["1"] == ["validation"]
    with pytest.raises(UserError, match="row 2: split is 'banana', none of train, validation, test"):
        splits(folder, bad_rows="stop")


def test_files_of_one_name_in_several_folders_keep_their_rows_apart(folder: Path) -> None:
    lines(folder / "train" / "0000.jsonl", [row(1), row(2)])
    lines(folder / "test" / "0000.jsonl", [row(3)])
    assert splits(folder) == {"1": ["train"], "2": ["train"], "3": ["test"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("casino_validation", {"validation"}),
        ("contest", set()),
        ("latest-devices", set()),
        ("pretrained", set()),
        ("casinoTest", {"test"}),
        ("test1", {"test"}),
        ("held_out", set()),
        ("holdout", {"test"}),
        ("train.val", {"train", "validation"}),
    ],
)
def test_words_in_names(name: str, expected: set[str]) -> None:
    assert splits_in(name) == expected
