"""Evaluating agents: everyone meets the same users."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from negosim.agents.users import SimUser
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.rl.evaluation._agents import Contender, behaviour_of
from negosim.rl.evaluation._measure import Evaluation, measure
from negosim.rl.evaluation._play import Played, play
from negosim.rl.tasks import APART, Task, persona_names, sim_users

Watch = Callable[[str, int], None]
"""Told the name of an agent and how many of its dialogues are over."""


@dataclass(frozen=True)
class Evaluated:
    """An evaluation and the dialogues it was made from, by agent."""

    evaluation: Evaluation
    dialogues: dict[str, list[Played]]


def evaluation_users(
    task: Task, dialogues: int, *, kinds: Sequence[str] = (), seed: int = 0
) -> list[SimUser]:
    """Return the users of an evaluation; their kinds take turns.

    Their seeds are negative: no corpus has such users, whatever its seed (`negosim rl simulate` counts
    from 0), so that nobody is measured on users that training has met.

    Raises:
        UserError: a kind is unknown or named twice, or there are more dialogues than one seed has users.

    """
    names = persona_names(task)
    for kind in kinds:
        if kind not in names:
            raise UserError(f"{task.id} has no user {kind!r}; {suggest(kind, names)}")
    if len(set(kinds)) < len(kinds):
        raise UserError("a kind of user is named twice; name each once")
    if not 1 <= dialogues <= APART:
        raise UserError(f"{dialogues} dialogues: an evaluation has 1 to {APART:,}")
    first = -1 - seed * APART
    return sim_users(task, range(first, first - dialogues, -1), kinds)


async def evaluate(
    agents: Sequence[Contender],
    task: Task,
    dialogues: int = 400,
    *,
    kinds: Sequence[str] = (),
    seed: int = 0,
    watch: Watch = lambda _name, _over: None,
) -> Evaluated:
    """Measure agents on the same simulated users; the first one is what the others are compared with.

    Args:
        agents: from `open_agents`, or speakers of one's own.
        task: what they do.
        dialogues: of each agent, over all kinds of users.
        kinds: of users; all of the task's where none is named.
        seed: other seeds have other users.
        watch: told how far it is.

    Raises:
        UserError: a kind is unknown, or a set has no dialogues.
        BudgetError, ModelError: a chat model's budget is used up, or its provider is gone.

    """
    made: dict[str, list[Played]] = {}
    for agent in agents:
        # Users remember what they have heard: every agent gets new ones.
        users = evaluation_users(task, dialogues, kinds=kinds, seed=seed)
        if agent.speaker is None:
            made[agent.name] = behaviour_of(agent, task, kinds)
            continue
        made[agent.name] = await play(agent.speaker, users, watch=partial(watch, agent.name))
    own = frozenset(agent.name for agent in agents if agent.speaker is None)
    shown = tuple(kinds) or persona_names(task)
    found = measure(made, task, shown, dialogues_asked=dialogues, seed=seed, own_rewards=own)
    spoke = {agent.name: agent.decoding for agent in agents}
    results = tuple(replace(result, decoding=spoke[result.name]) for result in found.results)
    return Evaluated(replace(found, results=results), made)
