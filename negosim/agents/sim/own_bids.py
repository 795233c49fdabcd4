"""The own bids of a turn: an offer for each stance."""

from random import Random
from typing import TYPE_CHECKING

from negosim.agents.sim.bidding import Bid, Bidder, Constraints
from negosim.agents.sim.decision import gives_in
from negosim.scenarios import Value

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

_RANKS = 25
"""How many bids a careless persona may pass over."""

STANCES = {"firm": 0.05, "fair": 0.0, "give": -0.05, "step": 0.0}
"""How far a stance's offer lies from the present aspiration, as utility."""


def yielding_bid(plan: "TurnPlan") -> Bid | None:
    """The other's last offer as the own bid, where time is up and it is better than no deal."""
    return (
        _bidder(plan, {}).at(plan.their_number) if gives_in(plan) and plan.their_number is not None else None
    )


def bid_of(plan: "TurnPlan", stance: str) -> Bid:
    """Return the offer of a stance, as if an offer were to be made now."""
    limits = dict(plan.own_limits)
    if stance != "fair" and plan.lie == "reservation" and plan.lie_limit is not None:
        limits[plan.lie_limit.issue] = plan.lie_limit.value
    return _bidder(plan, limits).bid(plan.aspiration + STANCES[stance], _rank(plan))


def _rank(plan: "TurnPlan") -> int:
    """Which of the best bids to make: people do not optimise to the last point."""
    rng = Random(plan.draws[0])
    if rng.random() < 0.6 - 0.5 * plan.persona.careless:
        return 1
    return 1 + int(_RANKS * plan.persona.careless * rng.random()) + rng.choice((0, 1))


def _bidder(plan: "TurnPlan", limits: dict[str, Value]) -> Bidder:
    offered = [plan.deals.number(p) for p in plan.reading.positions.get(plan.me, ()) if plan.complete(p)]
    return Bidder(
        plan.deals,
        plan.partner,
        Constraints(
            {} if plan.view.table.by_coalition else plan.view.table.settled,
            limits,
            offered,
            max(0.0, 0.75 * min(plan.floor, plan.persona.floor)),
        ),
        plan.their_number,
        offered[-1] if plan.mine is not None else None,
    )
