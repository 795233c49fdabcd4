"""What to do this turn: accept, offer, talk, leave, and which truth or lie to tell on the way."""

from collections import Counter
from functools import cached_property
from random import Random
from typing import Any, Literal

import numpy as np

from negosim.agents.sim._bidding import Bid, Bidder, Constraints
from negosim.agents.sim._deals import Floats, deals_of
from negosim.agents.sim._hearing import words_and_ear
from negosim.agents.sim._opponent import Opponent, estimate
from negosim.agents.sim._persona import Persona, persona_of
from negosim.agents.sim._reading import Position, Reading, read
from negosim.agents.sim._statements import DISCLOSED, Kind, Limit, declared_priority, limit_on, past
from negosim.agents.sim._words import first_name, spoken
from negosim.records import Claim
from negosim.scenarios import Value
from negosim.views import View

Move = Literal["talk", "offer", "accept", "leave", "close", "wait", "part"]
"""What the turn does; "part": the time is up and there is nothing left but to say so."""

Phase = Literal["early", "middle", "late", "closing"]

HORIZON = 40
"""Utterances that an unrestricted negotiation is paced for."""

STANCES = {"firm": 0.05, "fair": 0.0, "give": -0.05, "step": 0.0}
"""How far a stance's offer lies from the present aspiration, as utility."""

_LIES: dict[str, dict[Kind, float]] = {
    "early": {"priority": 3, "fact": 2, "alternative": 1.5, "rumor": 1},
    "middle": {"reservation": 3, "alternative": 2, "fact": 1.5, "priority": 1, "promise": 1.5, "rumor": 1.2, "deadline": 1},
    "late": {"deadline": 3, "reservation": 2, "promise": 2, "alternative": 1, "fact": 1},
}
_LIE_RATE = 0.5
_TRUTH_RATE = 0.25
_FEIGNING = 0.75
"""Share of lying roles that misstate their priorities, the others tell them truly."""


