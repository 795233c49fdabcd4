"""`negosim rl train` and `negosim rl chat`."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.rl import Origin, Trajectory, TrajectoryTurn, write_trajectories


@pytest.fixture
def data(tmp_path: Path) -> Path:
    def dialogue(number: int) -> Trajectory:
        said = ["Would you give?", "Yes." if number % 2 else "No.", "Fine."]
        turns = tuple(TrajectoryTurn(role="agent" if n % 2 else "user", text=t) for n, t in enumerate(said))
        return Trajectory(
            id=str(number), source="made", turns=turns, reward=float(number % 2), system="Give."
        )

    origin = Origin(source="made", licence="none", reward="none")
    write_trajectories(tmp_path / "traj", [dialogue(number) for number in range(8)], origin)
    return tmp_path / "traj"


SMALL = ("--model", "tiny:1x32", "--steps", "3", "--batch-size", "4")


def test_training_and_talking(
    cli: Callable[..., Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "policy"
    result = cli(
        "rl", "train", data, "--out", out, *SMALL, "--set", "expectile=0.7", "--set", "warmup_steps=2",
        "--set", "min_p=0.3", "--set", "top_k=60",
        "--track", "tensorboard",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "ilql from tiny:1x32, 3 steps on 8 of 8 trajectories" in result.out
    assert "step 3 of 3: loss" in result.err
    assert "tokens/s" in result.err
    card = json.loads((out / "policy.json").read_text())
    assert (card["config"]["algorithm"]["expectile"], card["config"]["warmup_steps"]) == (0.7, 2)
    assert (card["config"]["decoding"]["min_p"], card["config"]["decoding"]["top_k"]) == (0.3, 60)
    assert list((out / "tensorboard").glob("events*"))

    monkeypatch.setattr("sys.stdin", io.StringIO("Would you give?\nFine.\n\n"))
    result = cli("rl", "chat", out, "--opener", "user", "--max-tokens", "5", "--seed", "4")
    assert result.code == 0
    assert result.out.count("policy> ") == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--set", "expetile=0.7"), "did you mean expectile?"),
        (("--set", "expectile=1.5"), "expectile: Input should be less than 1"),
        (("--set", "expectile"), "--set expectile"),
        (("--algo", "sft", "--set", "expectile=0.7"), "sft has no setting 'expectile'"),
        (("--track", "mlflow"), "--track is tensorboard or wandb"),
        (("--resume",), "no checkpoint to go on from"),
        (("--algo", "rft"), "originals only"),
    ],
)
def test_what_is_wrong_is_told(
    cli: Callable[..., Any], data: Path, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    result = cli("rl", "train", data, "--out", tmp_path / "policy", *SMALL, *arguments)
    assert result.code == 2
    assert problem in result.err
    assert not (tmp_path / "policy").exists()
    result = cli("rl", "chat", tmp_path / "policy")
    assert result.code == 2
    assert "make one with negosim rl train" in result.err


def test_without_the_libraries_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib
    import importlib.util

    from negosim.errors import UserError
    from negosim.rl import _needs_torch

    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *rest: None if name == "torch" else find(name, *rest)
    )
    with pytest.raises(UserError, match=r"training needs torch: pip install 'negosim\[rl\]'"):
        importlib.reload(_needs_torch)
