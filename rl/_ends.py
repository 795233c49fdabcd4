"""The end of a dialogue as text: what a forward model reads and writes to tell that it is over."""

import re

from negosim.rl._trajectory import Trajectory, TrajectoryTurn

END = "[end]"

_MARK = re.compile(r"\s*\[\s*end\s*\]\s*$", re.IGNORECASE)
_SAID_MARK = re.compile(r"\[(\s*end\s*)\]", re.IGNORECASE)


def mark_end(trajectory: Trajectory) -> Trajectory:
    """Put the mark behind the last turn of a dialogue that came to its end.

    Whoever says "[end]" ends nothing: it gets round brackets.
    """
    turns = [_with_text(turn, _SAID_MARK.sub(r"(\1)", turn.text)) for turn in trajectory.turns]
    if trajectory.terminal:
        turns[-1] = _with_text(turns[-1], f"{turns[-1].text} {END}")
    return trajectory.model_copy(update={"turns": tuple(turns)})


def _with_text(turn: TrajectoryTurn, text: str) -> TrajectoryTurn:
    return turn if text == turn.text else turn.model_copy(update={"text": text})


def read_end(text: str) -> tuple[str, bool]:
    """Return a text without the mark, and whether it had one."""
    without = _MARK.sub("", text)
    return without, without != text
