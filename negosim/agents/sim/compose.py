"""Composing an utterance: reaction, tactic, statement and move, at the length the turn is meant to have."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from negosim.agents.sim.authored import frames_of
from negosim.agents.sim.bidding import Bid
from negosim.agents.sim.frame_files import Pool, TacticFrames, library
from negosim.agents.sim.grammar import Filled, Template
from negosim.agents.sim.moves import SpokenMove, bare, speak_move, talk_focus
from negosim.agents.sim.plan import TurnPlan
from negosim.agents.sim.reactions import react, reaction_kind, reaction_slots
from negosim.agents.sim.saying import statement_of
from negosim.agents.sim.slots import slots_on
from negosim.agents.sim.statements import Limit
from negosim.records import Action
from negosim.scenarios import Value

MOST_WORDS = 67
_CORE_WORDS = {"short": 5, "middle": 16, "long": 40}
_REACTION_WORDS = {"short": 4, "middle": 10, "long": 16}
"""By the length of a turn: words for the tactic, and for the reaction to the other side."""
_ANSWER_WORDS = 30
"""Room for a reaction that gives the reason asked for."""
_HEARD_WORDS = 8
"""Room for taking up a claim, however short the turn."""
_REACTS = {"short": 0.15, "middle": 0.6, "long": 0.95}
"""By length: how often what calls for no answer is reacted to."""
_ANSWERED = ("heard.", "question.", "cue.threat", "cue.demand", "cue.rumor", "opening", "greeted")
"""Kinds of reaction that are never left out."""


@dataclass(frozen=True)
class Composition:
    """What a tactic would say this turn, before the reaction to the other side is put in front."""

    tactic: str
    body: tuple[Filled, ...]
    """Tactic, statement and move, in the order they are said."""
    action: Action
    offer: dict[str, Value] | None
    bid: Bid | None
    limit: Limit | None
    """The limit stated in it, if any."""
    move: Filled
    """The words of the move."""
    own: Filled | None
    """The tactic's own words among them; None where it has none that fit."""

    @property
    def text(self) -> str:
        """The words."""
        return " ".join([part.text for part in self.body])


def compose(plan: TurnPlan, tactic: str) -> Composition:
    """Compose what a tactic would say this turn; the same plan and tactic give the same words."""
    found = plan.compositions.get(tactic)
    if found is None:
        found = plan.compositions[tactic] = _compose(plan, tactic)
    return found


def _compose(plan: TurnPlan, tactic: str) -> Composition:
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "words", tactic)
    frames = frames_of(plan.side.tactics.by_id[tactic])
    move = speak_move(plan, frames.stance, rng)
    if plan.phase == "closing":
        core, own = _closing(plan, frames, move, rng)
        return Composition(
            tactic, (move.filled, *core), move.action, move.offer, move.bid, None, move.filled, own
        )
    statement, limit = statement_of(plan, rng, answered=reaction_kind(plan).startswith("question.priority"))
    focus = move.focus or talk_focus(plan, rng)
    if frames.retreats and plan.retreat is not None:
        focus = plan.retreat
    free = MOST_WORDS - _size([move.filled])
    core, own = _core(plan, frames, move, focus, statement, rng, free)
    parts: list[Filled] = [move.filled, *core] if plan.accepts_part else [*core, move.filled]
    if move.action == "talk" and core and core[0].text.endswith("?") and _size(core) > 8:
        parts = [*core[1:], core[0]]  # the tactic's own question is enough
    if move.action == "offer" and len(core) == 1 and not core[0].claims and rng.random() < 0.3:
        parts.reverse()
    return Composition(tactic, tuple(parts), move.action, move.offer, move.bid, limit, move.filled, own)


def _size(parts: Iterable[Filled]) -> int:
    return sum(part.text.count(" ") + 1 for part in parts)


def _without_name(slots: dict[str, str], said: Iterable[Filled], plan: TurnPlan) -> dict[str, str]:
    """Take the other's name away once it was said: nobody says it twice in a breath."""
    named = plan.slots["you"] in " ".join([part.text for part in said])
    return {key: value for key, value in slots.items() if key != "you"} if named else slots


def _closing(
    plan: TurnPlan, frames: TacticFrames, move: SpokenMove, rng: Random
) -> tuple[list[Filled], Filled | None]:
    """Add the tactic's warm last words to a move that ends the conversation."""
    if move.action == "walk_away" or plan.move == "part" or plan.length == "short":
        return [], None
    slots = _without_name(plan.slots, [move.filled], plan)
    own = plan.pick(frames.closing, slots, rng)
    if own is None or own.said_in(plan.reading.said):
        other = plan.say(library().neutral.closing, slots, rng)
        return ([other] if other is not None else []), None
    said = own.fill(slots, rng, plan.persona.speaker)
    return [said], said if frames is not library().neutral else None


