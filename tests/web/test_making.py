"""Looking at a run that is being made, without getting in the way of who makes it."""

import shutil
from pathlib import Path

import pytest

from negosim.store import Run
from negosim.web.making import LOOKS, RunWatch


def test_the_lock_of_a_run_is_left_alone_while_files_grow_and_where_nobody_adds(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made / "plain", tmp_path / "run")
    run = Run.open(tmp_path / "run")
    looked: list[bool] = []

    def is_being_made(self: Run) -> bool:
        looked.append(True)
        return len(looked) == 1

    monkeypatch.setattr(Run, "is_being_made", property(is_being_made))
    watch = RunWatch(run)
    going_on = watch.state(stored=3)
    assert going_on[-1] == ("stopped", 0)
    with run.writing() as writer:
        writer.append(run.dialogue(1).model_copy(update={"id": "rose-lane.honest.0009"}))
    grown = watch.state(stored=3)
    assert grown[-1] == ("stopped", 0)
    assert grown != going_on
    assert len(looked) == 1
    for _ in range(LOOKS):
        assert watch.state(stored=3) == (*grown[:-1], ("stopped", 1))
    assert len(looked) == 2
    watch.state(stored=3)
    assert len(looked) == 3
    with run.writing() as writer:
        writer.append(run.dialogue(1).model_copy(update={"id": "rose-lane.honest.0010"}))
    assert watch.state(stored=3)[-1] == ("stopped", 0)
    assert watch.state(stored=4)[-1] == ("stopped", 0)  # as many as planned: nothing to go on with
    assert len(looked) == 3
