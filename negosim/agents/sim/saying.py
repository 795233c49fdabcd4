"""Statements about the own situation: this turn's lie or disclosure in words, and the record of claims."""

from collections.abc import Iterable
from random import Random

from negosim.agents.sim.grammar import Filled
from negosim.agents.sim.plan import TurnPlan
from negosim.agents.sim.statements import DISCLOSED, Kind, Limit, claim, disclosure, omission
from negosim.records import Claim


def statement_of(plan: TurnPlan, rng: Random, *, answered: bool) -> tuple[Filled | None, Limit | None]:
    """Word this turn's lie or disclosure, if there is one to tell.

    Args:
        plan: the speaker's plan.
        rng: chooses the words.
        answered: whether the turn answers a question about priorities already.

    """
    kind = plan.lie or plan.truth
    if kind is None or answered:
        return None, None
    lying = plan.lie is not None
    if kind == "reservation":
        return _limit_statement(plan, rng)
    slots = dict(plan.slots)
    if plan.reading.last is None:
        del slots["you"]  # the greeting has the name
    figure = plan.lie_figure if kind == "alternative" and lying else None
    if figure is not None:
        slots["limit"] = plan.words.full[figure.issue][figure.value]
        return plan.say("claims.sure_of", slots, rng), figure
    if kind not in DISCLOSED:
        return plan.say(f"claims.{kind}", slots, rng), None
    sentence = disclosure(
        plan.side, kind, true=not lying, claims=plan.claims, said=plan.reading.said, rng=rng
    )
    if sentence is None:
        return (plan.say(f"claims.invented.{kind}", slots, rng) if lying else None), None
    slots["sentence"] = plan.worded(sentence)
    return plan.say(f"claims.{kind}", slots, rng), None


def _limit_statement(plan: TurnPlan, rng: Random) -> tuple[Filled | None, Limit | None]:
    limit = plan.lie_limit
    if limit is None:
        return None, None
    issue = plan.deals.issues[plan.deals.index[limit.issue]]
    points = plan.deals.points[plan.deals.index[limit.issue]]
    pool = "option" if issue.range is None else "below" if points[-1] >= points[0] else "above"
    slots = {
        **plan.slots,
        "limit": plan.words.short[limit.issue][limit.value],
        "limit_issue": plan.words.phrase[limit.issue],
    }
    return plan.say(f"claims.reservation.{pool}", slots, rng), limit


def claims_in(
    plan: TurnPlan, limit: Limit | None, parts: Iterable[Filled], reaction: str | None
) -> tuple[Claim, ...]:
    """Return the records of everything claimed in the parts of an utterance, and of what was held back."""
    parts = tuple(parts)
    made = [_record(plan, limit, kind, quote) for part in parts for kind, quote in part.claims]
    if reaction == "heard.silence" and plan.reading.heard is not None:
        about = "alternative" if plan.reading.heard.question == "alternative" else "deadline"
        made.append(omission(plan.side, about, parts[0].text))
    return tuple(made)


def _record(plan: TurnPlan, limit: Limit | None, kind: str, quote: str) -> Claim:
    role = plan.side.role
    match kind:
        case "priority":
            true = plan.declared == plan.top
            stated, actual = plan.declared, plan.top
            return claim(plan.side, "priority", quote, true=true, issue=stated, stated=stated, actual=actual)
        case "reservation":
            assert limit is not None
            return claim(
                plan.side,
                "reservation",
                quote,
                true=False,
                issue=limit.issue,
                stated=limit.value,
                actual=limit.actual,
            )
        case "alternative" | "deadline" | "fact":
            true = any(quote == plan.worded(sentence) for sentence in getattr(role.disclosures, kind))
            about = role.alternative if kind == "alternative" else None
            misleads = true and kind == "alternative" and plan.persona.palters
            return claim(
                plan.side,
                _kind(kind),
                quote,
                true=true,
                issue=limit.issue if limit is not None else None,
                stated=limit.value if limit is not None else None,
                actual=about,
                left_out=role.alternative if misleads else None,
            )
        case _:
            return claim(plan.side, _kind(kind), quote, true=False)


def _kind(name: str) -> Kind:
    kinds: dict[str, Kind] = {kind: kind for kind in ("alternative", "deadline", "fact", "promise", "rumor")}
    return kinds[name]
