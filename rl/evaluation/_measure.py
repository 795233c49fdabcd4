"""From dialogues to numbers with intervals, by agent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from negosim.agents.users import kind_of, persona_names
from negosim.measures import (
    Difference,
    Estimate,
    HashedText,
    Vocabulary,
    difference,
    estimate,
    holm,
    language,
    shares,
)
from negosim.rl.evaluation._met import Met
from negosim.scenarios import Scenario

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
    agreement: Estimate | None = None
    """Share of dialogues with an agreement, where there is something to settle."""


@dataclass(frozen=True)
class Evaluation:
    """Agents on the same dialogues."""

    scenario: Scenario
    learner: int
    """Position of the role that the agents play."""
    personas: tuple[str, ...]
    """Whom they met: kinds of users, or participants by name."""
    dialogues: int
    """Asked for, of each agent that speaks."""
    seed: int
    results: tuple[Result, ...]


def measure(
    dialogues: Mapping[str, Sequence[Met]],
    scenario: Scenario,
    learner: int,
    *,
    dialogues_asked: int,
    seed: int,
    own_rewards: frozenset[str] = frozenset(),
    decoding: Mapping[str, str | None] | None = None,
) -> Evaluation:
    """Measure what agents did, by name; the others are compared with the first.

    Means have a cluster bootstrap over the users' seeds, differences are paired by them, and p values are
    corrected for the number of agents compared (Holm 1979).
    """
    import pandas as pd

    vocabulary = Vocabulary()
    rows = pd.DataFrame(
        [_row(name, one, scenario.id, vocabulary) for name, some in dialogues.items() for one in some]
    )
    used = pd.DataFrame(
        [
            (name, scenario.id, one.cluster, tactic or NO_TACTIC)
            for name, some in dialogues.items()
            for one in some
            for tactic in one.tactics
        ],
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
    found = {one.partner: None for some in dialogues.values() for one in some if one.partner is not None}
    kind = kind_of(scenario)
    partners = [name for name in (persona_names(kind) if kind else found) if name in found]
    results = [
        _result(
            name,
            rows[rows["agent"] == name],
            used[used["agent"] == name],
            partners,
            Counter(one.failure for one in some if one.failure is not None),
            compared.get(name),
            own_rewards=name in own_rewards,
            decoding=(decoding or {}).get(name),
            deals=scenario.has_deals,
        )
        for name, some in dialogues.items()
    ]
    return Evaluation(scenario, learner, tuple(partners), dialogues_asked, seed, tuple(results))


def _result(
    name: str,
    rows: "pd.DataFrame",
    used: "pd.DataFrame",
    personas: Sequence[str],
    failures: Mapping[str, int],
    compared: Difference | None,
    *,
    own_rewards: bool,
    decoding: str | None,
    deals: bool,
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
        decoding=decoding,
        agreement=estimate(rows, "agreed") if deals else None,
    )


def _row(name: str, one: Met, scenario: str, vocabulary: Vocabulary) -> dict[str, Any]:
    unknown = float("nan")
    row: dict[str, Any] = {
        "agent": name,
        "scenario": scenario,
        "index": one.cluster,
        "persona": one.partner,
        "reward": unknown if one.reward is None else one.reward,
        "agreed": unknown if one.agreed is None else float(one.agreed),
        **dict.fromkeys(("turns", *FLUENCY), unknown),
    }
    if one.failure is not None:
        return row
    known = language(HashedText(list(one.said), vocabulary))
    row["turns"] = float(len(one.said))
    return row | {column: unknown if known[column] is None else known[column] for column in FLUENCY}
