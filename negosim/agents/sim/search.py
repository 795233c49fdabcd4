"""The world as the simulated negotiator imagines it, for planners that search.

An imagined partner has the payoff that the negotiator believes the other to have, by the other's offers and
words alone, and a temper drawn anew: nothing of the real partner's brief, payoff or persona is in it.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

from negosim.agents._protocol import Agent, Speech, Trial
from negosim.agents.sim.beliefs import belief
from negosim.agents.sim.judge import prospect
from negosim.agents.sim.plan import plan_for
from negosim.agents.sim.tactics import weights_of
from negosim.records import Rollout
from negosim.scenarios import RESERVATION, Payoff, Role
from negosim.seeding import Seed
from negosim.views import Side, View, imagined, next_of_the_others

_POINTS = 100.0
"""Points of the best deal that an imagined partner can hope for."""
_LATER = 0.75
"""What a deal is worth that is still to come, next to one that is there."""


class SimWorld:
    """What one negotiator imagines from one view."""

    def __init__(self, agent: Agent, view: View) -> None:
        """Take the agent that imagines, and what it sees before the turn that is planned."""
        self._agent = agent
        self._root = view

    async def prior(self, view: View, samples: int) -> dict[str, float]:
        """Draw the next tactic several times, as the negotiator would; return shares, one added to each."""
        weights = weights_of(plan_for(view))
        rng = view.side.seed.stream("sim", view.side.index, view.turn_index, "prior", samples)
        counts = dict.fromkeys(weights, 1)
        for tactic in rng.choices(list(weights), list(weights.values()), k=samples):
            counts[tactic] += 1
        return {tactic: count / (samples + len(weights)) for tactic, count in counts.items()}

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        """Speak by a tactic, and let imagined others answer."""
        chosen = Rollout(tactic=act, utterance=act, expected_reply=act)
        speech: Speech = await self._agent.speak(replace(view, rollouts=(chosen,), chosen=0))
        after, replies = imagined(view, view.side.index, speech.utterance, speech.floor), []
        while (other := next_of_the_others(after, view.turn_index)) is not None:
            seen = replace(after, side=self._partner(other, attempt), own_turns=())
            reply = (await self._agent.speak(seen)).utterance
            replies.append((other, reply))
            after = imagined(after, other, reply)
        return Trial(speech, tuple(replies))

    async def worth(self, view: View, probes: int, first: int = 0) -> float:
        """Return what the conversation as it stands is worth to the negotiator, by its own reckoning.

        The best of three: to take what the others offer; to hope that they take what it offers; to go on.
        """
        plan, deals = plan_for(view), plan_for(view).deals
        later = _LATER * max(0.0, prospect(plan, plan.bid("fair").number).own)
        found = [later]
        if plan.complete(plan.standing):
            found.append(deals.utility(deals.worth(plan.standing or {})))
        elif view.table.standing_by == view.side.index and plan.mine is not None:
            seen = prospect(plan, deals.number(plan.mine))
            found.append(seen.chance * seen.own + (1 - seen.chance) * later)
        return 2 * min(1.0, max(0.0, *found)) - 1

    def _partner(self, other: int, attempt: int) -> Side:
        """Return the side of an imagined partner: what is public, and what it is believed to want."""
        own = self._root.side
        seed = Seed(own.seed.number("imagined", other, attempt), own.seed.scenario, own.seed.index)
        return replace(
            own,
            index=other,
            role=self._roles[other],
            deceptive=False,
            techniques=None,
            priors=(),
            traits=(),
            seed=seed,
            order=own.order,
        )

    @cached_property
    def _roles(self) -> dict[int, Role]:
        plan, side = plan_for(self._root), self._root.side
        roles = {}
        for other, estimate in plan.opponents.items():
            tables: dict[str, dict[str, float] | tuple[tuple[float, float], ...]] = {}
            for issue, weight, scores in zip(side.issues, estimate.weights, estimate.scores, strict=True):
                points = [_POINTS * weight * float(score) for score in scores]
                if issue.range is None:
                    names = [str(value) for value in issue.values]
                    tables[issue.id] = dict(zip(names, points, strict=True))
                else:
                    numbers = [float(value) for value in issue.values]
                    tables[issue.id] = tuple(zip(numbers, points, strict=True))
            reservation = _POINTS * belief(self._root, other)[RESERVATION]
            payoff = Payoff(reservation=reservation, target=_POINTS, issues=tables)
            known = side.roles[other]
            public: dict[str, Any] = {"id": known.id, "name": known.name, "position": known.position}
            private: dict[str, Any] = {"brief": "", "interests": (), "payoff": payoff}
            roles[other] = Role.model_construct(**public, **private)
        return roles
