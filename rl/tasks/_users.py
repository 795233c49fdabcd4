"""Making users and agents of a task, and corpora of their dialogues."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.rl._card import Card, Origin
from negosim.rl._io import Format, write_trajectories
from negosim.rl._split import SplitRule
from negosim.rl._trajectory import Trajectory
from negosim.rl.tasks._episode import BatchAgent, run_episodes
from negosim.rl.tasks._persuadee import Persuadee, personas
from negosim.rl.tasks._persuader import SimPersuader
from negosim.rl.tasks._seeker import Seeker, problems
from negosim.rl.tasks._supporter import SimSupporter
from negosim.rl.tasks._task import DONATION, Task
from negosim.rl.tasks._user import SimUser

APART = 10_000_000
"""Seeds of users set aside for one seed of a corpus, so that no two corpora share a user."""


def persona_names(task: Task) -> tuple[str, ...]:
    """Return the kinds of users a task has."""
    return tuple(personas()) if task.id == DONATION.id else tuple(problems())


def sim_user(task: Task, persona: str, seed: int) -> SimUser:
    """Make an embedded simulated user.

    Raises:
        UserError: the task has no such persona.

    """
    if persona not in persona_names(task):
        raise UserError(f"{task.id} has no user {persona!r}; {suggest(persona, persona_names(task))}")
    if task.id == DONATION.id:
        return SimUser(task, persona, seed, lambda rng: Persuadee.draw(persona, rng))
    return SimUser(task, persona, seed, lambda rng: Seeker.draw(persona, rng))


def sim_users(task: Task, seeds: Iterable[int], kinds: Sequence[str] = ()) -> list[SimUser]:
    """Make an embedded user for each seed; the kinds take turns (all of the task's where none is named)."""
    names = tuple(kinds) or persona_names(task)
    return [sim_user(task, names[seed % len(names)], seed) for seed in seeds]


def sim_agent(task: Task, *, skill: float = 0.3, seed: int = 0) -> SimPersuader | SimSupporter:
    """Make the embedded agent of a task: 0 is blind habit, 1 a good plan, in between a mix turn by turn."""
    return SimPersuader(skill, seed) if task.id == DONATION.id else SimSupporter(skill, seed)


def simulate(
    task: Task,
    out: str | Path,
    *,
    dialogues: int = 1000,
    skill: float = 0.3,
    seed: int = 0,
    kinds: Sequence[str] = (),
    split: str = "own",
    format: Format = "jsonl",
) -> Card:
    """Write a corpus of dialogues between the embedded agent and embedded users.

    Args:
        task: the task.
        out: the folder to make.
        dialogues: how many.
        skill: of the agent, 0 to 1.
        seed: the same seed makes the same corpus; corpora of different seeds share no user.
        kinds: of users; they take turns. All of the task's where none is named.
        split: "own" (80/10/10), shares as "80/10/10", or one split for all.
        format: of the file.

    Raises:
        UserError: a user is unknown, or the folder cannot be made.

    """
    rule = SplitRule.parse(split)
    agent = sim_agent(task, skill=skill, seed=seed)
    users = sim_users(task, range(seed * APART, seed * APART + dialogues), kinds)
    origin = Origin(
        source="sim",
        task=task.id,
        licence="Apache-2.0 (sentences are negosim's own)",
        reward=task.reward,
        settings={
            "skill": skill,
            "seed": seed,
            "users": list(kinds) or list(persona_names(task)),
            "split": split,
        },
    )
    return write_trajectories(out, _played(agent, users, rule), origin, format=format)


def _played(agent: BatchAgent, users: Sequence[SimUser], rule: SplitRule) -> Iterator[Trajectory]:
    for start in range(0, len(users), 500):
        for made in run_episodes(agent, users[start : start + 500]):
            yield made.model_copy(update={"split": rule.split_of("sim", made.id, None)})
