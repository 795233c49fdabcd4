"""The simulated negotiator's rollout judge: what a candidate is worth, to the speaker or to all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from negosim.agents._protocol import Score
from negosim.agents.sim.compose import compose
from negosim.agents.sim.deals import Deals, deals_of
from negosim.agents.sim.plan import TurnPlan, plan_for
from negosim.config import Objective
from negosim.records import SIMULATED, Rollout
from negosim.scenarios import Role, Value
from negosim.traits import favour
from negosim.views import View

_SLOPE = 0.07
"""How sharply the chance of a yes rises with what the other side gets."""


@dataclass(frozen=True)
class Prospect:
    """What a deal would bring, and how likely it is."""

    own: float
    """0 (reservation value) to 1 (the speaker's best deal); below 0 a loss."""
    others: float
    """The others' mean, 0 (worst deal for them) to 1 (their best deal)."""
    chance: float
    """Of a yes, 0 to 1."""


def prospect(plan: TurnPlan, number: int, other_deals: Sequence[Deals] = ()) -> Prospect:
    """Weigh deal `number`: by the opponent model, or by the real payoffs where these are given."""
    own = plan.deals.utility(float(plan.deals.value[number]))
    wanted = plan.their_number
    if other_deals:
        values, demands = [], []
        for real in other_deals:
            values.append(max(0.0, real.utility(float(real.value[number]))))
            demands.append(real.utility(float(real.value[wanted])) if wanted is not None else 0.9)
        others, demand = sum(values) / len(values), sum(demands) / len(demands)
    else:
        others = float(plan.partner[number])
        demand = float(plan.partner[wanted]) if wanted is not None else 0.9
    patience = 0.08 + 0.3 * plan.time
    chance = 1.0 / (1.0 + math.exp(-(others - demand + patience) / _SLOPE))
    return Prospect(own, others, chance)


class SimJudge:
    """Scores candidates by expected value, without a model.

    A candidate of the simulated negotiator is judged by the offer it stands for; any other text by
    the values it names, the rest taken from the last offer.
    """

    model = SIMULATED

    async def score(
        self, view: View, rollouts: Sequence[Rollout], objective: Objective, other_sides: Sequence[Role]
    ) -> Sequence[Score]:
        """Score each candidate from 0 to 10 on the objective."""
        plan = plan_for(view)
        other_deals = [deals_of(view.side.issues, role.payoff) for role in other_sides]
        return [self._score(plan, rollout, objective, other_deals) for rollout in rollouts]

    def _score(
        self, plan: TurnPlan, rollout: Rollout, objective: Objective, other_deals: Sequence[Deals]
    ) -> Score:
        number = _deal_meant(plan, rollout)
        # What is to be had without this candidate: about what the speaker wants now, discounted.
        later = prospect(plan, plan.bid("fair").number, other_deals) if plan.phase != "closing" else None
        fallback = 0.75 * _worth(later, objective) if later is not None else 0.0
        taste = 0.04 * _likes(plan, rollout.tactic) + 0.02 * _effect(plan, rollout.tactic)
        if number is None:
            bonus = 0.12 * (1.0 - plan.time)
            return Score(
                _scaled(fallback + bonus + taste),
                "No offer in it: nothing is given away, and something is learnt.",
            )
        seen = prospect(plan, number, other_deals)
        worth = _worth(seen, objective)
        expected = seen.chance * worth + (1.0 - seen.chance) * fallback
        value = float(plan.deals.value[number])
        share, chance = (
            f"{100 * seen.others:.0f} %",
            f"{_likelihood(seen.chance)} ({100 * seen.chance:.0f} %)",
        )
        reason = (
            f"{value:.0f} of at most {plan.deals.best:.0f} points for the speaker, about {share} of the "
            f"others' best; a yes is {chance}."
        )
        return Score(_scaled(expected + taste), reason)


def _worth(seen: Prospect, objective: Objective) -> float:
    return seen.own if objective == "own" else (seen.own + seen.others) / 2


def _scaled(value: float) -> float:
    return round(10.0 * min(1.0, max(0.0, value)), 1)


def _effect(plan: TurnPlan, tactic: str) -> float:
    effect = plan.effects.get(tactic)
    return 0.0 if effect is None else math.copysign(1.0, effect)


def _likes(plan: TurnPlan, tactic: str) -> float:
    """Return how much more than others it likes a tactic, -0.5 to 0.5, and more by its traits."""
    liking, traits = plan.persona.liking(tactic) - 1.0, plan.side.traits
    known = plan.side.tactics.by_id.get(tactic)
    return liking + math.log(favour(traits, tactic, known.family)) if traits and known else liking


def _likelihood(chance: float) -> str:
    return "likely" if chance > 0.6 else "possible" if chance > 0.25 else "unlikely"


def _deal_meant(plan: TurnPlan, rollout: Rollout) -> int | None:
    """Return the complete deal a candidate aims at, None if it makes no offer."""
    composition = compose(plan, rollout.tactic)
    if composition.text == rollout.utterance:
        if composition.action == "accept" and plan.complete(plan.standing):
            return plan.deals.number(plan.standing or {})
        return composition.bid.number if composition.bid is not None else None
    named: dict[str, Value] = plan.words.named_in(rollout.utterance)
    if not named:
        return None
    base = plan.theirs or plan.mine or plan.bid("fair").deal
    return plan.deals.number({**base, **named})
