"""Private thoughts and expected replies, in the scenario's own numbers and words."""

from random import Random

from negosim.agents.sim.compose import Composition
from negosim.agents.sim.frame_files import library
from negosim.agents.sim.grammar import Template, pick
from negosim.agents.sim.plan import TurnPlan
from negosim.agents.sim.reactions import offer_kind, reaction_kind, reaction_slots

_ASSESSMENTS = ("first_offer", "concession", "trade", "retreat", "hold", "partial", "agreed_part")


def thought(plan: TurnPlan) -> str:
    """Write two or three sentences of private reasoning about this turn."""
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "reflect")
    kind = reaction_kind(plan)
    slots = {**reaction_slots(plan, kind), **_numbers(plan)}
    own = "\n".join([turn.reflection or "" for turn in plan.view.own_turns])
    pools = ["assess." + _assessment(plan, kind)]
    if plan.lie is not None:
        pools += ["next." + _step(plan), "lie." + plan.lie]
    elif plan.phase == "closing" or plan.reading.last is None:
        pools += ["next." + _step(plan)]
    else:
        pools += [_middle(plan, rng), "next." + _step(plan)]
    sentences = []
    for pool in pools:
        template = _pick(plan, f"thoughts.{pool}", slots, rng, own)
        if template is not None:
            sentences.append(template.fill(slots, rng, plan.persona.speaker).text)
    return " ".join(sentences)


def _pick(plan: TurnPlan, pool: str, slots: dict[str, str], rng: Random, own: str) -> Template | None:
    return pick(library().pools[pool], slots, rng, own, own, plan.persona.speaker)


def _assessment(plan: TurnPlan, kind: str) -> str:
    if plan.reading.last is None:
        return "opening"
    if kind == "greeted" or (plan.reading.own_count == 0 and not plan.reading.positions):
        return "greeted"
    if plan.reading.last.action == "offer":
        kind = offer_kind(plan)
    if plan.view.table.deal is not None:
        return "deal"
    return kind if kind in _ASSESSMENTS else "talk"


def _middle(plan: TurnPlan, rng: Random) -> str:
    """Say what is known of the other side, or whether the last tactic worked."""
    effect = plan.effects.get(plan.last_tactic) if plan.last_tactic is not None else None
    if effect is not None and rng.random() < 0.5:
        return "worked" if effect > 0 else "stalled"
    return (
        "estimate" if plan.reading.positions.get(plan.you) or plan.reading.stressed.get(plan.you) else "guess"
    )


def _step(plan: TurnPlan) -> str:
    if plan.move == "accept":
        return "accept_part" if plan.accepts_part else "accept"
    if plan.move == "offer":
        return "offer_first" if plan.mine is None else "offer_late" if plan.time > 0.75 else "offer"
    return plan.move


def _numbers(plan: TurnPlan) -> dict[str, str]:
    deals, words = plan.deals, plan.words
    payoff = plan.side.role.payoff
    slots = {
        "top": words.phrase[plan.top],
        "reservation": f"{payoff.reservation:.0f}",
        "target": f"{payoff.target:.0f}",
        "aim": f"{deals.reservation + plan.aspiration * deals.span:.0f}",
        "left": "1 turn" if plan.turns_left == 1 else f"{plan.turns_left} turns",
    }
    if plan.theirs is not None:
        slots["worth"] = f"{deals.worth(plan.theirs):.0f}"
    if plan.mine is not None:
        slots["mine"] = f"{deals.worth(plan.mine):.0f}"
    if plan.view.table.deal is not None:
        slots["worth"] = f"{deals.worth(plan.view.table.deal):.0f}"
    if plan.move == "offer":
        bid = plan.bid("fair")
        slots["bid"] = f"{bid.value:.0f}"
        slots["partner"] = f"{100 * bid.partner:.0f}"
        if plan.mine is not None:
            gives = [
                i for i in deals.ids if deals.own_points(i, bid.deal[i]) < deals.own_points(i, plan.mine[i])
            ]
            if gives:
                slots["give"] = words.full[gives[0]][bid.deal[gives[0]]]
    if plan.last_tactic is not None:
        tactic = plan.side.tactics.by_id.get(plan.last_tactic)
        slots["tactic"] = tactic.name.casefold() if tactic else plan.last_tactic
    if plan.lie == "reservation" and plan.lie_limit is not None:
        limit = plan.lie_limit
        slots["limit"], slots["limit_issue"] = (
            words.label[limit.issue][limit.value],
            words.phrase[limit.issue],
        )
        slots["actual"] = words.label[limit.issue][limit.actual]
    return slots


def expected_reply(plan: TurnPlan, composition: Composition, chance: float) -> str:
    """Write the reply to expect, in the other side's voice.

    Args:
        plan: the speaker's plan.
        composition: what the speaker would say.
        chance: the estimated chance that the other side accepts the offer in it.

    """
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "reply", composition.tactic)
    slots = dict(plan.slots)
    slots["me"] = plan.own_name
    deal = composition.bid.deal if composition.bid is not None else None
    if deal is not None:
        opponent, deals = plan.opponent, plan.deals
        gaps = {
            issue: opponent.weights[n] * (1.0 - float(opponent.scores[n][deals.positions[n][deal[issue]]]))
            for n, issue in enumerate(deals.ids)
        }
        ranked = sorted(gaps, key=lambda issue: -gaps[issue])
        slots["gap"] = plan.words.phrase[ranked[0]]
        slots["fine"] = plan.words.full[ranked[-1]][deal[ranked[-1]]]
    pool: str = composition.action
    if pool in ("accept", "walk_away"):
        pass
    elif plan.phase == "closing":
        pool = "closing"
    elif composition.action == "talk":
        pool = "talk"
    else:
        pool = "likely" if chance > 0.6 else "maybe" if chance > 0.25 else "unlikely"
    reply = plan.say(f"replies.{pool}", slots, rng)
    assert reply is not None, f"pool replies.{pool} has no template without special slots"
    return reply.text
