import json
from pathlib import Path

import pytest


@pytest.fixture
def esconv(tmp_path: Path) -> Path:
    row = {
        "emotion_type": "anger",
        "problem_type": "job crisis",
        "situation": "s",
        "init_intensity": 4,
        "final_intensity": 1,
        "dialog": [
            {"speaker": "usr", "text": "Hello ."},
            {"speaker": "sys", "text": "Hi .", "strategy": "Greeting"},
        ],
    }
    file = tmp_path / "valid.txt"
    other = {**row, "final_intensity": None}
    file.write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n")
    return file


def test_prepare_tells_what_it_made_and_left_out(cli, esconv: Path, tmp_path: Path) -> None:
    done = cli("rl", "prepare", esconv, "--out", tmp_path / "traj")
    assert done.code == 0
    assert "1 trajectories in" in done.out
    assert "1 validation" in done.out
    assert "dropped 1: no final intensity" in done.out
    assert "valid.txt, row 2: no final intensity" in done.out
    assert "licence: CC BY-NC 4.0" in done.out
    assert (tmp_path / "traj" / "card.json").is_file()


def test_what_the_user_can_mend_is_said_and_nothing_is_written(cli, esconv: Path, tmp_path: Path) -> None:
    out = tmp_path / "traj"
    for arguments, message in (
        (("--bad-rows", "stop"), "valid.txt, row 2: no final intensity"),
        (("--reward", "jiont"), "give one of own, joint, "),
        (("--reward", "joint"), "no trajectory is left to write"),
        (("--learner", 3), "there is no agent 3"),
    ):
        done = cli("rl", "prepare", esconv, "--out", out, *arguments)
        assert done.code == 2
        assert message in done.err
        assert not out.exists()


def test_simulate_makes_a_corpus(cli, tmp_path: Path) -> None:
    done = cli(
        *("rl", "simulate", "donation", "--out", tmp_path / "corpus", "-n", 20),
        *("--users", "caring", "--users", "skeptical", "--format", "parquet", "--split", "test"),
    )
    assert done.code == 0
    assert "20 trajectories in" in done.out
    assert "20 test" in done.out
    assert (tmp_path / "corpus" / "trajectories.parquet").is_file()
    wrong = cli("rl", "simulate", "support", "--out", tmp_path / "b", "--users", "caring")
    assert wrong.code == 2
    assert "job crisis" in wrong.err
