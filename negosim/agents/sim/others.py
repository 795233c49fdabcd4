"""The other roles as one sees them: what each seems to want, and with whom a deal can be made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from negosim.agents.sim.deals import Floats
from negosim.agents.sim.opponent import Opponent, estimate

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan


def _stressed(plan: "TurnPlan", role: int) -> Mapping[str, int]:
    """Return how often a role has said that an issue matters most, as this one has understood it."""
    understood: Counter[str] = Counter()
    for issue, count in plan.reading.stressed.get(role, {}).items():
        rng = plan.side.seed.stream("sim", plan.me, "mishears", issue)
        wrong = rng.random() < plan.persona.mishears * (2.0 - plan.faith[role].trust)
        understood[rng.choice(plan.deals.ids) if wrong else issue] += count
    return understood


def opponents_of(plan: "TurnPlan") -> dict[int, Opponent]:
    """What each other role seems to want."""
    reading = plan.reading
    return {
        role: estimate(
            plan.deals,
            reading.positions.get(role, ()),
            _stressed(plan, role),
            plan.faith[role].limits,
            plan.persona.fixed_pie,
        )
        for role in plan.side.others
    }


def _mixed(plan: "TurnPlan", roles: Iterable[int]) -> Floats:
    """By deal: its estimated worth to some others together; the worst off counts most."""
    values = [plan.opponents[role].value for role in roles]
    if len(values) == 1:
        return values[0]
    together = np.stack(values)
    mixed: Floats = 0.5 * together.mean(axis=0) + 0.5 * together.min(axis=0)
    return mixed


def worth_to_others(plan: "TurnPlan") -> Floats:
    """By deal: its estimated worth to the others, 0 to 1; with several, the worst off counts most."""
    if not plan.view.table.by_coalition:
        return _mixed(plan, plan.opponents)
    best: Floats = np.stack([_mixed(plan, allies) for allies in plan.allies]).max(axis=0)
    return best


def allies_of(plan: "TurnPlan") -> list[tuple[int, ...]]:
    """With whom this role could make a deal without anybody else, as far as they are still here."""
    table = plan.view.table
    smallest = [set(parties) - {plan.me} for parties in table.agreement.smallest(plan.me)]
    here = [tuple(sorted(others)) for others in smallest if not others & table.gone]
    return here or [plan.side.others]


def best_allies(plan: "TurnPlan", number: int) -> tuple[int, ...]:
    """Return those to whom deal `number` seems worth most."""
    return max(plan.allies, key=lambda roles: float(_mixed(plan, roles)[number]))
