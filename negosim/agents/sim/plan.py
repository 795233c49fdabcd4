"""A turn's plan: accept, offer, talk or leave, and the truth or lie told on the way."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any, Literal

from negosim.agents.sim.ambition import (
    aspiration_of,
    conceded_to,
    floor_of,
    grudge_of,
    limits_said,
    lowest_of,
    wish_at,
)
from negosim.agents.sim.authored import lines_of
from negosim.agents.sim.bidding import Bid
from negosim.agents.sim.candour import (
    declared_priority,
    false_figure,
    false_limit,
    lie_to_tell,
    truth_to_tell,
)
from negosim.agents.sim.deals import Floats, deals_of
from negosim.agents.sim.decision import Move, Phase, decide
from negosim.agents.sim.experience import effects_of, retreat_of
from negosim.agents.sim.faith import Faith, faith_in
from negosim.agents.sim.frame_files import library
from negosim.agents.sim.grammar import Filled, Template, pick
from negosim.agents.sim.hearing import words_and_ear
from negosim.agents.sim.opponent import Opponent, estimate
from negosim.agents.sim.others import allies_of, best_allies, opponents_of, worth_to_others
from negosim.agents.sim.own_bids import bid_of, yielding_bid
from negosim.agents.sim.persona import Persona, persona_of
from negosim.agents.sim.reading import Position, Reading, read
from negosim.agents.sim.slots import room_of, slots_of
from negosim.agents.sim.spelling import spoken, written
from negosim.agents.sim.statements import Kind, Limit, fresh, past
from negosim.agents.sim.voice import Length
from negosim.agents.sim.words import first_name
from negosim.records import Claim
from negosim.scenarios import Value
from negosim.views import View

HORIZON = 40
"""Utterances that an unrestricted negotiation is paced for."""

_OWN_LINES = 0.5
"""How often a role says one of the sentences that its scenario has for what is to be said."""


class TurnPlan:
    """One role's plan for one turn: everything that does not depend on the tactic."""

    def __init__(self, view: View, persona: Persona) -> None:
        self.view = view
        self.side = view.side
        self.me = view.side.index
        self.turn = view.turn_index
        self.persona = persona
        self.deals = deals_of(view.side.issues, view.side.role.payoff)
        self.words, self.ear = words_and_ear(view.side.issues)
        self.reading: Reading = read(view, self.deals, self.ear)
        self.claims: list[Claim] = past(view.own_turns)
        self.rng: Random = view.side.seed.stream("sim", self.me, self.turn, "plan")
        # Drawn in one go and in every condition, so that matched pairs share them.
        self.draws = [self.rng.random() for _ in range(9)]
        self.time = self.time_at(self.turn)
        self.compositions: dict[str, Any] = {}
        """Filled by `compose`: what each tactic would say."""
        self._arguments: dict[str, str | None] = {}
        self._bids: dict[str, Bid] = {}
        self._guesses: dict[int, Opponent] = {}
        self.reaction: str | None = None
        """Filled by `reaction_kind`."""
        accepted = self.me in view.table.accepted_by
        self.standing: Position | None = None if accepted else view.table.acceptable_by(self.me)
        """What accepting now would settle, None if there is nothing (more) for this role to accept."""
        self.move: Move = decide(self)

    def is_for(self, view: View) -> bool:
        """Return whether this is the plan of a view: of its side, at its point of the record."""
        mine = self.view
        return (
            mine.side is view.side
            and mine.transcript is view.transcript
            and mine.own_turns is view.own_turns
            and mine.table is view.table
        )

    @property
    def own_name(self) -> str:
        """How the others address this role."""
        return first_name(self.side.roles[self.me].name)

    # The clock

    @property
    def last_own(self) -> int:
        """The last turn this role will have, as far as it knows."""
        return self.side.order.last_turn(self.me, self.side.max_turns or HORIZON)

    def time_at(self, turn: int) -> float:
        """Return how much of the time there is will have passed, 0 to 1."""
        return min(1.0, turn / max(1, self.last_own))

    @cached_property
    def turns_left(self) -> int:
        """How many turns this role has after this one; in the unrestricted mode always some."""
        if not self.side.max_turns and self.turn >= self.last_own:
            return 1
        return self.side.order.turns_left(self.me, self.turn, self.last_own)

    @property
    def clock(self) -> Phase:
        """The phase by time alone."""
        return "early" if self.time < 0.25 else "middle" if self.time < 0.7 else "late"

    @cached_property
    def phase(self) -> Phase:
        """Where the conversation stands: by time, or closing."""
        ends = self.move in ("close", "leave", "part") or (self.move == "accept" and not self.accepts_part)
        return "closing" if ends else self.clock

    # The others

    @cached_property
    def you(self) -> int:
        """The role spoken to: whoever spoke last, else the next one."""
        last = self.reading.last
        return last.role if last else (self.me + 1) % len(self.side.roles)

    @cached_property
    def opponents(self) -> dict[int, Opponent]:
        """What each other role seems to want."""
        return opponents_of(self)

    @cached_property
    def faith(self) -> dict[int, Faith]:
        """How much each other role is believed."""
        return {role: faith_in(self, role) for role in self.side.others}

    @cached_property
    def pressure(self) -> float:
        """Utility that what it believes of the others' claims makes this role give up; below 0 it gains."""
        return conceded_to(self)

    def guess(self, other: int) -> Opponent:
        """What another role seems to want by its offers alone, whatever it says."""
        if other not in self._guesses:
            offers = self.reading.positions.get(other, ())
            self._guesses[other] = estimate(self.deals, offers, {}, {}, self.persona.fixed_pie)
        return self._guesses[other]

    @cached_property
    def trust(self) -> float:
        """The trust that is left, in whom it trusts least."""
        return min(faith.trust for faith in self.faith.values())

    @property
    def opponent(self) -> Opponent:
        """What the role spoken to seems to want."""
        return self.opponents[self.you]

    @cached_property
    def partner(self) -> Floats:
        """By deal: its estimated worth to the others, 0 to 1; with several, the worst off counts most."""
        return worth_to_others(self)

    @cached_property
    def allies(self) -> list[tuple[int, ...]]:
        """With whom this role could make a deal without anybody else, as far as they are still here."""
        return allies_of(self)

    def allies_in(self, number: int) -> tuple[int, ...]:
        """Return those to whom deal `number` seems worth most."""
        return best_allies(self, number)

    # Own bids

    def complete(self, position: Position | None) -> bool:
        """Return whether a position has a value for every issue."""
        return position is not None and len(position) == len(self.deals.ids)

    @cached_property
    def mine(self) -> Position | None:
        """The own last complete position."""
        latest = self.reading.latest(self.me)
        return latest if self.complete(latest) else None

    @cached_property
    def theirs(self) -> Position | None:
        """The last complete position of the role spoken to."""
        latest = self.reading.latest(self.you)
        return latest if self.complete(latest) else None

    @cached_property
    def their_number(self) -> int | None:
        """The number of that deal."""
        return self.deals.number(self.theirs) if self.theirs is not None else None

    @cached_property
    def own_limits(self) -> dict[str, Value]:
        """By issue: what this role has said it cannot go past; late in the day it climbs down."""
        return limits_said(self)

    @cached_property
    def floor(self) -> float:
        """The utility below which it does not mean to go: less under pressure, more where trust is gone."""
        return floor_of(self)

    def wish(self, time: float) -> float:
        """Return the utility wanted at a time, with what was heard taken into account."""
        return wish_at(self, time)

    @cached_property
    def aspiration(self) -> float:
        """The utility wanted now; never more than in the own last offer."""
        return aspiration_of(self)

    @cached_property
    def lowest(self) -> float:
        """The least utility that is accepted now: with no turn left anything better than no deal.

        Unless it is convinced of something better, or would rather lose than give in to a liar.
        """
        return lowest_of(self)

    @cached_property
    def out_of_time(self) -> bool:
        """Whether this is its last turn, or talk without an end has gone on for long enough."""
        return self.turns_left == 0 or (not self.side.max_turns and self.turn > self.last_own)

    @cached_property
    def yields(self) -> Bid | None:
        """The other's last offer as the own bid, where time is up and it is better than no deal."""
        return yielding_bid(self)

    @cached_property
    def grudge(self) -> Literal["belief", "spite"] | None:
        """Why this role would leave though an offer beats no deal; hardly anybody has a reason to."""
        return grudge_of(self)

    def bid(self, stance: str) -> Bid:
        """Return the offer of a stance, as if an offer were to be made now."""
        if stance not in self._bids:
            self._bids[stance] = bid_of(self, stance)
        return self._bids[stance]

    def utility_of(self, deal: Position) -> float:
        """Return a complete deal's utility: 0 no better than no deal, 1 the best there is."""
        return self.deals.utility(self.deals.worth(deal))

    @property
    def deal_since(self) -> int:
        """The turn after the last acceptance, which made the deal that stands or brought somebody in."""
        turns = self.view.transcript
        return next((turn.index + 1 for turn in reversed(turns) if turn.action == "accept"), 0)

    # Words

    def worded(self, sentence: str) -> str:
        """Write a scenario's sentence the way this persona talks."""
        return written(sentence) if self.persona.speaker.formal else spoken(sentence)

    def pick(
        self, pool: str | Sequence[Template], slots: Mapping[str, str], rng: Random, budget: int = 99
    ) -> Template | None:
        """Choose a template of a pool for this persona; see `negosim.agents.sim.grammar.pick`."""
        said, own, speaker = self.reading.said, self.reading.own, self.persona.speaker
        if not isinstance(pool, str):
            return pick(pool, slots, rng, said, own, speaker, budget)
        if (lines := lines_of(self.side.role, pool)) and rng.random() < _OWN_LINES:
            line = pick(lines, slots, rng, said, own, speaker, budget)
            if line is not None and not line.said_in(said):
                return line
        return pick(library().pools[pool], slots, rng, said, own, speaker, budget)

    def say(
        self, pool: str | Sequence[Template], slots: Mapping[str, str], rng: Random, budget: int = 99
    ) -> Filled | None:
        """Choose and word a template of a pool; None where none can be filled."""
        template = self.pick(pool, slots, rng, budget)
        return template.fill(slots, rng, self.persona.speaker) if template is not None else None

    @cached_property
    def length(self) -> Length:
        """How long this turn is meant to be."""
        drawn = self.persona.voice.length(Random(self.draws[6]))
        tells = self.lie is not None or self.truth is not None
        return "middle" if drawn == "short" and tells else drawn

    # What was tried before

    @cached_property
    def uses(self) -> dict[str, int]:
        """How often each tactic was used."""
        return Counter(turn.tactic for turn in self.view.own_turns if turn.tactic is not None)

    @cached_property
    def effects(self) -> dict[str, float]:
        """By tactic: how the others' offers changed right after its last use, in the own points."""
        return effects_of(self)

    @cached_property
    def last_tactic(self) -> str | None:
        """The tactic of the own last turn."""
        return self.view.own_turns[-1].tactic if self.view.own_turns else None

    # The decision

    @property
    def left_out(self) -> bool:
        """Whether there is a deal that this role is no party to."""
        table = self.view.table
        return table.deal is not None and not table.in_deal(self.me)

    @property
    def accepts_part(self) -> bool:
        """Whether the turn accepts an offer that does not settle everything."""
        return self.move == "accept" and not self.complete(self.standing)

    @cached_property
    def retreat(self) -> str | None:
        """The issue on which the next offer asks for the least compared with this role's first one."""
        return retreat_of(self)

    # What sentences can name

    @cached_property
    def slots(self) -> dict[str, str]:
        """What any sentence of this turn can name; empty ones are conditions that hold."""
        return slots_of(self)

    @property
    def known(self) -> bool:
        """Whether every issue was in a complete offer before, so that values speak for themselves."""
        return self.mine is not None or self.theirs is not None

    @cached_property
    def room(self) -> str:
        """The issue this role says it can give on: what matters least to it, by what it has said."""
        return room_of(self)

    def argument(self, issue: str) -> str | None:
        """Return an argument for an issue that was not used yet, None if there is none."""
        if issue not in self._arguments:
            said = self.reading.said
            unused = [text for text in self.side.role.arguments.get(issue, ()) if fresh(text, said)]
            self._arguments[issue] = self.worded(unused[int(self.draws[4] * len(unused))]) if unused else None
        return self._arguments[issue]

    @property
    def arguments_read(self) -> list[str]:
        """Every argument that may stand in this turn's sentences."""
        return [argument for argument in self._arguments.values() if argument is not None]

    # Truth and lies

    @property
    def top(self) -> str:
        """The issue that really matters most to this role."""
        return self.deals.by_weight[0]

    @cached_property
    def declared(self) -> str:
        """The issue it says matters most."""
        return declared_priority(self)

    @cached_property
    def lie(self) -> Kind | None:
        """What to lie about this turn, None for no lie."""
        return lie_to_tell(self)

    @cached_property
    def truth(self) -> Kind | None:
        """What to disclose truly this turn, None for nothing."""
        return truth_to_tell(self)

    @cached_property
    def lie_limit(self) -> Limit | None:
        """The limit this role can falsely state, None if there is none."""
        return false_limit(self)

    @cached_property
    def lie_figure(self) -> Limit | None:
        """What it falsely says to get without a deal, None where it names no number."""
        return false_figure(self)


_recent: deque[TurnPlan] = deque(maxlen=96)
"""The latest plans, the last one first."""


def plan_for(view: View) -> TurnPlan:
    """Return the plan for a view; the stages of one turn share it.

    A plan depends on the side and the record alone, not on what this turn's stages add to the view.
    """
    earlier = [plan for plan in tuple(_recent) if plan.side is view.side]
    if earlier and earlier[0].is_for(view):
        return earlier[0]
    side = view.side
    made = TurnPlan(view, earlier[0].persona if earlier else persona_of(side.seed, side.index, side.traits))
    _recent.appendleft(made)
    return made
