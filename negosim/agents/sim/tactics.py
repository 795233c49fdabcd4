"""Choosing tactics: by phase, situation, and what was used and worked before."""

from collections.abc import Set as AbstractSet

from negosim.agents.sim.authored import frames_of
from negosim.agents.sim.frame_files import TacticFrames
from negosim.agents.sim.moves import may_step
from negosim.agents.sim.plan import TurnPlan
from negosim.traits import favour

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


def choose(plan: TurnPlan, k: int) -> list[str]:
    """Choose up to `k` different tactics, most promising kinds most often.

    The side has only those it may use: an honest role's are not deceptive.
    """
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "tactics")
    weights = weights_of(plan)
    chosen: list[str] = []
    while weights and len(chosen) < k:
        names = list(weights)
        tactic = rng.choices(names, [weights[name] for name in names])[0]
        chosen.append(tactic)
        del weights[tactic]
    return chosen


def _known(plan: TurnPlan) -> AbstractSet[str]:
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


def weights_of(plan: TurnPlan) -> dict[str, float]:
    """Return how much each tactic of the side is worth choosing now."""
    tactics = plan.side.tactics.by_id
    if plan.phase == "closing":
        return {name: 1.0 if frames_of(tactic).closing else 1e-6 for name, tactic in tactics.items()}
    known, said, uses, effects, lie = _known(plan), plan.reading.said, plan.uses, plan.effects, plan.lie
    traits = plan.side.traits
    phase, liking = _PHASES.index(plan.phase), plan.persona.liking
    steps = plan.move in ("talk", "offer") and may_step(plan)
    carriers = _LIE_TACTICS[lie] if lie is not None else ()
    weights: dict[str, float] = {}
    for tactic, definition in tactics.items():
        frames, used = frames_of(definition), uses.get(tactic, 0)
        speakable = steps if frames.stance == "step" else _speakable(frames, known, said, fresh=used < 2)
        if not speakable or (tactic in _CARRIERS and tactic not in carriers):
            weights[tactic] = 1e-6
            continue
        weight = frames.weights[phase] * liking(tactic) * _USED**used
        if traits:
            weight *= favour(traits, tactic, definition.family)
        if tactic in effects:
            weight *= 1.5 if effects[tactic] > 0 else 0.8
        if tactic in carriers:
            weight *= 4.0 if tactic in _CARRIERS else 3.0
        elif definition.deceptive:
            weight *= _COERCIVE
        weights[tactic] = max(weight, 1e-6)
    return weights


def _speakable(frames: TacticFrames, known: AbstractSet[str], said: str, *, fresh: bool) -> bool:
    """Return whether the tactic has a frame for this situation, and an unused one if it is not `fresh`."""
    return any(frame.needs <= known and (fresh or not frame.said_in(said)) for frame in frames.frames)
