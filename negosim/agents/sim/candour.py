"""Choice of a turn's truth or lie, so that the story of a dialogue stays consistent."""

from random import Random
from typing import TYPE_CHECKING

from negosim.agents.sim.statements import DISCLOSED, Kind, Limit

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

_LIES: dict[str, dict[Kind, float]] = {
    "early": {"priority": 3, "fact": 2, "alternative": 1.5, "rumor": 1},
    "middle": {
        "reservation": 3,
        "alternative": 2,
        "fact": 1.5,
        "promise": 1.5,
        "rumor": 1.2,
        "priority": 1,
        "deadline": 1,
    },
    "late": {"deadline": 3, "reservation": 2, "promise": 2, "alternative": 1, "fact": 1},
}
"""How often each lie is told early, in the middle and late."""

_TRUTH_RATE = 0.16
"""Share of the other turns in which something true is disclosed."""
_FEIGNING = 0.75
"""Share of roles that lie at all that misstate their priorities; the others tell them truly."""
_FIGURES = 0.45
"""Share of invented alternatives that are told with a number."""
_SLACK = 0.05
"""Utility a false limit must claim beyond the real one."""


def declared_priority(plan: "TurnPlan") -> str:
    """Return the issue the role says matters most to it: what it said before, else its choice."""
    for made in plan.claims:
        if made.subject == "priority" and made.issue is not None:
            return made.issue
    ranked = plan.deals.by_weight
    if not _feigns(plan) or len(ranked) < 2:
        return plan.top
    lesser = ranked[(len(ranked) + 1) // 2 :]
    return lesser[int(plan.persona.decoy / _FEIGNING * len(lesser))]


def _feigns(plan: "TurnPlan") -> bool:
    return plan.side.deceptive and plan.persona.guile > 0 and plan.persona.decoy < _FEIGNING


def lie_to_tell(plan: "TurnPlan") -> Kind | None:
    """Choose what to lie about, None for no lie: by its guile, which is none in some personas."""
    if not plan.side.deceptive or plan.phase == "closing" or plan.draws[3] >= plan.persona.guile:
        return None
    options = [kind for kind in _LIES[plan.clock] if _can_lie(plan, kind)]
    if not options:
        return None
    return Random(plan.draws[4]).choices(options, [_LIES[plan.clock][kind] for kind in options])[0]


def truth_to_tell(plan: "TurnPlan") -> Kind | None:
    """Choose what to disclose truly, None for nothing."""
    if plan.phase == "closing" or plan.lie is not None or plan.draws[5] >= _TRUTH_RATE:
        return None
    return Random(plan.draws[4]).choice(("fact",) if plan.time < 0.2 else DISCLOSED)


def _can_lie(plan: "TurnPlan", kind: Kind) -> bool:
    told = [made.subject for made in plan.claims if not made.true]
    match kind:
        case "priority":
            return plan.declared != plan.top and told.count("priority") < 2
        case "reservation":
            return plan.lie_limit is not None
        case "promise":
            return told.count("promise") < 2
        case "rumor":
            return plan.reading.own_count > 0 and told.count("fact") < 2
        case _:
            consistent = all(not made.true for made in plan.claims if made.subject == kind)
            return consistent and told.count(kind) < 3


def false_limit(plan: "TurnPlan") -> Limit | None:
    """Return a limit the role can falsely state: what it asks for now, where it needs clearly less.

    Its own offers must bear it out: where it has offered less already, everybody would know.
    """
    if plan.mine is None:
        return None
    deals = plan.deals
    stated = {made.issue for made in plan.claims if made.subject == "reservation"}
    offers = plan.reading.positions.get(plan.me, ())
    for issue in deals.by_weight[:3]:
        if issue in stated or issue in plan.view.table.settled:
            continue
        value = plan.bid("fair").deal[issue]
        actual = deals.limit(issue)
        asked = deals.own_points(issue, value)
        if any(deals.own_points(issue, made[issue]) < asked - 1e-9 for made in offers if issue in made):
            continue
        if asked - deals.own_points(issue, actual) > _SLACK * deals.span:
            return Limit(issue, value, actual)
    return None


def false_figure(plan: "TurnPlan") -> Limit | None:
    """Return what the role can pretend to get without a deal: at least what it asks for, more with nerve.

    A number on an issue that matters to it, once a dialogue; None leaves the alternative to words alone.
    """
    deals = plan.deals
    told = any(made.subject == "alternative" and made.stated is not None for made in plan.claims)
    if told or plan.reading.own_count == 0 or plan.draws[4] >= _FIGURES:
        return None
    issue = next((i for i in deals.by_weight[:3] if deals.issues[deals.index[i]].range is not None), None)
    if issue is None or issue in plan.view.table.settled:
        return None
    asked = deals.own_points(issue, plan.bid("fair").deal[issue])
    better = [v for v in deals.issues[deals.index[issue]].values if deals.own_points(issue, v) >= asked]
    better.sort(key=lambda value: deals.own_points(issue, value))
    value = better[min(len(better) - 1, int(plan.persona.nerve * len(better)))]
    return Limit(issue, value, plan.side.role.alternative)
