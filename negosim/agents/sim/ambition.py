"""Ambition: the utility a role wants now, and the least it takes."""

from typing import TYPE_CHECKING, Literal

from negosim.agents.sim.faith import PRIOR
from negosim.scenarios import Value

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

_DRAGGED = 0.12
"""Utility by which an extreme first offer can draw down the wishes of whoever takes it as a measure."""
_HARDENED = 0.2
"""Utility added to the floor where no trust is left."""
_LEAST_FLOOR = 0.03
"""Utility below which no claim of the others makes a role go."""
_EMBOLDENED, _MOST_GIVEN = -0.12, 0.5
"""The most utility that is gained, and given up, by what others say about themselves."""
_TRUST_LOST = 0.7
"""Trust below which a spiteful persona bears a grudge."""


def limits_said(plan: "TurnPlan") -> dict[str, Value]:
    """By issue: what this role has said it cannot go past; late in the day it climbs down."""
    if plan.time > 0.75:
        return {}
    return {
        made.issue: made.stated
        for made in plan.claims
        if not made.true and made.subject == "reservation" and made.issue and made.stated is not None
    }


def conceded_to(plan: "TurnPlan") -> float:
    """Utility that the others' believed claims make a role give up.

    What it can hope for is the best deal that leaves the other its reservation value: so much less as the
    claims have raised that value, in its eyes; more where they have lowered it.
    """
    given: list[float] = []
    for role, faith in plan.faith.items():
        hope = 0.0
        if faith.reservation is not None:
            hope = _reach(plan, role, PRIOR) - _reach(plan, role, faith.reservation)
        given.append(max(_EMBOLDENED, min(_MOST_GIVEN, hope)) + faith.haste)
    return max(given)


def _reach(plan: "TurnPlan", role: int, reservation: float) -> float:
    """Return the utility of the best deal that is worth another role's reservation value to it."""
    enough = plan.opponents[role].value >= reservation
    return max(0.0, plan.deals.utility(float(plan.deals.value[enough].max()))) if enough.any() else 0.0


def floor_of(plan: "TurnPlan") -> float:
    """The utility below which it does not mean to go: less under pressure, more where trust is gone."""
    floor = max(min(plan.persona.floor, _LEAST_FLOOR), plan.persona.floor - plan.pressure)
    return min(floor + _HARDENED * (1.0 - plan.trust), 0.9)


def wish_at(plan: "TurnPlan", time: float) -> float:
    """Return the utility wanted at a time, with what was heard taken into account."""
    curve = plan.persona.aspiration(time) - plan.persona.floor
    return plan.floor + curve * (1.0 - plan.pressure) - _dragged(plan)


def _dragged(plan: "TurnPlan") -> float:
    """How far the other's first offer, if it came before the own, draws the wishes down."""
    positions, turns = plan.reading.positions, plan.reading.offer_turns
    first = min((turns[role][0] for role in plan.side.others if turns.get(role)), default=None)
    mine = turns.get(plan.me)
    if first is None or (mine and mine[0] < first):
        return 0.0
    anchor = next(positions[role][0] for role in plan.side.others if turns.get(role, (None,))[0] == first)
    if not plan.complete(anchor):
        return 0.0
    far = max(0.0, 1.0 - max(0.0, plan.deals.utility(plan.deals.worth(anchor))))
    return _DRAGGED * plan.persona.anchored * far * (1.0 - plan.time)


def aspiration_of(plan: "TurnPlan") -> float:
    """The utility wanted now; never more than in the own last offer."""
    wanted = plan.wish(plan.time)
    if plan.mine is not None:
        wanted = min(wanted, plan.deals.utility(plan.deals.worth(plan.mine)))
    return max(wanted, min(plan.floor, plan.persona.floor))


def lowest_of(plan: "TurnPlan") -> float:
    """The least utility that is accepted now: with no turn left anything better than no deal.

    Unless it is convinced of something better, or would rather lose than give in to a liar.
    """
    return 0.0 if plan.out_of_time and plan.grudge is None else max(0.02, plan.floor)


def grudge_of(plan: "TurnPlan") -> Literal["belief", "spite"] | None:
    """Why this role would leave though an offer beats no deal; hardly anybody has a reason to."""
    if plan.persona.spiteful and plan.trust < _TRUST_LOST:
        return "spite"
    return "belief" if plan.persona.overconfident else None
