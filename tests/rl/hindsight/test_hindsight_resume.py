"""A regeneration that was stopped goes on: nothing is paid for twice, and the result is the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from negosim.errors import BudgetError, ModelError, UserError
from negosim.models import ChatRequest, ScriptedModel
from negosim.rl import Card, simulate
from negosim.rl.hindsight import progress_path

Scripted = Callable[..., ScriptedModel]
Grow = Callable[..., Card]

NEGOSIM = Path(sys.executable).with_name("negosim")


def stopped_at(number: int, model: ScriptedModel, error: Exception) -> ScriptedModel:
    """Answer as a model does, but fail for good at a call."""
    calls = 0

    async def answer(request: ChatRequest) -> Any:
        nonlocal calls
        calls += 1
        return error if calls >= number else await model.complete(request)

    return ScriptedModel(answer)


@pytest.mark.parametrize("number", [1, 2, 7, 20, 41])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_stopped_regeneration_goes_on(
    number: int, concurrency: int, grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    whole = scripted()
    grow(whole, factor=3, out=tmp_path / "whole")

    before, after = scripted(), scripted()
    with pytest.raises(BudgetError):
        grow(stopped_at(number, before, BudgetError("used up")), factor=3, concurrency=concurrency)
    assert not (tmp_path / "grown").exists()
    with progress_path(tmp_path / "grown").open("ab") as file:
        file.write(b'{"attempt": {"parent": "d1", "num')  # what a kill leaves
    grow(after, factor=3, concurrency=concurrency)

    assert (tmp_path / "grown" / "trajectories.jsonl").read_bytes() == (
        tmp_path / "whole" / "trajectories.jsonl"
    ).read_bytes()
    assert not progress_path(tmp_path / "grown").exists()
    # A step has up to three calls; those of the ones under way when it stopped are made again.
    extra = len(before.requests) + len(after.requests) - len(whole.requests)
    assert 0 <= extra <= 2 * concurrency


def test_the_account_counts_what_was_paid_before(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    grow(scripted(), factor=3, out=tmp_path / "whole")
    with pytest.raises(BudgetError):
        grow(stopped_at(20, scripted(), BudgetError("used up")), factor=3)
    card = grow(scripted(), factor=3)
    calls = sum(row["calls"] for row in card.origin.settings["hindsight"]["account"])
    assert calls == 6 + 12 * 3  # a review for each dialogue; completion, finished, amount for each product


def test_a_larger_factor_takes_up_what_was_begun(grow: Grow, scripted: Scripted) -> None:
    with pytest.raises(BudgetError):
        grow(stopped_at(24, scripted(), BudgetError("used up")), factor=2)
    after = scripted()
    grow(after, factor=3)
    assert len(after.requests) < 6 + 12 * 3


def test_other_settings_are_refused_until_the_file_is_removed(
    grow: Grow, scripted: Scripted, tmp_path: Path
) -> None:
    with pytest.raises(BudgetError):
        grow(stopped_at(9, scripted(), BudgetError("used up")), factor=3)
    with pytest.raises(UserError, match=r"progress\.jsonl: begun with seed 0 instead of 1"):
        grow(scripted(), factor=3, seed=1)
    progress_path(tmp_path / "grown").unlink()
    assert grow(scripted(), factor=3, seed=1).regenerated == 12


def test_a_broken_line_is_named(grow: Grow, scripted: Scripted, tmp_path: Path) -> None:
    with pytest.raises(BudgetError):
        grow(stopped_at(9, scripted(), BudgetError("used up")), factor=3)
    place = progress_path(tmp_path / "grown")
    lines = place.read_text("utf-8").splitlines()
    place.write_text("\n".join([*lines[:2], '{"attempt": 7}', *lines[2:]]) + "\n", "utf-8")
    with pytest.raises(UserError, match=r"progress\.jsonl, line 3: damaged: it has no checksum"):
        grow(scripted(), factor=3)


def test_what_a_provider_failed_on_is_asked_again_next_time(grow: Grow, scripted: Scripted) -> None:
    calls = 0

    def shaky(request: ChatRequest) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            return ModelError("gone for a moment")
        return BudgetError("used up") if calls > 3 else {"dollars": 0.5}

    with pytest.raises(BudgetError):
        grow(scripted(DonationAnswer=shaky), factor=2)
    card = grow(scripted(), factor=2)
    assert card.dropped == {}  # the attempt that failed was made again


def test_a_killed_process_goes_on_where_it_was(tmp_path: Path) -> None:
    simulate("donation", tmp_path / "traj", dialogues=24, split="train")
    command = [str(NEGOSIM), "rl", "hindsight", "traj", "--factor", "4", "--out"]
    process = subprocess.Popen([*command, "killed"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    place = progress_path(tmp_path / "killed")
    try:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline and not (place.exists() and place.stat().st_size > 30_000):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    finally:
        process.wait(timeout=600)
    kept = place.read_bytes().count(b"\n")
    assert kept > 5
    assert not (tmp_path / "killed").exists()
    done = subprocess.run([*command, "killed"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    subprocess.run([*command, "whole"], cwd=tmp_path, capture_output=True, check=True)
    first, second = (tmp_path / name / "trajectories.jsonl" for name in ("killed", "whole"))
    assert first.read_bytes() == second.read_bytes()
