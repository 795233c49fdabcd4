"""Open-loop Monte Carlo tree search over dialogue acts, for any world that can be imagined.

A node stands for the speaker's own acts since the root and for nothing else (open loop): what was said on the
way differs from visit to visit, and up to `k` realisations of each node are kept and then drawn again.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from negosim.agents import Trial, World
from negosim.scenarios import scale
from negosim.views import View, imagined

_TIES = 1e-8
"""Lets the prior decide where nothing was visited yet."""


@dataclass
class Realisation:
    """One way in which an act was imagined to go: what was said, and what came back."""

    trial: Trial
    view: View
    """What the speaker would see after it."""
    visits: int = 0
    value: float = 0.0
    """Mean of the values found behind it."""

    def learn(self, value: float) -> None:
        """Take in the value of one more visit."""
        self.visits += 1
        self.value += (value - self.value) / self.visits


@dataclass
class Act:
    """What is known of one act in one node."""

    prior: float
    value: float
    """Mean of the values found behind it; at first what is supposed of an act that was not tried."""
    visits: int = 0

    def learn(self, value: float) -> None:
        """Take in the value of one more visit."""
        self.value = (self.visits * self.value + value) / (self.visits + 1)
        self.visits += 1


@dataclass
class Search:
    """The tree above one turn."""

    world: World
    root: View
    rng: Random
    c: float = 1.0
    """Weight of exploration."""
    k: int = 3
    """Realisations kept of a node."""
    samples: int = 15
    """Samples of the next act that a prior is made of."""
    probes: int = 10
    """Samples of the other's answer that a value is made of."""
    untried: float = 0.0
    """Value supposed of an act that was not tried."""
    done: int = 0
    """Simulations so far."""
    nodes: dict[tuple[str, ...], dict[str, Act]] = field(default_factory=dict)
    """By acts since the root: the acts from there, in the order in which they are known."""
    realised: dict[tuple[str, ...], list[Realisation]] = field(default_factory=dict)
    """By acts since the root: how they were imagined to go."""

    async def simulate(self) -> None:
        """Go down to an act that was not tried, imagine it, and learn from what it is worth."""
        key: tuple[str, ...] = ()
        view, path = self.root, list[tuple[Act, Realisation]]()
        while True:
            acts = await self._acts(key, view)
            name = select(acts, self.c)
            new = acts[name].visits == 0
            key = (*key, name)
            realisation = await self._realise(key, view, name)
            view = realisation.view
            path.append((acts[name], realisation))
            settled = settled_worth(view)
            if new or settled is not None:
                break
        value = settled if settled is not None else await self.world.worth(view, self.probes)
        for act, realisation in path:
            act.learn(value)
            realisation.learn(value)
        self.done += 1

    def best(self) -> tuple[str, Realisation]:
        """Return the act visited most, and its realisation that turned out best (response selection).

        Of acts visited equally often it is the one with the higher value, then with the higher prior.
        """
        acts = self.nodes[()]
        name = max(acts, key=lambda one: (acts[one].visits, acts[one].value, acts[one].prior))
        return name, max(self.realised[name,], key=lambda realisation: realisation.value)

    async def _acts(self, key: tuple[str, ...], view: View) -> dict[str, Act]:
        if key not in self.nodes:
            prior = await self.world.prior(view, self.samples)
            self.nodes[key] = {name: Act(share, self.untried) for name, share in prior.items()}
        return self.nodes[key]

    async def _realise(self, key: tuple[str, ...], view: View, act: str) -> Realisation:
        known = self.realised.setdefault(key, [])
        if len(known) >= self.k:
            return self.rng.choice(known)
        trial = await self.world.realise(view, act, len(known))
        after = imagined(view, view.side.index, trial.speech.utterance)
        for role, utterance in trial.replies:
            after = imagined(after, role, utterance)
        known.append(Realisation(trial, after))
        return known[-1]


def select(acts: Mapping[str, Act], c: float) -> str:
    """Return the act with the highest Q + c P sqrt(N) / (1 + N_a); the first of equals."""
    visits = sum(act.visits for act in acts.values())
    root = math.sqrt(visits + _TIES)

    def upper(name: str) -> float:
        act = acts[name]
        return act.value + c * act.prior * root / (1 + act.visits)

    return max(acts, key=upper)


def smoothed(counts: Mapping[str, int]) -> dict[str, float]:
    """Return a prior from how often each act was sampled, one added to each.

    Examples:
        >>> smoothed({"ask": 3, "offer": 0})
        {'ask': 0.8, 'offer': 0.2}

    """
    whole = sum(counts.values()) + len(counts)
    return {name: (count + 1) / whole for name, count in counts.items()}


def settled_worth(view: View) -> float | None:
    """Return what an end is worth to the speaker, from -1 (no better than no deal) to 1; None before it.

    Without issues only the last turn there is ends anything, and the world says what that is worth.
    """
    side, table = view.side, view.table
    if not side.issues:
        return None
    if table.deal is not None:
        worth = side.value(table.deal) if table.in_deal(side.index) else side.role.payoff.reservation
        return utility(view, worth)
    if table.left_by is not None or (side.max_turns and view.turn_index >= side.max_turns):
        return -1.0
    return None


def utility(view: View, points: float) -> float:
    """Map the speaker's points to -1 (the reservation value, or less) to 1 (the best deal)."""
    payoff = view.side.role.payoff
    best = scale(view.side.role, view.side.issues)[1]
    share = (points - payoff.reservation) / max(best - payoff.reservation, 1e-9)
    return 2 * min(1.0, max(0.0, share)) - 1
