"""The embedded forward model: simulated users and agents of the kind that the visible dialogue suggests.

The user behind the original is not known, and is not looked up. As a fine-tuned model would, it is
guessed from what was said: users are drawn from a population, each lives through the prefix, and one is
taken with a chance that grows with how like the real replies its own would have been (importance
resampling). The population and the agent's skill are fitted to dialogues of the data in the same way: to
a hundred random ones, as in the paper, or for the hard model to the quarter with the lowest rewards.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from rapidfuzz import fuzz

from negosim.agents import Agent
from negosim.agents.users import (
    EmbeddedAgent,
    Recogniser,
    SimUser,
    Transcript,
    UserAgent,
    persona_names,
    sim_agent,
    sim_user,
    strategies_in,
)
from negosim.rl._trajectory import MetaValue, Role, Trajectory, TrajectoryTurn
from negosim.rl.hindsight._examples import bottom
from negosim.rl.hindsight._protocol import Completion, Prefix, Step
from negosim.rl.hindsight._setting import BEFORE
from negosim.rl.hindsight._talk import talked_on

FITTED = 100
"""Dialogues a model is fitted to, as the paper's were fine-tuned on."""

CANDIDATES = 24
"""Users that live through a prefix."""

DRAWS = 400
"""Users drawn to find candidates of whom the same is known beforehand (problem, initial intensity)."""

LIKENESSES = 10
"""Users in the population for each dialogue it is fitted to."""

Name = tuple[str, int]
"""Kind and seed of a user: all there is to it."""


@dataclass(frozen=True)
class Fit:
    """What the data says about its users and its agent."""

    population: Sequence[Name]
    """Users who would have talked like those of the data."""
    skill: float
    """The share of the agent's turns that the good plan would have made too."""


class SimulatedForward:
    """Goes on with simulated users and a simulated agent."""

    name = "embedded"

    def __init__(
        self,
        kind: str,
        pool: Sequence[Trajectory],
        *,
        plan: Callable[[Transcript], list[str]],
    ) -> None:
        """Take the data it is fitted to.

        Args:
            kind: of the conversation: "donation" or "support".
            pool: dialogues, at least one.
            plan: what a good agent does after a transcript.

        """
        self._kind = kind
        self._pool = pool
        self._plan = plan

    async def complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        """Draw a user that fits the prefix, and let it talk with an agent to the end."""
        fit = self._hard_fit if hard else self._standard_fit
        rng = step.stream("user")
        drawn = rng.choices(fit.population, k=DRAWS)
        # The last turn is the replacement, which the real user never heard.
        (user,) = self._resampled(drawn, prefix.meta, prefix.turns[:-1], rng, 1)
        agent = sim_agent(self._kind, skill=fit.skill, seed=step.number("agent"))
        agents: dict[Role, Agent] = {
            "agent": EmbeddedAgent(agent, f"{prefix.parent}/{step.seed.index}"),
            "user": UserAgent(user),
        }
        return await talked_on(prefix, agents, step)

    def _resampled(
        self,
        drawn: Sequence[Name],
        meta: Mapping[str, MetaValue],
        turns: Sequence[TrajectoryTurn],
        rng: Random,
        count: int,
    ) -> list[SimUser]:
        """Return users of those drawn, the likelier the more like theirs the replies are."""
        known = {name: meta[name] for name in BEFORE if name in meta and name != "task"}
        users = [sim_user(self._kind, *name) for name in (drawn if known else drawn[:CANDIDATES])]
        if known:
            facts = [user.facts() for user in users]
            agreeing = [sum(one.get(name) == value for name, value in known.items()) for one in facts]
            order = sorted(range(len(users)), key=lambda number: -agreeing[number])
            users = [users[number] for number in order[:CANDIDATES]]
        weights = [math.exp(_likeness(self._kind, user, turns)) for user in users]
        return rng.choices(users, weights, k=count)

    @cached_property
    def _standard_fit(self) -> Fit:
        return self._fitted(self._pool, "standard")

    @cached_property
    def _hard_fit(self) -> Fit:
        return self._fitted(bottom(self._pool), "hard")

    def _fitted(self, pool: Sequence[Trajectory], purpose: str) -> Fit:
        rng, kinds = Random(f"hindsight fit {purpose}"), persona_names(self._kind)

        def drawn() -> list[Name]:
            return [(rng.choice(kinds), rng.getrandbits(40)) for _ in range(DRAWS)]

        some = rng.sample(list(pool), min(FITTED, len(pool)))
        population: list[Name] = []
        planned = said = 0
        for dialogue in some:
            users = self._resampled(drawn(), dialogue.meta, dialogue.turns, rng, LIKENESSES)
            population += [(user.persona, user.seed) for user in users]
            for number, turn in enumerate(dialogue.turns):
                if turn.role == "agent":
                    before = Transcript(dialogue.id, dialogue.system, dialogue.turns[:number])
                    said += 1
                    planned += set(strategies_in(self._kind, turn.text)) == set(self._plan(before))
        return Fit(population, planned / max(1, said))


def _likeness(kind: str, user: SimUser, turns: Sequence[TrajectoryTurn]) -> float:
    """Return how like a user's own replies would have been to those of a dialogue.

    For each reply: whether both show the same (wants, doubts, moods), counted twice, and whether both
    use the same words, each 0 to 1. One who would have left costs as much as a reply that fits.
    """
    cues, evidence = Recogniser.load(f"{kind}/user-cues"), 0.0
    for number, turn in enumerate(turns):
        if turn.role != "user" or number == 0:
            continue
        reply = user.reply(Transcript("", None, tuple(turns[:number])))
        own = reply.text or ""
        wanted, given = set(cues.find(turn.text)), set(cues.find(own))
        same = len(wanted & given) / len(wanted | given) if wanted | given else 1.0
        evidence += 2 * same + fuzz.token_set_ratio(turn.text, own) / 100 - 3 * reply.end
    return evidence
