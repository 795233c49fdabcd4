"""The end of a dialogue as text: what a forward model reads and writes to tell that it is over."""

import re

from negosim.rl._trajectory import Trajectory

END = "[end]"

_MARK = re.compile(r"\s*\[\s*end\s*\]\s*$", re.IGNORECASE)


def mark_end(trajectory: Trajectory) -> Trajectory:
    """Put the mark behind the last turn of a dialogue that came to its end; others stay as they are."""
    if not trajectory.terminal:
        return trajectory
    last = trajectory.turns[-1]
    marked = last.model_copy(update={"text": f"{last.text} {END}"})
    return trajectory.model_copy(update={"turns": (*trajectory.turns[:-1], marked)})


def read_end(text: str) -> tuple[str, bool]:
    """Return a text without the mark, and whether it had one."""
    without = _MARK.sub("", text)
    return without, without != text