def _core(
    plan: TurnPlan,
    frames: TacticFrames,
    move: SpokenMove,
    focus: str,
    statement: Filled | None,
    rng: Random,
    free: int,
) -> tuple[list[Filled], Filled | None]:
    """Say what the tactic says about the focus, with this turn's statement and a reason where they fit.

    Returns the parts, and which of them are the tactic's own words.
    """
    slots = _core_slots(plan, focus, move)
    if plan.reading.last is None or rng.random() > plan.persona.voice.uses_name:
        slots.pop("you", None)
    else:
        slots = _without_name(slots, [move.filled], plan)
    if statement is not None:
        words = statement.claims[0][1]
        slots[str(plan.lie or plan.truth)] = words
        if plan.lie is not None:
            slots["lie"] = words
    answers = reaction_kind(plan) == "question.reason"
    reason = slots.pop("argument", None)
    argues = reason is not None and not answers and rng.random() < plan.persona.voice.argues
    short = plan.length == "short"
    budget = min(_CORE_WORDS[plan.length], free)
    full = {**slots, "argument": reason} if argues and not short and reason is not None else slots
    template = _choose(plan, frames.short if short else frames.frames, frames, full, rng, budget)
    if template is None:
        return ([statement] if statement is not None else []), None
    filled = template.fill(full, rng, plan.persona.speaker)
    if statement is not None and statement.claims[0][1] in filled.text:
        filled = Filled(filled.text, statement.claims, filled.slots)
        statement = None
    parts = [filled] if statement is None else [filled, statement]
    if len(parts) == 1 and argues and reason and reason not in filled.text and plan.length == "long":
        parts.append(Filled(reason, (), frozenset()))
    return parts, None if template in library().neutral.all or frames is library().neutral else filled


def _choose(
    plan: TurnPlan, pool: Pool, frames: TacticFrames, slots: dict[str, str], rng: Random, budget: int
) -> Template | None:
    """Choose words of the tactic, neutral ones where it has none that fit the situation."""
    neutral = library().neutral
    for templates in (pool, frames.frames, frames.short, neutral.frames):
        found = plan.pick(templates, slots, rng, budget)
        if found is not None:
            return found
    return None


def _core_slots(plan: TurnPlan, focus: str, move: SpokenMove) -> dict[str, str]:
    words, reading = plan.words, plan.reading
    slots = slots_on(plan, focus)
    if slots.get("theirs") == slots["focus"]:
        del slots["theirs"]
    argument = plan.argument(focus)
    if argument is not None:
        slots["argument"] = argument
    if move.bid is not None:
        deal = move.bid.deal
        slots["focus_value"] = (
            words.short[focus][deal[focus]] if plan.known else words.full[focus][deal[focus]]
        )
        first = next((p for p in reading.positions.get(plan.me, ()) if focus in p), None)
        if first is not None and plan.deals.own_points(focus, first[focus]) > plan.deals.own_points(
            focus, deal[focus]
        ):
            slots["was"] = words.short[focus][first[focus]]
    return slots


@dataclass(frozen=True)
class ComposedUtterance:
    """What is said in full."""

    text: str
    composition: Composition
    parts: tuple[Filled, ...]
    reaction: str | None
    """The kind of reaction in it, None without one."""
    realised: bool


def full_utterance(plan: TurnPlan, tactic: str) -> ComposedUtterance:
    """Put the reaction in front of a composition; now and then say hardly anything instead."""
    composition = compose(plan, tactic)
    rng = plan.side.seed.stream("sim", plan.me, plan.turn, "full")
    kind = reaction_kind(plan)
    must = kind.startswith(_ANSWERED)
    alone = bare(plan, rng) if not must else None
    if alone is not None:
        return ComposedUtterance(alone.text, composition, (alone,), None, False)
    parts = list(composition.body)
    reaction = None
    if plan.phase != "closing" and not plan.accepts_part and (must or rng.random() < _REACTS[plan.length]):
        reaction = _reaction(plan, kind, parts, composition)
    if reaction is not None:
        parts.insert(0, reaction)
        if kind in ("opening", "greeted") and rng.random() < plan.persona.voice.chat * 0.6:
            chat = plan.say("reactions.chat", {}, rng)
            if chat is not None:
                parts.insert(1, chat)
    if reaction is not None and plan.length == "short" and _says_enough(kind, composition, rng):
        parts = [reaction, composition.move]
    parts = _within(parts, composition.move, reaction)
    fixed = {position for position, part in enumerate(parts) if part.claims}
    texts = plan.words.lighter([part.text for part in parts], fixed, plan.arguments_read)
    realised = any(part is composition.own for part in parts)
    spoken = tuple(parts)
    return ComposedUtterance(
        " ".join(texts), composition, spoken, kind if reaction is not None else None, realised
    )


def _says_enough(kind: str, composition: Composition, rng: Random) -> bool:
    """Return whether a short turn has its answer and its move, and nothing else."""
    if composition.action == "accept" or any(part.claims for part in composition.body):
        return False
    return kind.startswith("question.") or (composition.action == "talk" and rng.random() < 0.7)


def _within(parts: list[Filled], move: Filled, reaction: Filled | None) -> list[Filled]:
    """Leave out what can be left out, until the whole is not longer than anybody would listen to."""
    for part in list(parts):
        spare = not part.claims and part is not move and part is not reaction
        if _size(parts) > MOST_WORDS + 3 and spare:
            parts = [other for other in parts if other is not part]
    if _size(parts) > MOST_WORDS + 3 and reaction is not None and not reaction.claims:
        parts = [part for part in parts if part is not reaction]
    return parts


def _reaction(plan: TurnPlan, kind: str, parts: list[Filled], composition: Composition) -> Filled | None:
    now = composition.bid.deal if composition.bid is not None and composition.action == "offer" else plan.mine
    if composition.action == "offer" and composition.offer is not None:
        now = {**(plan.mine or {}), **composition.offer}
    slots = _without_name(reaction_slots(plan, kind, now), parts, plan)
    if plan.reading.last is not None and plan.draws[8] > plan.persona.voice.uses_name:
        slots.pop("you", None)
    room = _ANSWER_WORDS if kind in ("question.reason", "question.priority") else _REACTION_WORDS[plan.length]
    if kind.startswith("heard."):
        room = max(room, _HEARD_WORDS)
    return react(plan, slots, min(room, max(3, MOST_WORDS - _size(parts))))
