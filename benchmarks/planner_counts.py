"""Embedded participants that count evaluations, for planners at equal budgets.

An evaluation is an utterance that is composed or imagined, or somebody's standing that is valued: of the
simulated negotiator one by its own reckoning, of an imagined user one for each probe.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from negosim.agents import AgentContext, Score, Speech, Trial, World
from negosim.agents.sim import SimAgent, SimJudge
from negosim.agents.users import HABIT
from negosim.config import Objective
from negosim.models import ModelSpec
from negosim.records import Rollout
from negosim.scenarios import Role
from negosim.views import View


@dataclass
class Count:
    """Evaluations of one planner."""

    evaluations: int = 0


class CountedWorld:
    """The world that a counted agent imagines."""

    def __init__(self, world: World, count: Count, *, users: bool) -> None:
        self._world, self._count, self._users = world, count, users

    async def prior(self, view: View, samples: int) -> Any:
        return await self._world.prior(view, samples)

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        trial = await self._world.realise(view, act, attempt)
        # The negotiator's own speeches are counted where it speaks.
        self._count.evaluations += 1 + len(trial.replies) if self._users else 0
        return trial

    async def worth(self, view: View, probes: int, first: int = 0) -> float:
        self._count.evaluations += probes if self._users else 1
        return await self._world.worth(view, probes, first)


class CountedAgent(SimAgent):
    """The simulated negotiator; it counts what it composes, for itself or for imagined others."""

    def __init__(self, count: Count) -> None:
        super().__init__()
        self._count, self._judge = count, SimJudge()

    async def speak(self, view: View) -> Speech:
        self._count.evaluations += 1
        return await super().speak(view)

    async def rollout(self, view: View, tactic: str) -> Rollout:
        self._count.evaluations += 1
        return await super().rollout(view, tactic)

    async def score(
        self, view: View, rollouts: Sequence[Rollout], objective: Objective, other_sides: Sequence[Role]
    ) -> Sequence[Score]:
        self._count.evaluations += len(rollouts)
        return await self._judge.score(view, rollouts, objective, other_sides)

    async def world(self, view: View) -> Any:
        return CountedWorld(await super().world(view), self._count, users=False)


class PlainPartner(SimAgent):
    """The other side: the simulated negotiator, whom the run's planner passes by."""

    self_directed, votes = True, True


class CountedTalker:
    """The embedded persuader or supporter; it counts what it composes and imagines."""

    self_directed = True

    def __init__(self, context: AgentContext, skill: float, count: Count) -> None:
        self.model, self._count = f"habit:{skill:g}", count
        self._agent: Any = HABIT.make(replace(context, spec=ModelSpec.parse(self.model)))

    async def speak(self, view: View) -> Speech:
        self._count.evaluations += 1
        speech: Speech = await self._agent.speak(view)
        return speech

    async def concluded(self, view: View) -> bool:
        return bool(await self._agent.concluded(view))

    async def world(self, view: View) -> CountedWorld:
        return CountedWorld(await self._agent.world(view), self._count, users=True)
