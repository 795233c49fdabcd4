"""A turn's plan: accept, offer, talk or leave, and the truth or lie told on the way."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any, Literal

import numpy as np

from negosim.agents.sim._authored import lines_of
from negosim.agents.sim._bidding import Bid, Bidder, Constraints
from negosim.agents.sim._candour import declared_priority, false_limit, lie_to_tell, truth_to_tell
from negosim.agents.sim._deals import Floats, deals_of
from negosim.agents.sim._decision import Move, Phase, decide, gives_in
from negosim.agents.sim._faith import Faith, faith_in
from negosim.agents.sim._frames import library
from negosim.agents.sim._grammar import Filled, Template, pick
from negosim.agents.sim._hearing import words_and_ear
from negosim.agents.sim._opponent import Opponent, estimate
from negosim.agents.sim._persona import Persona, persona_of
from negosim.agents.sim._reading import Position, Reading, read
from negosim.agents.sim._spelling import spoken, written
from negosim.agents.sim._statements import Kind, Limit, fresh, past
from negosim.agents.sim._voice import Length
from negosim.agents.sim._words import first_name
from negosim.records import Claim
from negosim.scenarios import Value
from negosim.views import View

HORIZON = 40
"""Utterances that an unrestricted negotiation is paced for."""

_OWN_LINES = 0.5
"""How often a role says one of the sentences that its scenario has for what is to be said."""
_DRAGGED = 0.12
"""Utility by which an extreme first offer can draw down the wishes of whoever takes it as a measure."""
_RANKS = 25
"""How many bids a careless persona may pass over."""
_HARDENED = 0.2
"""Utility added to the floor where no trust is left."""
_TRUST_LOST = 0.7
"""Trust below which a spiteful persona bears a grudge."""

STANCES = {"firm": 0.05, "fair": 0.0, "give": -0.05, "step": 0.0}
"""How far a stance's offer lies from the present aspiration, as utility."""


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
        reading = self.reading
        return {
            role: estimate(
                self.deals,
                reading.positions.get(role, ()),
                self._stressed(role),
                self.faith[role].limits,
                self.persona.fixed_pie,
            )
            for role in self.side.others
        }

    def _stressed(self, role: int) -> Mapping[str, int]:
        """Return how often a role has said that an issue matters most, as this one has understood it."""
        understood: Counter[str] = Counter()
        for issue, count in self.reading.stressed.get(role, {}).items():
            rng = self.side.seed.stream("sim", self.me, "mishears", issue)
            wrong = rng.random() < self.persona.mishears * (2.0 - self.faith[role].trust)
            understood[rng.choice(self.deals.ids) if wrong else issue] += count
        return understood

    @cached_property
    def faith(self) -> dict[int, Faith]:
        """How much each other role is believed."""
        return {role: faith_in(self, role) for role in self.side.others}

    @cached_property
    def pressure(self) -> float:
        """How far what it believes of the others' claims has moved this role, 0 to 1."""
        return max(faith.pressure for faith in self.faith.values())

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
        if not self.view.table.by_coalition:
            return self._mixed(self.opponents)
        best: Floats = np.stack([self._mixed(allies) for allies in self.allies]).max(axis=0)
        return best

    def _mixed(self, roles: Iterable[int]) -> Floats:
        """By deal: its estimated worth to some others together; the worst off counts most."""
        values = [self.opponents[role].value for role in roles]
        if len(values) == 1:
            return values[0]
        together = np.stack(values)
        mixed: Floats = 0.5 * together.mean(axis=0) + 0.5 * together.min(axis=0)
        return mixed

    @cached_property
    def allies(self) -> list[tuple[int, ...]]:
        """With whom this role could make a deal without anybody else, as far as they are still here."""
        table = self.view.table
        smallest = [set(parties) - {self.me} for parties in table.agreement.smallest(self.me)]
        here = [tuple(sorted(others)) for others in smallest if not others & table.gone]
        return here or [self.side.others]

    def allies_in(self, number: int) -> tuple[int, ...]:
        """Return those to whom deal `number` seems worth most."""
        return max(self.allies, key=lambda roles: float(self._mixed(roles)[number]))

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
        if self.time > 0.75:
            return {}
        return {
            made.issue: made.stated
            for made in self.claims
            if not made.true and made.subject == "reservation" and made.issue and made.stated is not None
        }

    @cached_property
    def floor(self) -> float:
        """The utility below which it does not mean to go: less under pressure, more where trust is gone."""
        floor = self.persona.floor * (1.0 - 0.8 * self.pressure) + _HARDENED * (1.0 - self.trust)
        return min(floor, 0.9)

    def wish(self, time: float) -> float:
        """Return the utility wanted at a time, with what was heard taken into account."""
        curve = self.persona.aspiration(time) - self.persona.floor
        return self.floor + curve * (1.0 - 0.5 * self.pressure) - self._dragged

    @cached_property
    def _dragged(self) -> float:
        """How far the other's first offer, if it came before the own, draws the wishes down."""
        positions, turns = self.reading.positions, self.reading.offer_turns
        first = min((turns[role][0] for role in self.side.others if turns.get(role)), default=None)
        mine = turns.get(self.me)
        if first is None or (mine and mine[0] < first):
            return 0.0
        anchor = next(positions[role][0] for role in self.side.others if turns.get(role, (None,))[0] == first)
        if not self.complete(anchor):
            return 0.0
        far = max(0.0, 1.0 - max(0.0, self.deals.utility(self.deals.worth(anchor))))
        return _DRAGGED * self.persona.anchored * far * (1.0 - self.time)

    @cached_property
    def aspiration(self) -> float:
        """The utility wanted now; never more than in the own last offer."""
        wanted = self.wish(self.time)
        if self.mine is not None:
            wanted = min(wanted, self.deals.utility(self.deals.worth(self.mine)))
        return max(wanted, min(self.floor, self.persona.floor))

    @cached_property
    def lowest(self) -> float:
        """The least utility that is accepted now: with no turn left anything better than no deal.

        Unless it is convinced of something better, or would rather lose than give in to a liar.
        """
        return 0.0 if self.out_of_time and self.grudge is None else max(0.02, self.floor)

    @cached_property
    def out_of_time(self) -> bool:
        """Whether this is its last turn, or talk without an end has gone on for long enough."""
        return self.turns_left == 0 or (not self.side.max_turns and self.turn > self.last_own)

    @cached_property
    def yields(self) -> Bid | None:
        """The other's last offer as the own bid, where time is up and it is better than no deal."""
        return (
            self._bidder({}).at(self.their_number)
            if gives_in(self) and self.their_number is not None
            else None
        )

    @cached_property
    def grudge(self) -> Literal["belief", "spite"] | None:
        """Why this role would leave though an offer beats no deal; hardly anybody has a reason to."""
        if self.persona.spiteful and self.trust < _TRUST_LOST:
            return "spite"
        return "belief" if self.persona.overconfident else None

    @cached_property
    def _bids(self) -> dict[str, Bid]:
        return {}

    def bid(self, stance: str) -> Bid:
        """Return the offer of a stance, as if an offer were to be made now."""
        found = self._bids.get(stance)
        if found is None:
            limits = dict(self.own_limits)
            if stance != "fair" and self.lie == "reservation" and self.lie_limit is not None:
                limits[self.lie_limit.issue] = self.lie_limit.value
            wanted = self.aspiration + STANCES[stance]
            found = self._bids[stance] = self._bidder(limits).bid(wanted, self._rank)
        return found

    @cached_property
    def _rank(self) -> int:
        """Which of the best bids to make: people do not optimise to the last point."""
        rng = Random(self.draws[0])
        if rng.random() < 0.6 - 0.5 * self.persona.careless:
            return 1
        return 1 + int(_RANKS * self.persona.careless * rng.random()) + rng.choice((0, 1))

    def _bidder(self, limits: dict[str, Value]) -> Bidder:
        offered = [self.deals.number(p) for p in self.reading.positions.get(self.me, ()) if self.complete(p)]
        return Bidder(
            self.deals,
            self.partner,
            Constraints(
                {} if self.view.table.by_coalition else self.view.table.settled,
                limits,
                offered,
                max(0.0, 0.75 * min(self.floor, self.persona.floor)),
            ),
            self.their_number,
            offered[-1] if self.mine is not None else None,
        )

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
        """Choose a template of a pool for this persona; see `negosim.agents.sim._grammar.pick`."""
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
        known: list[tuple[int, float]] = sorted(
            (turn, self.deals.worth(position))
            for role in self.side.others
            for turn, position in zip(
                self.reading.offer_turns.get(role, ()), self.reading.positions.get(role, ()), strict=True
            )
            if self.complete(position)
        )
        effects: dict[str, float] = {}
        for own in self.view.own_turns:
            before = [worth for turn, worth in known if turn < own.index]
            after = [worth for turn, worth in known if turn > own.index]
            if own.tactic is not None and before and after:
                effects[own.tactic] = after[0] - before[-1]
        return effects

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
        positions = self.reading.positions.get(self.me)
        if self.move != "offer" or not positions:
            return None
        first, now = positions[0], self.bid("fair").deal
        steps = {i: self.deals.own_points(i, first[i]) - self.deals.own_points(i, now[i]) for i in first}
        best = max(steps, key=lambda issue: steps[issue])
        return best if steps[best] > 0 else None

    # What sentences can name

    @cached_property
    def slots(self) -> dict[str, str]:
        """What any sentence of this turn can name; empty ones are conditions that hold."""
        phrase, ranking, reading = self.words.phrase, self.opponent.ranking, self.reading
        theirs = [issue for issue in ranking if issue != self.declared] or list(ranking)
        slots = {
            "you": first_name(self.side.roles[self.you].name),
            "other": phrase[theirs[0]],
            "stated": phrase[self.declared],
            "room": phrase[self.room],
        }
        if len(theirs) > 1:
            slots["other2"] = phrase[theirs[1]]
        if reading.heard is not None:
            slots["heard"] = ""
            if reading.heard.quotable is not None:
                slots["quote"] = reading.heard.quotable
            if reading.heard.mentions:
                slots["theirs"] = phrase[reading.heard.mentions[0]]
        if reading.own_count > 1:
            slots["later"] = ""
        if self.time < 0.4:
            slots["early"] = ""
        stressed = reading.stressed.get(self.you)
        if stressed:
            slots["stressed"] = phrase[max(stressed, key=lambda issue: stressed[issue])]
        if len(reading.positions.get(self.you, ())) > 1 and len(reading.positions.get(self.me, ())) > 1:
            slots["both_offered"] = ""
        return slots

    @property
    def known(self) -> bool:
        """Whether every issue was in a complete offer before, so that values speak for themselves."""
        return self.mine is not None or self.theirs is not None

    @cached_property
    def room(self) -> str:
        """The issue this role says it can give on: what matters least to it, by what it has said."""
        lightest_first = reversed(self.deals.by_weight)
        return next((issue for issue in lightest_first if issue != self.declared), self.declared)

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


_recent: deque[TurnPlan] = deque(maxlen=96)
"""The latest plans, the last one first."""


def plan_for(view: View) -> TurnPlan:
    """Return the plan for a view; the stages of one turn share it.

    A plan depends on the side and the record alone, not on what this turn's stages add to the view.
    """
    earlier = [plan for plan in tuple(_recent) if plan.side is view.side]
    if earlier and earlier[0].is_for(view):
        return earlier[0]
    made = TurnPlan(view, earlier[0].persona if earlier else persona_of(view.side.seed, view.side.index))
    _recent.appendleft(made)
    return made
