"""Whoever watches a resumed dialogue sees it whole."""

from pathlib import Path
from typing import Any

import pytest

from negosim import RunConfig, generate, resume
from negosim.engine import Event, TurnFinished


def test_the_turns_before_the_stop_are_told_again(player: Any, tmp_path: Path) -> None:
    seen: list[TurnFinished] = []

    def stop_after_three(event: Event) -> None:
        if isinstance(event, TurnFinished):
            seen.append(event)
            if event.turn.index == 3:
                raise KeyboardInterrupt

    config = RunConfig(scenarios=("viatex",), models=("scripted",), max_turns=6, planner="direct")
    with pytest.raises(KeyboardInterrupt):
        generate(config, out=tmp_path / "run", watch=stop_after_three, chat_models={"scripted": player()})
    again: list[Event] = []
    (dialogue,) = resume(tmp_path / "run", watch=again.append, chat_models={"scripted": player()})
    told = [event for event in again if isinstance(event, TurnFinished)]
    assert tuple(event.turn for event in told) == dialogue.turns
    assert told[:3] == seen[:3]
