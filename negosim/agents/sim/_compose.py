"""Composing an utterance: reaction, tactic, statement and move, within 20 to 70 words."""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from negosim.agents.sim._bidding import Bid
from negosim.agents.sim._frames import Filled, Frame, TacticFrames, library, pick
from negosim.agents.sim._moves import Spoken, speak_move, talk_focus
from negosim.agents.sim._plan import Plan
from negosim.agents.sim._reactions import react, reaction_kind, reaction_slots
from negosim.agents.sim._statements import DISCLOSED, Kind, Limit, claim, disclosure
from negosim.agents.sim._words import spoken
from negosim.records import Action, Claim
from negosim.scenarios import Value

MOST_WORDS = 67
LEAST_WORDS = 20
_REACTION_WORDS = 13
_ANSWER_WORDS = 30
"""Room kept for the reaction, and for one that gives the reason asked for."""
_SOME_WORDS = 4
"""By how much the room kept for the reaction may be cut."""


class Composition(NamedTuple):
    """What a tactic would say this turn, before the reaction to the other side is put in front."""

    tactic: str
    body: tuple[Filled, ...]
    """Tactic, statement and move, in the order they are said."""
    action: Action
    offer: dict[str, Value] | None
    bid: Bid | None
    limit: Limit | None
    """The limit stated in it, if any."""

    @property
    def text(self) -> str:
        """The words."""
        return " ".join([part.text for part in self.body])


def frames_of(tactic: str) -> TacticFrames:
    """Return how a tactic is put into words; neutral frames for one that has none of its own."""
    frames = library()
    return frames.tactics.get(tactic, frames.neutral)


def compose(plan: Plan, tactic: str) -> Composition:
    """Compose what a tactic would say this turn; the same plan and tactic give the same words."""
    found = plan.compositions.get(tactic)
    if found is None:
        found = plan.compositions[tactic] = _compose(plan, tactic)
    return found


def _compose(plan: Plan, tactic: str) -> Composition:
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "words", tactic)
    frames = frames_of(tactic)
    move = speak_move(plan, frames.stance, rng)
    if plan.phase == "closing":
        core = _closing(plan, frames, move, rng)
        return Composition(tactic, (move.filled, *core), move.action, move.offer, move.bid, None)
    statement, limit = _statement(plan, rng)
    free = MOST_WORDS - _size([move.filled])
    focus = move.focus or talk_focus(plan, rng)
    if frames.retreats and plan.retreat is not None:
        focus = plan.retreat
    core = _core(plan, frames, move, focus, statement, rng, free)
    if _size(core) > free:  # a lie that was planned is said before all else, if it fits at all
        core = [part for part in core if part.claims and plan.lie is not None]
        core = core if _size(core) <= free else []
    parts = [move.filled, *core] if plan.accepts_part else [*core, move.filled]
    if move.action == "talk" and core and core[0].text.endswith("?") and _size(core) > 8:
        parts = [*core[1:], core[0]]  # the tactic's own question is enough
    if (
        move.action == "offer"
        and len(core) == 1
        and not core[0].claims
        and plan.time < 0.8
        and rng.random() < 0.3
    ):
        parts.reverse()
    return Composition(tactic, tuple(parts), move.action, move.offer, move.bid, limit)


def _size(parts: Iterable[Filled]) -> int:
    return sum(part.text.count(" ") + 1 for part in parts)


def _without_name(slots: dict[str, str], said: Iterable[Filled]) -> dict[str, str]:
    """Take the other's name away once it was said: nobody says it twice in a breath."""
    return {key: value for key, value in slots.items() if key != "you"} if _named(said) else slots


def _named(parts: Iterable[Filled]) -> bool:
    return any("you" in part.slots for part in parts)


