import string
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from negosim.errors import UserError
from negosim.rl import (
    Drops,
    Origin,
    Trajectory,
    TrajectoryTurn,
    merge_turns,
    read_card,
    read_trajectories,
    write_trajectories,
)

ORIGIN = Origin(source="test", licence="none", reward="units")


def trajectory(number: int, reward: float = 1.0, **fields: object) -> Trajectory:
    turns = (
        TrajectoryTurn(role="agent", text=f"Hello é {number}", tactic="credibility-appeal+greeting"),
        TrajectoryTurn(role="user", text="Hi\u2028there", reward=0.25),
        TrajectoryTurn(role="agent", text="Bye"),
    )
    given = {"id": f"t{number}", "source": "test/1", "turns": turns, "reward": reward, **fields}
    return Trajectory.model_validate(given)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_what_is_written_is_read_again(folder: Path, format: str) -> None:
    made = [
        trajectory(1),
        trajectory(
            2, -0.5, split="test", terminal=False, system="Be kind.", meta={"persona": "caring", "n": 3}
        ),
        trajectory(3, ancestry={"parent": "t1", "turn": 2}),
    ]
    card = write_trajectories(folder / "out", iter(made), ORIGIN, format=format)
    assert list(read_trajectories(folder / "out")) == made
    assert list(read_trajectories(folder / "out" / f"trajectories.{format}", split="test")) == [made[1]]
    assert read_card(folder / "out") == card
    assert sorted(path.name for path in folder.iterdir()) == ["out"]


def test_the_card_counts(folder: Path) -> None:
    drops = Drops()
    drops.add("no donation", "full_info.csv, row 7")
    made = [trajectory(n, n) for n in range(4)] + [trajectory(9, 5.0, terminal=False, split="validation")]
    card = write_trajectories(folder / "out", made, ORIGIN, drops=drops)
    assert (card.trajectories, card.turns, card.agent_turns, card.terminal) == (5, 15, 10, 4)
    assert card.splits == {"train": 4, "validation": 1, "test": 0}
    assert card.tactics == {"credibility-appeal": 5, "greeting": 5}
    assert card.dropped == {"no donation": 1}
    assert card.problems == ("full_info.csv, row 7: no donation",)
    assert card.reward is not None
    assert card.reward.mean == pytest.approx(2.45)  # 0, 1, 2, 3, 5 and .25 a user turn
    assert sum(card.reward.counts) == 5


def test_a_failure_leaves_nothing_behind(folder: Path) -> None:
    def broken():
        yield trajectory(1)
        raise UserError("row 2 is wrong")

    with pytest.raises(UserError, match="row 2"):
        write_trajectories(folder / "out", broken(), ORIGIN)
    with pytest.raises(UserError, match="id 't1'"):
        write_trajectories(folder / "out", [trajectory(1), trajectory(1)], ORIGIN)
    assert list(folder.iterdir()) == []


def test_nothing_left_says_why(folder: Path) -> None:
    drops = Drops()
    drops.add("no final intensity", "a.json, row 1")
    with pytest.raises(UserError, match="1 dropped: no final intensity"):
        write_trajectories(folder / "out", [], ORIGIN, drops=drops)


def test_a_full_folder_is_not_overwritten(folder: Path) -> None:
    write_trajectories(folder, [trajectory(1)], ORIGIN)
    with pytest.raises(UserError, match="not an empty folder"):
        write_trajectories(folder, [trajectory(2)], ORIGIN)
    assert [t.id for t in read_trajectories(folder)] == ["t1"]


def test_a_bad_row_is_named(folder: Path) -> None:
    write_trajectories(folder / "out", [trajectory(1), trajectory(2)], ORIGIN)
    file = folder / "out" / "trajectories.jsonl"
    (folder / "out" / "card.json").unlink()  # its checksum would find the change first
    file.write_text(file.read_text().replace('"id":"t2"', '"id":5'))
    with pytest.raises(UserError, match=r"jsonl, row 2: id: "):
        list(read_trajectories(file))
    file.write_text(file.read_text() + "{")
    with pytest.raises(UserError, match=r"jsonl, row 2"):
        list(read_trajectories(file))
    with pytest.raises(UserError, match="negosim rl prepare"):
        read_trajectories(folder)


def test_a_broken_parquet_file_is_named(folder: Path) -> None:
    file = folder / "trajectories.parquet"
    file.write_bytes(b"not parquet")
    with pytest.raises(UserError, match="not a readable Parquet"):
        list(read_trajectories(file))


def test_without_pyarrow_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"pip install 'negosim\[rl\]'"):
        write_trajectories(folder / "out", [trajectory(1)], ORIGIN, format="parquet")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("reward", [float("nan"), float("inf")])
def test_a_reward_is_a_number(reward: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        trajectory(1, reward)


def test_speakers_alternate_and_the_agent_speaks() -> None:
    one = TrajectoryTurn(role="user", text="Hi")
    with pytest.raises(ValidationError, match="both the user's"):
        trajectory(1, turns=(one, one))
    with pytest.raises(ValidationError, match="never speaks"):
        trajectory(1, turns=(one,))


turns = st.builds(
    TrajectoryTurn,
    role=st.sampled_from(["agent", "user"]),
    text=st.text(string.ascii_letters, min_size=1),
    tactic=st.none() | st.sampled_from(["a", "b", "a+b"]),
    reward=st.integers(-3, 3).map(float),
)


@given(st.lists(turns))
def test_merging_keeps_words_and_rewards(given: list[TrajectoryTurn]) -> None:
    merged = merge_turns(given)
    assert all(a.role != b.role for a, b in pairwise(merged))
    assert " ".join(t.text for t in merged) == " ".join(t.text for t in given)
    assert sum(t.reward for t in merged) == sum(t.reward for t in given)
    assert merge_turns(merged) == merged
