"""The simulated negotiator's trust in what it is told, and its effects.

A believed alternative, deadline or limit raises its estimate of the other's reservation value and lowers its
own wishes; a claim that later words or offers contradict, or that no proof was shown for, costs trust for the
rest of the dialogue, takes back what it had moved, and hardens it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from negosim.agents.sim.hearing import ClaimKind, Heard
from negosim.scenarios import Value

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

_WEIGHTS: dict[ClaimKind, float] = {"alternative": 0.24, "deadline": 0.12, "limit": 0.2, "promise": 0.08}
"""By kind: how far a believed claim moves the hearer, as pressure from 0 to 1."""
_COST_CAUGHT, _COST_DODGED = 0.45, 0.3
"""Trust lost when a claim is contradicted, and when proof is refused."""


@dataclass(frozen=True)
class Faith:
    """How much one role believes another."""

    trust: float
    """1 until a claim is found false; never below 0."""
    pressure: float
    """What believed claims have moved, 0 to 1."""
    limits: dict[str, Value]
    """Stated limits that are believed."""
    believed: bool | None
    """Whether the latest claim is believed; None where the last utterance had none."""
    caught: bool
    """Whether the last utterance contradicts an earlier claim, or refuses a proof."""


def faith_in(plan: "TurnPlan", other: int) -> Faith:
    """Go through what a role has said and work out how much of it is believed."""
    trust, caught, believed = 1.0, False, None
    moved: dict[tuple[ClaimKind, str], float] = {}
    limits: dict[str, Value] = {}
    last_kinds: tuple[tuple[ClaimKind, str], ...] = ()
    position: dict[str, Value] = {}
    asked = False
    for turn in plan.view.transcript:
        heard: Heard = plan.ear.hear(turn.text)
        if turn.role != other:
            asked = turn.role == plan.me and heard.question == "proof"
            continue
        caught, believed = False, None
        if asked and heard.dodges:
            caught, trust = True, max(0.0, trust - _COST_DODGED)
            for key in last_kinds:
                moved.pop(key, None)
        if turn.action == "offer" and turn.offer:
            position.update(turn.offer)
            for issue in _passed(plan, limits, position):
                caught, trust = True, max(0.0, trust - _COST_CAUGHT)
                limits.pop(issue)
                moved.pop(("limit", issue), None)
        last_kinds = heard.claims
        for number, (kind, about) in enumerate(heard.claims):
            draw = plan.side.seed.stream("sim", plan.me, "faith", turn.index, number).random()
            believed = draw < plan.persona.credulity * trust
            if believed and kind in _WEIGHTS:
                moved[kind, about] = _WEIGHTS[kind]
            if believed and kind == "limit" and about in heard.limits:
                limits[about] = heard.limits[about]
        asked = False
    pressure = 1.0
    for weight in moved.values():
        pressure *= 1.0 - weight
    return Faith(trust, 1.0 - pressure, limits, believed, caught)


def _passed(plan: "TurnPlan", limits: dict[str, Value], position: dict[str, Value]) -> list[str]:
    """Return the issues on which an offer gives the hearer more than the stated limit allowed."""
    points = plan.deals.own_points
    return [
        issue
        for issue, limit in limits.items()
        if issue in position and points(issue, position[issue]) > points(issue, limit) + 1e-9
    ]
