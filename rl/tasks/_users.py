"""Making users and agents of a task, and corpora of their dialogues."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from negosim.agents import users
from negosim.agents.users import SimPersuader, SimSupporter, SimUser
from negosim.rl._card import Card, Origin
from negosim.rl._io import Format, write_trajectories
from negosim.rl._split import SplitRule
from negosim.rl._trajectory import Trajectory
from negosim.rl.tasks._episode import BatchAgent, run_episodes
from negosim.rl.tasks._task import Task

APART = 10_000_000
"""Seeds of users set aside for one seed of a corpus, so that no two corpora share a user."""


def persona_names(task: Task) -> tuple[str, ...]:
    """Return the kinds of users a task has."""
    return users.persona_names(task.id)


def sim_user(task: Task, persona: str, seed: int) -> SimUser:
    """Make an embedded simulated user.

    Raises:
        UserError: the task has no such persona.

    """
    return users.sim_user(task.id, persona, seed)


def sim_users(task: Task, seeds: Iterable[int], kinds: Sequence[str] = ()) -> list[SimUser]:
    """Make an embedded user for each seed; the kinds take turns (all of the task's where none is named)."""
    return users.sim_users(task.id, seeds, kinds)


def sim_agent(task: Task, *, skill: float = 0.3, seed: int = 0) -> SimPersuader | SimSupporter:
    """Make the embedded agent of a task: 0 is blind habit, 1 a good plan, in between a mix turn by turn."""
    return users.sim_agent(task.id, skill=skill, seed=seed)


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
    talkers = sim_users(task, range(seed * APART, seed * APART + dialogues), kinds)
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
    return write_trajectories(out, _played(agent, talkers, rule), origin, format=format)


def _played(agent: BatchAgent, talkers: Sequence[SimUser], rule: SplitRule) -> Iterator[Trajectory]:
    for start in range(0, len(talkers), 500):
        for made in run_episodes(agent, talkers[start : start + 500]):
            yield made.model_copy(update={"split": rule.split_of("sim", made.id, None)})
