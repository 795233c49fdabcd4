"""From dialogues to numbers with intervals, by agent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from negosim.measures import (
    Difference,
    Estimate,
    Text,
    Vocabulary,
    difference,
    estimate,
    holm,
    language,
    shares,
)
from negosim.rl.evaluation._play import Played
from negosim.rl.tasks import Task, strategies_of

if TYPE_CHECKING:
    import pandas as pd

FLUENCY = ("words_per_turn", "distinct_1", "distinct_2", "repetition")
"""Proxies for fluency, of the agent's turns of a dialogue; docs/statistics.md defines them."""

NO_TACTIC = "none recognised"


@dataclass(frozen=True)
class Result:
    """What one agent achieved."""

    name: str
    reward: Estimate
    by_persona: dict[str, Estimate]
    """The reward with each kind of user."""
    turns: Estimate
    """Of the agent, in a dialogue."""
    fluency: dict[str, Estimate]
    tactics: dict[str, Estimate]
    """Share of each tactic among all that were recognised in the text; a turn without any counts as one."""
    failures: dict[str, int]
    """Dialogues without a reward, by reason; they are in no mean."""
    difference: Difference | None
    """Reward minus that of the first agent, paired by user where both met the same; None for the first."""
    own_rewards: bool
    """Whether the rewards are those of a set, with other users than the rest."""
    decoding: str | None = None
    """With which settings a policy spoke."""


@dataclass(frozen=True)
class Evaluation:
    """Agents on the same users of a task."""

    task: Task
    personas: tuple[str, ...]
    dialogues: int
    """Asked for, of each agent that speaks."""
    seed: int
    results: tuple[Result, ...]


def measure(
    dialogues: Mapping[str, Sequence[Played]],
    task: Task,
    personas: Sequence[str],
    *,
    dialogues_asked: int,
    seed: int,
    own_rewards: frozenset[str] = frozenset(),
) -> Evaluation:
    """Measure what agents did, by name; the others are compared with the first.

    Means have a cluster bootstrap over the users' seeds, differences are paired by them, and p values are
    corrected for the number of agents compared (Holm 1979).
    """
    import pandas as pd

    vocabulary = Vocabulary()
    rows = pd.DataFrame(
        [_row(name, one, task, vocabulary) for name, some in dialogues.items() for one in some]
    )
    used = pd.DataFrame(
        [row for name, some in dialogues.items() for one in some for row in _tactics(name, one, task)],
        columns=["agent", "scenario", "index", "tactic"],
    )
    first, *others = dialogues
    compared = dict(
        zip(
            others,
            holm([difference(rows, "reward", "agent", a=first, b=other) for other in others]),
            strict=True,
        )
    )
    results = [
        _result(
            name,
            rows[rows["agent"] == name],
            used[used["agent"] == name],
            personas,
            Counter(one.failure for one in some if one.failure is not None),
            compared.get(name),
            own_rewards=name in own_rewards,
        )
        for name, some in dialogues.items()
    ]
    return Evaluation(task, tuple(personas), dialogues_asked, seed, tuple(results))


def _result(
    name: str,
    rows: "pd.DataFrame",
    used: "pd.DataFrame",
    personas: Sequence[str],
    failures: Mapping[str, int],
    compared: Difference | None,
    *,
    own_rewards: bool,
) -> Result:
    return Result(
        name=name,
        reward=estimate(rows, "reward"),
        by_persona={persona: estimate(rows[rows["persona"] == persona], "reward") for persona in personas},
        turns=estimate(rows, "turns"),
        fluency={column: estimate(rows, column) for column in FLUENCY},
        tactics=shares(used, "tactic"),
        failures=dict(failures),
        difference=compared,
        own_rewards=own_rewards,
    )


def _row(name: str, one: Played, task: Task, vocabulary: Vocabulary) -> dict[str, Any]:
    row: dict[str, Any] = {
        "agent": name,
        "scenario": task.id,
        "index": one.cluster,
        "persona": one.persona,
        **dict.fromkeys(("reward", "turns", *FLUENCY), float("nan")),
    }
    if one.trajectory is None:
        return row
    said = [turn.text for turn in one.trajectory.agent_turns]
    known = language(Text(said, vocabulary))
    row |= {"reward": one.trajectory.total_reward, "turns": float(len(said))}
    return row | {column: float("nan") if known[column] is None else known[column] for column in FLUENCY}


def _tactics(name: str, one: Played, task: Task) -> list[tuple[str, str, str, str]]:
    if one.trajectory is None:
        return []
    return [
        (name, task.id, one.cluster, tactic)
        for turn in one.trajectory.agent_turns
        for tactic in strategies_of(task, turn.text) or (NO_TACTIC,)
    ]