def _closing(plan: Plan, frames: TacticFrames, move: Spoken, rng: Random) -> list[Filled]:
    """Add the tactic's warm last words to a move that ends the conversation."""
    if move.action == "walk_away" or plan.move == "part":
        return []
    slots = _without_name(plan.slots, [move.filled])
    said, own = plan.reading.said, plan.reading.own
    frame = pick(frames.closing, slots, rng, said, own)
    if frame is None or frame.key in said:
        frame = pick(library().neutral.closing, slots, rng, said, own)
    return [frame.fill(slots)] if frame is not None else []


def _core(
    plan: Plan,
    frames: TacticFrames,
    move: Spoken,
    focus: str,
    statement: Filled | None,
    rng: Random,
    free: int,
) -> list[Filled]:
    """Say what the tactic says about the focus, with this turn's statement and a reason where they fit."""
    reading = plan.reading
    slots = _core_slots(plan, focus, move)
    if reading.last is None or _named([move.filled]) or rng.random() < 0.7:
        del slots["you"]
    answers = reaction_kind(plan) == "question.reason"
    if reading.last is not None:
        free -= _ANSWER_WORDS if answers else _REACTION_WORDS
    if statement is not None:
        free -= _size([statement])
        words = statement.claims[0][1]
        slots[str(plan.lie or plan.truth)] = words
        if plan.lie is not None:
            slots["lie"] = words
    reason = slots.pop("argument", None)
    wanted = reason is not None and not answers and rng.random() < 0.35 + 0.65 * plan.persona.talkativeness
    budget = max(10, free)
    full = {**slots, "argument": reason} if reason is not None and not answers else slots
    frame = _choose(plan, frames, full if wanted else slots, rng, budget)
    if frame is None or frame.key in reading.said:
        frame = _choose(plan, frames, full, rng, budget)
    if frame is None:
        return [statement] if statement is not None else []
    filled = frame.fill(full)
    if statement is not None and frame.needs & {"lie", plan.lie or plan.truth}:
        return [Filled(filled.text, statement.claims, filled.slots)]
    if statement is not None:
        if _size([filled]) <= free + _SOME_WORDS:
            return [filled, statement]
        return [statement] if plan.lie is not None else [filled]
    if wanted and reason is not None and "argument" not in frame.needs and rng.random() < 0.7:
        both = [filled, Filled(reason, (), frozenset())]
        if _size(both) <= free:
            return both
    return [filled]


def _choose(
    plan: Plan, frames: TacticFrames, slots: dict[str, str], rng: Random, budget: int
) -> Frame | None:
    """Choose a frame of the tactic, a neutral one where it has none that fits the situation."""
    said, own = plan.reading.said, plan.reading.own
    return pick(frames.frames, slots, rng, said, own, budget) or pick(
        library().neutral.frames, slots, rng, said, own, budget
    )


def _core_slots(plan: Plan, focus: str, move: Spoken) -> dict[str, str]:
    words, reading = plan.words, plan.reading
    slots = dict(plan.slots)
    slots["focus"] = words.phrase[focus]
    if slots["other"] == slots["focus"]:
        slots["other"] = slots.get("other2", slots["other"])
    if slots.get("theirs") == slots["focus"]:
        del slots["theirs"]
    argument = plan.argument(focus)
    if argument is not None:
        slots["argument"] = argument
    if move.bid is not None:
        deal = move.bid.deal
        slots["focus_value"] = (
            words.short[focus][deal[focus]] if plan.known else words.label[focus][deal[focus]]
        )
        first = next((p for p in reading.positions.get(plan.me, ()) if focus in p), None)
        if first is not None and plan.deals.own_points(focus, first[focus]) > plan.deals.own_points(
            focus, deal[focus]
        ):
            slots["was"] = words.short[focus][first[focus]]
    return slots


# Statements about the own situation


