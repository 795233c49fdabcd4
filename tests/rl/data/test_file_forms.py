"""The same dialogues, however their files are written, and whatever lies beside them."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negosim.errors import UserError
from negosim.rl import Card, Trajectory, prepare, read_trajectories

NAMES = ("kettle", "lantern", "canoe", "blanket", "compass")
TURNS = [
    [n, f"{w}, {w} and {w}?", t, r, f"talk-{w}"] for w in NAMES for n, (t, r) in enumerate([(0, 0), (0, 1)])
]
GIVEN = [[f"talk-{w}", r, r * 0.25 * n, 2] for n, w in enumerate(NAMES) for r in (0, 1)]
HEADS = ["", "Unit", "Turn", "B4", "B2"], ["B2", "B4", "B6", "B7"]

NEIGHBOURS = {
    "dataset_info.json": b'{\n "name": "casino",\n "sizes": [\n1,\n2\n]\n}',
    "~$full_info.xlsx": b"\x05user",
    ".DS_Store": b"\0\0\0\1Bud1",
    "README.md": b"# About",
    "LICENSE": b"Apache",
    "notes.csv": "name;gr\xf6\xdfe\n".encode("latin-1"),
    "notes.txt": b"see above",
    "other.json": b"[1, 2",
    "empty.csv": b"",
    "other.parquet": b"PAR1 no more",
    "other.xlsx": b"no zip",
    "data.zip": b"PK",
}


def table(head: list[str], rows: list[list[Any]]) -> list[str]:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue().splitlines()


def prepared(folder: Path, **given: Any) -> tuple[Card, list[Trajectory]]:
    with tempfile.TemporaryDirectory() as made:
        card = prepare(folder, Path(made, "out"), **given)
        return card, list(read_trajectories(Path(made, "out")))


def write(folder: Path, dialogues: list[str], donations: list[str]) -> Path:
    (folder / "full_dialog.csv").write_text("\n".join(dialogues) + "\n")
    (folder / "full_info.csv").write_text("\n".join(donations) + "\n")
    return folder


def plain(folder: Path) -> list[Trajectory]:
    return prepared(write(folder, table(HEADS[0], TURNS), table(HEADS[1], GIVEN)))[1]


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, bytes], str]:
    """Draw files of the same dialogues: endings, marks, blank rows, separators, neighbours, one split."""
    split = draw(st.sampled_from(["train", "dev", "test"]))
    files = {name: NEIGHBOURS[name] for name in draw(st.sets(st.sampled_from(sorted(NEIGHBOURS))))}
    for name, head, rows in (("dialog", HEADS[0], TURNS), ("info", HEADS[1], GIVEN)):
        sign = draw(st.sampled_from([",", ";", "\t"]))
        text = ""
        made = io.StringIO(newline="")
        quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        csv.writer(made, delimiter=sign, lineterminator="\n", quoting=quoting).writerows([head, *rows])
        for line in made.getvalue().splitlines():
            text += line + draw(st.sampled_from(["", sign * 2])) * (line[0] != '"')
            text += draw(st.sampled_from(["\n", "\r\n", "\r", "\r\r\n", "\n\n", f"\n{sign}{sign}\n"]))
        text = text.rstrip("\r\n") if draw(st.booleans()) else text
        encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
        files[f"{split}_{name}.csv"] = text.encode(encoding)
    return files, split


@given(written())
@settings(max_examples=40, deadline=None)
def test_a_table_reads_the_same_however_it_is_written(drawn: tuple[dict[str, bytes], str]) -> None:
    files, split = drawn
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        for name, content in files.items():
            Path(one, name).write_bytes(content)
        card, found = prepared(Path(one), bad_rows="stop")
        expected = plain(Path(other))
    published = {"dev": "validation"}.get(split, split)
    assert found == [trajectory.model_copy(update={"split": published}) for trajectory in expected]
    assert card.passed_over.keys() == files.keys() & NEIGHBOURS.keys()


def broken(number: int, line: str) -> list[str]:
    lines = table(HEADS[0], TURNS)
    lines[number] = line
    return lines


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("3,hello", "2 cells where the header has 5"),
        ("3,a, b,0,1,talk-lantern", "6 cells where the header has 5"),
        ('3,"lantern,0,1,talk-lantern', "a quote is left open"),
        ("3,lantern,0,1,", r"no B2 \(dialogue\)"),
    ],
)
def test_a_row_out_of_shape_costs_the_dialogue_it_stands_in(folder: Path, line: str, problem: str) -> None:
    write(folder, broken(4, line), table(HEADS[1], GIVEN))
    card, found = prepared(folder)
    # It stands where the dialogue before the next one ends: both may lack it.
    assert {t.id.rsplit("-", 1)[1] for t in found} == {"kettle", "blanket", "compass"}
    assert card.problems[0].startswith("full_dialog.csv, row 5: ")
    with pytest.raises(UserError, match=f"full_dialog.csv, row 5: {problem}"):
        prepared(folder, bad_rows="stop")


def test_a_quote_left_open_does_not_swallow_what_follows(folder: Path) -> None:
    lines = table(HEADS[0], TURNS)
    lines[1] = '0,"kettle,0,0,talk-kettle'
    lines[8] = '7,"blanket,0,1,talk-blanket'
    _, found = prepared(write(folder, lines, table(HEADS[1], GIVEN)))
    assert {t.id.rsplit("-", 1)[1] for t in found} == {"lantern", "canoe"}


def test_a_shifted_donation_is_no_reward(folder: Path) -> None:
    donations = table(HEADS[1], GIVEN)
    donations[4] = "talk-lantern,1,2"  # the figure is gone, and its neighbour stands in its place
    card, found = prepared(write(folder, table(HEADS[0], TURNS), donations))
    assert len(found) == 4
    assert card.dropped["3 cells where the header has 4"] == 1


def test_cells_may_have_line_breaks(folder: Path) -> None:
    rows = [[*row[:1], f"{row[1]}\nAnd\r\nmore.", *row[2:]] for row in TURNS]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADS[0], *rows])
    write(folder, [], table(HEADS[1], GIVEN))
    (folder / "full_dialog.csv").write_bytes(text.getvalue().encode())
    _, found = prepared(folder, bad_rows="stop")
    assert len(found) == 5
    assert found[0].turns[0].text == "kettle, kettle and kettle? And more."


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "\n".join(table(HEADS[0], TURNS)).replace("canoe", "can\xf6e").encode("latin-1"),
            r"line 6: byte \d+ is 0xf6",
        ),
        ("\n".join(table(HEADS[0], TURNS)).encode("utf-16-le"), "has NUL characters; if it is UTF-16"),
    ],
)
def test_data_in_another_encoding_are_refused_not_passed_over(
    folder: Path, content: bytes, problem: str
) -> None:
    write(folder, [], table(HEADS[1], GIVEN))
    (folder / "full_dialog.csv").write_bytes(content)
    with pytest.raises(UserError, match=problem):
        prepared(folder)


def negotiation(number: int, **outcome: Any) -> dict[str, Any]:
    """Return a row as the hub has it: without an id."""
    levels = {"High": "Food", "Medium": "Water", "Low": "Firewood"}
    side = {"value2issue": levels, "value2reason": levels, "outcomes": {"points_scored": 18 + number % 3}}
    nothing = {"issue2youget": {"Food": "", "Water": "", "Firewood": ""}}
    offer = {"issue2youget": {"Food": "1", "Water": "2", "Firewood": "0"}}
    said = [(1, f"Number {number} here.", nothing), (2, "Hello.", nothing)]
    moves = [(1, "Submit-Deal", offer), (2, "Accept-Deal", nothing)]
    logs = [{"id": f"mturk_agent_{who}", "text": text, "task_data": data} for who, text, data in said + moves]
    other = side | {"outcomes": side["outcomes"] | outcome}  # type: ignore[operator]
    return {
        "chat_logs": logs,
        "participant_info": {"mturk_agent_1": other, "mturk_agent_2": side},
        "annotations": [["Number", "small-talk"]],
    }


ROWS = [negotiation(number) for number in range(6)]
LINES = [json.dumps(row) for row in ROWS]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.jsonl", "\n".join(LINES).encode()),
        ("train.jsonl", ("\ufeff" + "\r\n".join(LINES[:3]) + "\r\n\ufeff" + "\r".join(LINES[3:])).encode()),
        ("train.JSON", "\n\n \n".join(LINES).encode("utf-16")),
        ("train.json", json.dumps(ROWS, indent=1).encode("utf-8-sig")),
        ("train.json", json.dumps({"data": ROWS}).encode("utf-32")),
        ("all.json", json.dumps({"train": ROWS}).encode()),
        ("train.ndjson", "\n".join(json.dumps({"text": line}) for line in LINES).encode()),
        ("train.txt", ("\n \n" + "\n".join(LINES)).encode()),
    ],
)
def test_entries_read_the_same_however_they_are_written(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    _, found = prepared(folder, bad_rows="stop")
    assert [t.reward for t in found] == [18, 19, 20, 18, 19, 20]
    assert {t.split for t in found} == {"train"}
    assert len({t.id for t in found}) == 6


def test_parquet_as_the_hub_has_it(folder: Path) -> None:
    (folder / "data").mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "data" / "test-00000-of-00001.parquet")
    pq.write_table(pa.Table.from_pylist([{"a": 1}]), folder / "other.parquet")
    card, found = prepared(folder, bad_rows="stop")
    assert card.splits == {"train": 0, "validation": 0, "test": 6}
    assert [t.id for t in found][:1] == ["casino-test-00000-of-00001-1-agent-1"]
    assert list(card.passed_over) == ["other.parquet"]


@pytest.mark.parametrize("points", [-1, 37, float("nan"), float("inf"), "18", "many", True, [18]])
@pytest.mark.parametrize("learner", [1, 2])
def test_points_outside_their_scale_are_a_bad_row(folder: Path, points: Any, learner: int) -> None:
    (folder / "all.json").write_text(json.dumps([*ROWS, negotiation(9, points_scored=points)]))
    card, found = prepared(folder, learner=learner)
    assert len(found) == 6
    assert card.problems[0].startswith("all.json, row 7: points_scored is ")
    with pytest.raises(UserError, match=r"row 7: points_scored is .*, no number from 0 to 36"):
        prepared(folder, learner=learner, bad_rows="stop")


@pytest.mark.parametrize(
    "line", ['{"chat_logs": [', "null", "[]", '{"chat_logs": 5, "participant_info": {}}', "{}"]
)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_one_bad_line_costs_itself(folder: Path, line: str, place: int) -> None:
    if line == "[]" and place == 0:
        pytest.skip("a file that begins so is a list")
    (folder / "all.jsonl").write_text("\n".join([*LINES[:place], line, *LINES[place:]]))
    card, found = prepared(folder)
    assert len(found) == 6
    assert card.problems[0].startswith(f"all.jsonl, row {place + 1}: ")
    with pytest.raises(UserError, match=f"all.jsonl, row {place + 1}: "):
        prepared(folder, bad_rows="stop")


def test_half_a_character_is_a_bad_row(folder: Path) -> None:
    (folder / "all.jsonl").write_text("\n".join([*LINES, LINES[0].replace("Hello.", "Hello \\ud83d")]))
    card, _ = prepared(folder)
    assert "lone surrogate" in card.problems[0]


def test_a_broken_file_of_a_known_source_is_refused(folder: Path) -> None:
    (folder / "casino_train.json").write_text(json.dumps(ROWS[:3]))
    (folder / "casino_test.json").write_text(json.dumps(ROWS[3:], indent=1)[:-40])
    with pytest.raises(UserError, match=r"casino_test.json: not valid JSON: .*line \d+"):
        prepared(folder)


def test_what_there_is_instead_is_said(folder: Path) -> None:
    for name, content in NEIGHBOURS.items():
        (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=r"holds nothing that can be read(.|\n)*\.DS_Store: hidden"):
        prepared(folder)