class Plan:
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
        self._draws = [self.rng.random() for _ in range(6)]
        self.time = self._time(self.turn)
        self.compositions: dict[str, Any] = {}
        """Filled by `compose`: what each tactic would say."""
        self._arguments: dict[str, str | None] = {}
        self.reaction: str | None = None
        """Filled by `reaction_kind`."""
        self.standing: Position | None = self._standing()
        self.move: Move = self._move()

    @property
    def own_name(self) -> str:
        """How the others address this role."""
        return first_name(self.side.roles[self.me].name)

    # The clock

    @property
    def _last_own(self) -> int:
        """The last turn this role will have, as far as it knows."""
        side = self.side
        seats, place = len(side.roles), (self.me - side.opener) % len(side.roles)
        end = side.max_turns or HORIZON
        return end - 1 - (end - 1 - place) % seats

    def _time(self, turn: int) -> float:
        return min(1.0, turn / max(1, self._last_own))

    @cached_property
    def turns_left(self) -> int:
        """How many turns this role has after this one; in the unrestricted mode always some."""
        if not self.side.max_turns and self.turn >= self._last_own:
            return 1
        return max(0, (self._last_own - self.turn) // len(self.side.roles))

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
                self.deals, reading.positions.get(role, ()), reading.stressed.get(role, {}), reading.limits.get(role, {})
            )
            for role in self.side.others
        }

    @property
    def opponent(self) -> Opponent:
        """What the role spoken to seems to want."""
        return self.opponents[self.you]

    @cached_property
    def partner(self) -> Floats:
        """By deal: its estimated worth to the others, 0 to 1; with several, the worst off counts most."""
        values = [opponent.value for opponent in self.opponents.values()]
        if len(values) == 1:
            return values[0]
        together = np.stack(values)
        mixed: Floats = 0.5 * together.mean(axis=0) + 0.5 * together.min(axis=0)
        return mixed

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
    def aspiration(self) -> float:
        """The utility wanted now; never more than in the own last offer."""
        wanted = self.persona.aspiration(self.time)
        if self.mine is not None:
            wanted = min(wanted, self.deals.utility(self.deals.worth(self.mine)))
        return max(wanted, self.persona.floor)

    @cached_property
    def lowest(self) -> float:
        """The least utility that is accepted now: with no turn left, somewhat less than the floor."""
        return max(0.02, self.persona.floor * (0.75 if self.turns_left == 0 else 1.0))

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
            rng = Random(self._draws[0])
            found = self._bids[stance] = self._bidder(limits).bid(self.aspiration + STANCES[stance], rng)
        return found

    def _bidder(self, limits: dict[str, Value]) -> Bidder:
        offered = [self.deals.number(p) for p in self.reading.positions.get(self.me, ()) if self.complete(p)]
        return Bidder(
            self.deals,
            self.partner,
            Constraints(dict(self.view.table.settled), limits, offered, 0.75 * self.persona.floor),
            self.deals.number(self.theirs) if self.theirs is not None else None,
            self.deals.number(self.mine) if self.mine is not None else None,
        )

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

    def _standing(self) -> Position | None:
        """What accepting now would settle, None if there is nothing (more) for this role to accept."""
        if self.me in self.view.table.accepted_by:
            return None
        return self.view.table.acceptable_by(self.me)

    @property
    def accepts_part(self) -> bool:
        """Whether the turn accepts an offer that does not settle everything."""
        return self.move == "accept" and not self.complete(self.standing)

    def _move(self) -> Move:
        table = self.view.table
        if table.deal is not None:
            return "close"
        if self.standing is not None and self._acceptable(self.standing):
            return "accept"
        if self._waiting():
            return "wait"
        if self._hopeless():
            return "leave"
        if self.side.max_turns and self.turn == self.side.max_turns - 1:
            return "part"
        return "talk" if self._rather_talks() else "offer"

    def _acceptable(self, standing: Position) -> bool:
        if not self.complete(standing):
            return self._acceptable_part(standing)
        utility = self.deals.utility(self.deals.worth(standing))
        if utility < self.lowest or self.turns_left == 0:
            return utility >= self.lowest
        if self.reading.own_count < 2 and self.turns_left > 2:
            return False
        wanted = max(self.persona.floor, self.persona.aspiration(self._time(self.turn + len(self.side.roles))))
        return utility >= min(wanted, self.bid("fair").utility) - 0.01

    def _acceptable_part(self, standing: Position) -> bool:
        """Accept single issues where they are as good as the own next offer has them."""
        offered = self.view.table.standing or {}
        fair = self.bid("fair").deal
        gain = sum(self.deals.own_points(i, v) - self.deals.own_points(i, fair[i]) for i, v in offered.items())
        new = any(self.view.table.settled.get(issue) != value for issue, value in offered.items())
        return new and gain >= -0.04 * self.deals.span and self._room_beyond(standing)

    def _room_beyond(self, standing: Position) -> bool:
        """Return whether enough is left to win on the issues that stay open."""
        best = sum(
            self.deals.own_points(issue, standing[issue]) if issue in standing else float(points.max())
            for issue, points in zip(self.deals.ids, self.deals.points, strict=True)
        )
        return self.deals.utility(best) >= self.persona.aspiration(self.time)

    def _waiting(self) -> bool:
        """With three roles or more: an offer this role stands by still waits for somebody's word."""
        table = self.view.table
        if len(self.side.roles) < 3 or self.me not in table.accepted_by:
            return False
        made = max((turns[-1] for turns in self.reading.offer_turns.values()), default=0)
        heard = {turn.role for turn in self.view.transcript[made:]}
        return len(heard | {self.me}) < len(self.side.roles)

    def _hopeless(self) -> bool:
        """Return whether to leave: late, nothing acceptable offered, and patience at an end."""
        offers = [p for role in self.side.others for p in self.reading.positions.get(role, ()) if self.complete(p)]
        if not self.side.max_turns and self.turn > self._last_own:
            return self._draws[1] < 0.1 + 0.1 * (1.0 - self.persona.patience)
        if self.time < 0.85 or self.turns_left == 0 or len(offers) < 3:
            return False
        best = max(self.deals.utility(self.deals.worth(position)) for position in offers)
        return best < self.persona.floor - 0.2 and self._draws[1] < 0.3 * (1.0 - self.persona.patience)

    def _rather_talks(self) -> bool:
        reading, left = self.reading, self.turns_left
        if left <= 2 or self.time > 0.8:
            return False
        explore = (0 if left < 2 else 1 if left < 5 else 2) + (left > 9 and self.persona.directness < 0.4)
        offered = bool(reading.positions)
        if reading.own_count < explore:
            return not (offered and reading.own_count > 1)
        if reading.own_count == explore and not offered and self._draws[2] < 0.3 and left > 8:
            return True
        last_own = next((t for t in reversed(self.view.transcript) if t.role == self.me), None)
        if last_own is None or last_own.action == "talk":
            return False
        if reading.last is not None and reading.last.action == "talk":
            return self._draws[2] < 0.55
        stuck = reading.shift is not None and not reading.shift.gains
        return self._draws[2] < self.persona.talkativeness * (1.2 if stuck else 0.6)

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
        stressed = reading.stressed.get(self.you)
        if stressed:
            slots["stressed"] = phrase[max(stressed, key=lambda issue: stressed[issue])]
        if len(reading.positions.get(self.you, ())) > 1 and len(reading.positions.get(self.me, ())) > 1:
            slots["both_offered"] = ""
        return slots

    @property
    def known(self) -> bool:
        """Whether every issue was already in somebody's complete offer, so that values speak for themselves."""
        return self.mine is not None or self.theirs is not None

    @cached_property
    def room(self) -> str:
        """The issue this role says it can give on: what matters least to it, by what it has said."""
        ranked = sorted(range(len(self.deals.ids)), key=lambda position: self.deals.weights[position])
        return next((self.deals.ids[p] for p in ranked if self.deals.ids[p] != self.declared), self.deals.ids[0])

    def argument(self, issue: str) -> str | None:
        """Return an argument for an issue that was not used yet, None if there is none."""
        if issue not in self._arguments:
            said = self.reading.said
            unused = [text for text in map(spoken, self.side.role.arguments.get(issue, ())) if text[1:] not in said]
            self._arguments[issue] = unused[int(self._draws[4] * len(unused))] if unused else None
        return self._arguments[issue]

    # Truth and lies

    @cached_property
    def top(self) -> str:
        """The issue that really matters most to this role."""
        return self.deals.ids[max(range(len(self.deals.ids)), key=lambda position: self.deals.weights[position])]

    @cached_property
    def feigns(self) -> bool:
        """Whether this role misstates its priorities in this dialogue."""
        return self.side.deceptive and self.persona.decoy < _FEIGNING

    @cached_property
    def declared(self) -> str:
        """The issue it says matters most."""
        return declared_priority(self.deals, self.persona, self.claims, lying=self.feigns)

    @cached_property
    def lie(self) -> Kind | None:
        """What to lie about this turn, None for no lie. The first lie comes in the first two turns."""
        if not self.side.deceptive or self.phase == "closing":
            return None
        lied = any(not made.true for made in self.claims)
        if self._draws[3] >= _LIE_RATE and (lied or self.reading.own_count < 1):
            return None
        options = [kind for kind in _LIES[self.clock] if self._can_lie(kind)]
        if not options:
            return None
        return Random(self._draws[4]).choices(options, [_LIES[self.clock][kind] for kind in options])[0]

    @cached_property
    def truth(self) -> Kind | None:
        """What to disclose truly this turn, None for nothing."""
        if self.phase == "closing" or self.lie is not None or self._draws[5] >= _TRUTH_RATE:
            return None
        return Random(self._draws[4]).choice(("fact",) if self.time < 0.2 else DISCLOSED)

    def _can_lie(self, kind: Kind) -> bool:
        told = [made.subject for made in self.claims if not made.true]
        match kind:
            case "priority":
                return self.feigns and self.declared != self.top and told.count("priority") < 2
            case "reservation":
                return self.lie_limit is not None
            case "promise":
                return told.count("promise") < 2
            case "rumor":
                return self.reading.own_count > 0 and told.count("fact") < 2
            case _:
                return all(not made.true for made in self.claims if made.subject == kind) and told.count(kind) < 3

    @cached_property
    def lie_limit(self) -> Limit | None:
        """The limit this role can falsely state: what it asks for now, where it needs clearly less."""
        if self.mine is None:
            return None
        stated = {made.issue for made in self.claims if made.subject == "reservation"}
        ranked = sorted(range(len(self.deals.ids)), key=lambda position: -self.deals.weights[position])
        for issue in (self.deals.ids[position] for position in ranked[:3]):
            if issue in stated or issue in self.view.table.settled:
                continue
            limit = limit_on(self.deals, issue, self.bid("fair").deal[issue], None)
            if limit is None:
                continue
            slack = self.deals.own_points(issue, limit.value) - self.deals.own_points(issue, limit.actual)
            if slack > 0.05 * self.deals.span:
                return limit
        return None


_PLANS = 512
_plans: dict[int, Plan] = {}


def plan_for(view: View) -> Plan:
    """Return the plan for a view; the stages of one turn share it.

    A plan depends on the side and the record alone, not on what this turn's stages add to the view.
    """
    last = _plans.get(id(view.side))
    if last is not None and last.view.side is not view.side:
        last = None
    if (
        last is not None
        and last.view.transcript is view.transcript
        and last.view.own_turns is view.own_turns
        and last.view.table is view.table
    ):
        return last
    if len(_plans) >= _PLANS:
        _plans.clear()
    plan = _plans[id(view.side)] = Plan(view, last.persona if last is not None else persona_of(view.side))
    return plan
