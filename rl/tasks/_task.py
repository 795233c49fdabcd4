"""What a task is: what the agent is told, how long it may talk, what it earns."""

from negosim._frozen import Frozen
from negosim.agents.users import strategies_in
from negosim.errors import UserError
from negosim.plugins import suggest


class Task(Frozen):
    """One dialogue task with simulated users."""

    id: str
    name: str
    system: str
    """What the agent is told before the first turn."""
    opening: str
    """Who speaks first: "agent" or "user"."""
    cap: int
    """Turns each side has at most."""
    taxonomy: str
    """Id of the taxonomy with the task's strategies."""
    reward: str
    """What the reward is, with its unit."""
    lowest: float
    highest: float


DONATION = Task(
    id="donation",
    name="Donation to Save the Children",
    system="You talk with someone who has just earned two dollars. Persuade them, honestly and kindly, to "
    "give part of it to the charity Save the Children.",
    opening="agent",
    cap=10,
    taxonomy="persuasion-for-good",
    reward="donation in dollars, 0 to 2",
    lowest=0.0,
    highest=2.0,
)

SUPPORT = Task(
    id="support",
    name="Emotional support",
    system="Someone in distress turns to you. You are no therapist; listen, understand what they feel and "
    "why, and help them feel better.",
    opening="user",
    cap=15,
    taxonomy="emotional-support",
    reward="initial minus final emotional intensity, each 1 to 5",
    lowest=-4.0,
    highest=4.0,
)

TASKS = {task.id: task for task in (DONATION, SUPPORT)}


def task_named(id: str) -> Task:
    """Return a task by its id.

    Raises:
        UserError: there is none; the nearest are suggested.

    """
    try:
        return TASKS[id]
    except KeyError:
        raise UserError(f"no task {id!r}; {suggest(id, TASKS)}") from None


def strategies_of(task: Task, text: str) -> tuple[str, ...]:
    """Return the ids of a task's strategies (of its taxonomy) that a turn uses, in order."""
    return strategies_in(task.id, text)