def _statement(plan: Plan, rng: Random) -> tuple[Filled | None, Limit | None]:
    """Word this turn's lie or disclosure, if there is one to tell."""
    kind = plan.lie or plan.truth
    if kind is None or (kind == "priority" and reaction_kind(plan).startswith("question.priority")):
        return None, None
    lying = plan.lie is not None
    if kind == "reservation":
        return _limit_statement(plan, rng)
    slots = dict(plan.slots)
    if plan.reading.last is None:
        del slots["you"]  # the greeting has the name
    pools = library().pools
    if kind in DISCLOSED:
        sentence = disclosure(
            plan.side, kind, true=not lying, claims=plan.claims, said=plan.reading.said, rng=rng
        )
        if sentence is None and lying:
            frame = pick(pools[f"claims.invented.{kind}"], slots, rng, plan.reading.said, plan.reading.own)
            return (frame.fill(slots) if frame is not None else None), None
        if sentence is None:
            return None, None
        slots["sentence"] = sentence
    frame = pick(pools[f"claims.{kind}"], slots, rng, plan.reading.said, plan.reading.own)
    return (frame.fill(slots) if frame is not None else None), None


def _limit_statement(plan: Plan, rng: Random) -> tuple[Filled | None, Limit | None]:
    limit = plan.lie_limit
    if limit is None:
        return None, None
    issue = plan.deals.issues[plan.deals.index[limit.issue]]
    points = plan.deals.points[plan.deals.index[limit.issue]]
    pool = "option" if issue.range is None else "below" if points[-1] >= points[0] else "above"
    slots = {
        **plan.slots,
        "limit": plan.words.label[limit.issue][limit.value],
        "limit_issue": plan.words.phrase[limit.issue],
    }
    frame = pick(
        library().pools[f"claims.reservation.{pool}"], slots, rng, plan.reading.said, plan.reading.own
    )
    return (frame.fill(slots) if frame is not None else None), limit


def claims_in(plan: Plan, composition: Composition, parts: tuple[Filled, ...]) -> tuple[Claim, ...]:
    """Return the records of everything claimed in the parts of an utterance."""
    return tuple(_record(plan, composition, kind, quote) for part in parts for kind, quote in part.claims)


def _record(plan: Plan, composition: Composition, kind: str, quote: str) -> Claim:
    role = plan.side.role
    match kind:
        case "priority":
            return claim(
                plan.side,
                "priority",
                quote,
                true=plan.declared == plan.top,
                issue=plan.declared,
                stated=plan.declared,
                actual=plan.top,
            )
        case "reservation":
            limit = composition.limit
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
            true = any(quote == spoken(sentence) for sentence in getattr(role.disclosures, kind))
            return claim(
                plan.side,
                _kind(kind),
                quote,
                true=true,
                actual=role.alternative if kind == "alternative" else None,
            )
        case _:
            return claim(plan.side, _kind(kind), quote, true=False)


def _kind(name: str) -> Kind:
    kinds: dict[str, Kind] = {kind: kind for kind in ("alternative", "deadline", "fact", "promise", "rumor")}
    return kinds[name]


def full_utterance(plan: Plan, tactic: str) -> tuple[str, Composition, tuple[Filled, ...]]:
    """Put the reaction in front of a composition and keep the whole between 20 and 70 words."""
    composition = compose(plan, tactic)
    parts = list(composition.body)
    if plan.phase != "closing" and not plan.accepts_part:
        slots = _without_name(reaction_slots(plan, reaction_kind(plan)), parts)
        reaction = react(plan, slots, MOST_WORDS - _size(parts))
        if reaction is not None:
            parts.insert(0, reaction)
    if _size(parts) < LEAST_WORDS:
        slots = _without_name(plan.slots, parts)
        pad = pick(library().pools["moves.pad"], slots, plan.rng, plan.reading.said, plan.reading.own)
        if pad is not None:
            parts.insert(1, pad.fill(slots))
    fixed = {position for position, part in enumerate(parts) if part.claims}
    texts = plan.words.lighter([part.text for part in parts], fixed, plan.arguments_read)
    return " ".join(texts), composition, tuple(parts)
