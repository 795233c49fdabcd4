"""Choosing tactics: by phase, situation, and what was used and worked before."""

from collections.abc import Set as AbstractSet

from negosim.agents.sim._compose import frames_of
from negosim.agents.sim._frames import TacticFrames
from negosim.agents.sim._moves import may_step
from negosim.agents.sim._plan import Plan

_USED = 0.3
"""What is left of a tactic's weight after each use in the dialogue."""
_COERCIVE = 0.8
"""Weight of the deceptive tactics, next to the others, where the brief allows them."""

_LIE_TACTICS = {
    "priority": ("misrepresentation",),
    "reservation": ("misrepresentation",),
    "alternative": ("supply-scarcity", "threats", "misrepresentation"),
    "deadline": ("time-pressure",),
    "fact": ("false-information",),
    "promise": ("false-promises",),
    "rumor": ("rumors",),
}
"""By what the turn's lie is about: the tactics that carry it."""

_PHASES = ("early", "middle", "late")

_CARRIERS = frozenset({"misrepresentation", "false-information", "false-promises", "rumors"})
"""Tactics that are nothing without a lie."""


def choose(plan: Plan, k: int) -> list[str]:
    """Choose up to `k` different tactics, most promising kinds most often.

    The side has only those it may use: an honest role's are not deceptive.
    """
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "tactics")
    known = _known(plan)
    weights = {tactic: _weight(plan, tactic, known) for tactic in plan.side.tactics.by_id}
    chosen: list[str] = []
    while weights and len(chosen) < k:
        names = list(weights)
        tactic = rng.choices(names, [weights[name] for name in names])[0]
        chosen.append(tactic)
        del weights[tactic]
    return chosen


def _known(plan: Plan) -> AbstractSet[str]:
    """Return the slots that a tactic's frame can count on this turn."""
    known = plan.slots.keys() | {"focus", "argument"}
    if plan.move == "offer":
        known |= {"focus_value"}
    if plan.retreat is not None:
        known |= {"was"}
    if plan.lie is not None:
        known |= {"lie", plan.lie}
    elif plan.truth is not None:
        known |= {plan.truth}
    return known


def _speakable(plan: Plan, frames: TacticFrames, known: AbstractSet[str], fresh: bool) -> bool:
    """Return whether the tactic has a frame for this situation, and an unused one if it is not `fresh`."""
    if frames.stance == "step":
        return plan.move in ("talk", "offer") and may_step(plan)
    said = plan.reading.said
    return any(frame.needs <= known and (fresh or frame.key not in said) for frame in frames.frames)


def _weight(plan: Plan, tactic: str, known: AbstractSet[str]) -> float:
    frames = frames_of(tactic)
    if plan.phase == "closing":
        return 1.0 if frames.closing else 1e-6
    if not _speakable(plan, frames, known, plan.uses.get(tactic, 0) < 2):
        return 1e-6
    weight = frames.weights[_PHASES.index(plan.phase)]
    weight *= plan.persona.liking(tactic)
    weight *= _USED ** plan.uses.get(tactic, 0)
    effect = plan.effects.get(tactic)
    if effect is not None:
        weight *= 1.5 if effect > 0 else 0.8
    lie = plan.lie
    if tactic in _CARRIERS:
        weight *= 4.0 if lie is not None and tactic in _LIE_TACTICS[lie] else 1e-6
    elif lie is not None and tactic in _LIE_TACTICS[lie]:
        weight *= 3.0
    elif plan.side.tactics.by_id[tactic].deceptive:
        weight *= _COERCIVE
    return max(weight, 1e-6)
