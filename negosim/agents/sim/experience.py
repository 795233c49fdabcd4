"""Experience: the effects of the tactics used so far, and how far the role has given way."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan


def effects_of(plan: "TurnPlan") -> dict[str, float]:
    """By tactic: how the others' offers changed right after its last use, in the own points."""
    known: list[tuple[int, float]] = sorted(
        (turn, plan.deals.worth(position))
        for role in plan.side.others
        for turn, position in zip(
            plan.reading.offer_turns.get(role, ()), plan.reading.positions.get(role, ()), strict=True
        )
        if plan.complete(position)
    )
    effects: dict[str, float] = {}
    for own in plan.view.own_turns:
        before = [worth for turn, worth in known if turn < own.index]
        after = [worth for turn, worth in known if turn > own.index]
        if own.tactic is not None and before and after:
            effects[own.tactic] = after[0] - before[-1]
    return effects


def retreat_of(plan: "TurnPlan") -> str | None:
    """The issue on which the next offer asks for the least compared with this role's first one."""
    positions = plan.reading.positions.get(plan.me)
    if plan.move != "offer" or not positions:
        return None
    first, now = positions[0], plan.bid("fair").deal
    steps = {i: plan.deals.own_points(i, first[i]) - plan.deals.own_points(i, now[i]) for i in first}
    best = max(steps, key=lambda issue: steps[issue])
    return best if steps[best] > 0 else None
