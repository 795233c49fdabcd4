"""Reacting to what was just said: which kind of reaction fits, and what it can name."""

from random import Random

from negosim.agents.sim._frames import Filled, library, pick
from negosim.agents.sim._plan import Plan
from negosim.agents.sim._reading import Position

_STRONG = ("threat", "alternative", "deadline", "limit", "promise", "rumor")
"""Remarks that call for an answer even where an offer came with them."""

Slots = dict[str, str]


def reaction_kind(plan: Plan) -> str:
    """Name the pool of reactions that fits the last utterance of another role."""
    if plan.reaction is None:
        plan.reaction = _kind(plan, plan.side.seed.stream("sim", plan.me, plan.turn, "reaction"))
    return plan.reaction


def _kind(plan: Plan, rng: Random) -> str:
    reading = plan.reading
    last, heard = reading.last, reading.heard
    if last is None or heard is None:
        return "opening"
    if last.action == "accept":
        return "joined" if plan.view.table.standing is not None else "agreed_part"
    strong = next((cue for cue in heard.cues if cue in _STRONG), None)
    if last.action == "offer" and last.offer:
        if strong is not None and rng.random() < 0.35:
            return f"cue.{strong}"
        return offer_kind(plan)
    if reading.own_count == 0 and heard.question not in ("priority", "success"):
        return "greeted"
    if "demand" in heard.cues and heard.question in (None, "room", "reason", "open"):
        return "cue.demand_yes" if plan.move == "offer" else "cue.demand_no"
    if heard.question is not None and (heard.question != "open" or not heard.cues):
        return _answer(plan, heard.question)
    if strong is not None:
        return f"cue.{strong}"
    cue = next((cue for cue in heard.cues if f"reactions.cue.{cue}" in library().pools), None)
    if cue is not None and rng.random() < 0.65:
        return f"cue.{cue}"
    return "mention" if heard.mentions else "plain"


def _answer(plan: Plan, question: str) -> str:
    if question == "offer" and plan.move != "offer":
        question = "offer_no"
    if question == "priority" and any(made.subject == "priority" for made in plan.claims):
        question = "priority_again"
    if question == "reason" and reason_asked(plan) is None:
        question = "reason_short" if plan.reading.heard and plan.reading.heard.asked else "open"
    return f"question.{question}"


def reason_asked(plan: Plan) -> str | None:
    """Return the issue the other side asked reasons for, if an argument for it is left."""
    asked = plan.reading.heard.asked if plan.reading.heard is not None else None
    return asked if asked is not None and plan.argument(asked) is not None else None


def offer_kind(plan: Plan) -> str:
    """Say what the last utterance, an offer, did to its speaker's position, in the hearer's points."""
    last, shift = plan.reading.last, plan.reading.shift
    if last is not None and last.offer is not None and len(last.offer) < len(plan.deals.ids):
        return "partial"
    if shift is None:
        return "first_offer"
    if shift.gains:
        return "trade" if shift.losses else "concession"
    return "retreat" if shift.losses else "hold"


def reaction_slots(plan: Plan, kind: str) -> Slots:
    """Return what a reaction of this kind can name: issues, old and new values."""
    slots = dict(plan.slots)
    reading, words = plan.reading, plan.words
    if reading.heard is not None:
        heard = reading.heard
        if heard.mentions:
            slots["issue"] = words.phrase[heard.mentions[0]]
        if heard.asked is not None:
            slots["asked"] = words.phrase[heard.asked]
        if kind == "cue.priority" and heard.priorities:
            slots["issue"] = words.phrase[heard.priorities[-1]]
        argument = (
            plan.argument(heard.asked) if kind == "question.reason" and heard.asked is not None else None
        )
        if argument is not None:
            slots["argument"] = argument
    if reading.shift is not None and reading.last is not None and reading.last.action == "offer":
        shift = reading.shift
        for issue in [*shift.gains, *shift.losses][:1]:
            _name(slots, plan, issue, shift.before, shift.after, "")
        if shift.gains and shift.losses:
            _name(slots, plan, shift.losses[0], shift.before, shift.after, "2")
    if kind in ("first_offer", "hold") and plan.theirs is not None:
        _name_gap(slots, plan, plan.theirs)
    if kind in ("partial", "agreed_part"):
        _name_part(slots, plan)
    return slots


def react(plan: Plan, slots: Slots, budget: int) -> Filled | None:
    """Choose and fill a reaction of at most `budget` words."""
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "reaction words")
    reading = plan.reading
    kind = reaction_kind(plan)
    for pool in (kind, "mention", "plain") if kind != "opening" else (kind,):
        frame = pick(library().pools[f"reactions.{pool}"], slots, rng, reading.said, reading.own, budget)
        if frame is not None and frame.size(slots) <= budget:
            return frame.fill(slots)
    return None


def _name(slots: Slots, plan: Plan, issue: str, before: Position, after: Position, suffix: str) -> None:
    words = plan.words
    slots[f"issue{suffix}"] = words.phrase[issue]
    slots[f"old{suffix}"] = words.label[issue][before[issue]]
    slots[f"before{suffix}"] = words.short[issue][before[issue]]
    slots[f"new{suffix}"] = words.short[issue][after[issue]]


def _name_gap(slots: Slots, plan: Plan, theirs: Position) -> None:
    """Name where their offer is farthest from the own wishes, and where it is closest."""
    deals, words = plan.deals, plan.words
    lost = {
        issue: float(points.max()) - deals.own_points(issue, theirs[issue])
        for issue, points in zip(deals.ids, deals.points, strict=True)
    }
    worst, best = max(lost, key=lambda issue: lost[issue]), min(lost, key=lambda issue: lost[issue])
    slots["issue"], slots["new"] = words.phrase[worst], words.full[worst][theirs[worst]]
    if best != worst:
        slots["liked"], slots["liked_value"] = words.phrase[best], words.full[best][theirs[best]]


def _name_part(slots: Slots, plan: Plan) -> None:
    """Name the single issue just proposed or agreed."""
    last = plan.reading.last
    offer = last.offer if last is not None and last.offer else plan.view.table.settled
    for issue, value in list(offer.items())[-1:]:
        slots["issue"], slots["new"] = plan.words.phrase[issue], plan.words.full[issue][value]
