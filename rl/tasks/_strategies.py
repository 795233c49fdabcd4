"""The strategies of a task, recognised in what its agent says."""

from negosim.rl.tasks._recognise import Recogniser
from negosim.rl.tasks._task import Task


def strategies_of(task: Task, text: str) -> tuple[str, ...]:
    """Return the ids of a task's strategies (of its taxonomy) that a turn uses, in order.

    Told from the text by a lexicon of patterns, sentence by sentence; docs/rl.md has its accuracy.
    """
    return Recogniser.load(f"{task.id}/strategies").find(text)
