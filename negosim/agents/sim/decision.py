"""The decision of a turn: accept, offer, talk, wait or leave."""

from typing import TYPE_CHECKING, Literal

from negosim.agents.sim.reading import Position

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

Move = Literal["talk", "offer", "accept", "leave", "close", "wait", "part"]
"""What the turn does; "part": the time is up and there is nothing left but to say so."""

Phase = Literal["early", "middle", "late", "closing"]

_TOLERANCE = 0.03
"""Utility that nobody haggles over."""
_TRIES_TO_SWAY = 0.6
"""How often a role that a deal leaves out makes an offer of its own before it joins or gives up."""
_GIVEN_AWAY = 0.04
"""Utility that may be given up to settle a single issue."""


def decide(plan: "TurnPlan") -> Move:
    """Decide what the turn does."""
    table, side = plan.view.table, plan.side
    if table.deal is not None:
        return _with_a_deal(plan, table.deal) if table.by_coalition else "close"
    if plan.standing is not None and _acceptable(plan, plan.standing):
        return "accept"
    if _waiting(plan):
        return "wait"
    if gives_in(plan):
        return "offer"
    if _hopeless(plan):
        return "leave"
    if side.max_turns and plan.turn == side.max_turns - 1:
        return "part"
    return "talk" if _rather_talks(plan) else "offer"


def _with_a_deal(plan: "TurnPlan", deal: Position) -> Move:
    """Decide where some have a deal: whether to change sides, to join, or to make another offer."""
    offered = plan.utility_of(plan.standing) if plan.standing is not None else None
    if plan.view.table.in_deal(plan.me):
        better = offered is not None and offered > plan.utility_of(deal) + _TOLERANCE
        return "accept" if better else "close"
    tried = any(turn.role == plan.me for turn in plan.view.transcript[plan.deal_since :])
    if not tried and plan.turns_left and plan.draws[2] < _TRIES_TO_SWAY:
        return "offer"
    return "accept" if offered is not None and offered > 0 else "close"


def _acceptable(plan: "TurnPlan", standing: Position) -> bool:
    """Accept what is as good as the own next offer (AC_next, Baarslag et al. 2014) or as wanted then."""
    if not plan.complete(standing):
        return _acceptable_part(plan, standing)
    utility = plan.deals.utility(plan.deals.worth(standing))
    if utility < plan.lowest or plan.out_of_time:
        return utility >= plan.lowest
    if plan.reading.own_count < 2 and plan.turns_left > 2:
        return False
    next_turn = plan.time_at(plan.turn + len(plan.side.roles))
    wanted = max(plan.floor, plan.wish(next_turn))
    return utility >= min(wanted, plan.bid("fair").utility) - _TOLERANCE


def _acceptable_part(plan: "TurnPlan", standing: Position) -> bool:
    """Accept single issues where they are about as good as the own next offer has them."""
    deals, table = plan.deals, plan.view.table
    offered, fair = table.standing or {}, plan.bid("fair").deal
    gain = sum(deals.own_points(i, value) - deals.own_points(i, fair[i]) for i, value in offered.items())
    new = any(table.settled.get(issue) != value for issue, value in offered.items())
    best = sum(
        deals.own_points(issue, standing[issue]) if issue in standing else float(points.max())
        for issue, points in zip(deals.ids, deals.points, strict=True)
    )
    enough_left = deals.utility(best) >= plan.persona.aspiration(plan.time)
    return new and gain >= -_GIVEN_AWAY * deals.span and enough_left


def _waiting(plan: "TurnPlan") -> bool:
    """With three roles or more: an offer this role stands by still waits for somebody's word."""
    table = plan.view.table
    if len(plan.side.roles) < 3 or plan.me not in table.accepted_by:
        return False
    made = max((turns[-1] for turns in plan.reading.offer_turns.values()), default=0)
    heard = {turn.role for turn in plan.view.transcript[made:]}
    return len(heard | {plan.me}) < len(plan.side.roles)


def _hopeless(plan: "TurnPlan") -> bool:
    """Return whether to leave: late, nothing acceptable in sight, and patience at an end."""
    impatience = 1.0 - plan.persona.patience
    offered = plan.deals.utility(plan.deals.worth(plan.theirs)) if plan.theirs is not None else -1.0
    if not plan.side.max_turns and plan.turn > plan.last_own:
        return (offered <= 0 or plan.grudge is not None) and plan.draws[1] < 0.1 + 0.1 * impatience
    if plan.time < 0.8 or plan.turns_left == 0 or plan.theirs is None:
        return False
    if offered > 0 and plan.grudge is None:
        return False
    return offered < plan.floor and plan.draws[1] < 0.1 + 0.25 * impatience


def gives_in(plan: "TurnPlan") -> bool:
    """In its last turn: take up the others' last offer again, if that beats no deal."""
    if plan.turns_left or plan.grudge is not None or plan.theirs is None or plan.turn < 2:
        return False
    last = bool(plan.side.max_turns) and plan.turn == plan.side.max_turns - 1
    return not last and plan.deals.utility(plan.deals.worth(plan.theirs)) > 0


def _rather_talks(plan: "TurnPlan") -> bool:
    """Explore before the first offers; later ask or argue now and then, never twice running."""
    reading, left, draw = plan.reading, plan.turns_left, plan.draws[2]
    if left <= 2 or plan.time > 0.8:
        return False
    offered = bool(reading.positions)
    explore = (1 if left < 5 else 2) + (left > 9 and plan.persona.directness < 0.4)
    asked = reading.heard is not None and reading.heard.question == "offer"
    if asked and reading.own_count > 0 and draw < 0.75:
        return False
    if reading.own_count < explore:
        return not (offered and reading.own_count > 1)
    if reading.own_count == explore and not offered and draw < 0.3 and left > 8:
        return True
    last_own = next((turn for turn in reversed(plan.view.transcript) if turn.role == plan.me), None)
    if last_own is None or last_own.action == "talk":
        return False
    if reading.last is not None and reading.last.action == "talk":
        return draw < 0.55
    stuck = reading.shift is not None and not reading.shift.gains
    return draw < plan.persona.talkativeness * (1.2 if stuck else 0.6)


def why_leave(plan: "TurnPlan") -> Literal["below", "belief", "spite"]:
    """Say why a role ends the talk without a deal: what it was offered is worth less, or so it holds."""
    best = max(
        (
            plan.deals.utility(plan.deals.worth(p))
            for p in (plan.theirs, plan.standing)
            if p and plan.complete(p)
        ),
        default=-1.0,
    )
    return "below" if best <= 0 else plan.grudge or "belief"
