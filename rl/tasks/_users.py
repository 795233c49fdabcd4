"""Making users of a task, one for each seed."""

from collections.abc import Iterable, Sequence

from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.rl.tasks._persuadee import Persuadee, personas
from negosim.rl.tasks._task import Task
from negosim.rl.tasks._user import SimUser


def persona_names(task: Task) -> tuple[str, ...]:
    """Return the kinds of users a task has."""
    return tuple(personas())


def sim_user(task: Task, persona: str, seed: int) -> SimUser:
    """Make an embedded simulated user.

    Raises:
        UserError: the task has no such persona.

    """
    if persona not in persona_names(task):
        raise UserError(f"{task.id} has no user {persona!r}; {suggest(persona, persona_names(task))}")
    return SimUser(task, persona, seed, lambda rng: Persuadee.draw(persona, rng))


def sim_users(task: Task, seeds: Iterable[int], kinds: Sequence[str] = ()) -> list[SimUser]:
    """Make an embedded user for each seed; the kinds take turns (all of the task's where none is named)."""
    names = tuple(kinds) or persona_names(task)
    return [sim_user(task, names[seed % len(names)], seed) for seed in seeds]
