"""The simulated negotiator's trust in what it is told.

A claim says something about the other's reservation value: an alternative by how good it is said to be, a
limit by what it would leave. A believed one moves the hearer's estimate of that value by as much, times
belief; a deadline presses. A claim that later words or offers contradict, or that no proof was shown for,
costs trust for the rest of the dialogue and takes back what it had moved.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from negosim.agents.sim.hearing import HeardClaim
from negosim.agents.sim.strength import ClaimKind
from negosim.scenarios import Value
from negosim.views import PublicTurn

if TYPE_CHECKING:
    from negosim.agents.sim.plan import TurnPlan

PRIOR = 0.5
"""Reservation value taken to be the other's before anything is known, 0 (its worst deal) to 1 (its best)."""

_LEAST, _MOST = 0.3, 0.88
"""Reservation value that the weakest and the strongest words about an alternative stand for."""
_EXPOSED = 0.42
"""Reservation value of somebody whose alternative was found to be invented."""
_HASTE: dict[ClaimKind, float] = {"deadline": 0.16, "promise": 0.06}
"""How far a believed claim presses that says nothing about a reservation value, in utility."""
_COST_CAUGHT, _COST_DODGED = 0.45, 0.3
"""Trust lost when a claim is contradicted, and when proof is refused."""
_WATCHFUL, _GULLIBLE = 0.06, 0.3
"""How far an offer must fall short of a claimed alternative to give the lie to it: with no credulity, and
added to that with full credulity."""
_STRONG, _DENIED = 0.7, 0.1
"""An alternative told as strong is contradicted by one told as weak."""

Caught = ClaimKind | Literal["proof"]


@dataclass(frozen=True)
class Faith:
    """How much one role believes another."""

    trust: float
    """1 until a claim is found false; never below 0."""
    reservation: float | None
    """The other's reservation value as far as believed claims tell, 0 to 1; None where they tell nothing."""
    haste: float
    """Utility given up because time is said to run out, or a favour was promised."""
    limits: dict[str, Value]
    """Stated limits that are believed."""
    believed: bool | None
    """Whether the latest claim is believed; None where the last utterance had none."""
    caught: Caught | None
    """What the last utterance shows to be false: an earlier claim of this kind, or "proof" refused."""


@dataclass
class _Told:
    """One claim as it stands."""

    claim: HeardClaim
    belief: float
    """0 where it is not believed."""


@dataclass
class _Listener:
    """What a hearer holds of another role's claims, turn after turn."""

    plan: "TurnPlan"
    other: int
    trust: float = 1.0
    caught: Caught | None = None
    believed: bool | None = None
    exposed: float = 0.0
    """How far the other is taken to have no good alternative, 0 to 1."""
    told: dict[tuple[ClaimKind, str], _Told] = field(default_factory=dict)
    position: dict[str, Value] = field(default_factory=dict)
    last: tuple[HeardClaim, ...] = ()

    def hear(self, turn: PublicTurn, asked: bool) -> None:
        """Take in one utterance of the other; `asked` says that the hearer had asked for proof."""
        heard = self.plan.ear.hear(turn.text)
        self.caught, self.believed = None, None
        if asked and heard.dodges:
            self._find_false(self.last, "proof", _COST_DODGED)
        for claim in heard.claims:
            self._find_false(self._denied_by(claim), claim.kind, _COST_CAUGHT)
        if turn.action == "offer" and turn.offer:
            self.position.update(turn.offer)
            self._find_false(self._passed(), "limit", _COST_CAUGHT)
            self._find_false(self._undercut(), "alternative", _COST_CAUGHT)
        self.last = heard.claims
        persona, seed = self.plan.persona, self.plan.side.seed
        for number, claim in enumerate(heard.claims):
            belief = persona.credulity * self.trust
            draw = seed.stream("sim", self.plan.me, "faith", turn.index, number).random()
            self.believed = draw < belief
            self.told[claim.key] = _Told(claim, belief if self.believed else 0.0)

    def _find_false(self, claims: tuple[HeardClaim, ...], kind: Caught, cost: float) -> None:
        if not claims:
            return
        self.caught, self.trust = kind, max(0.0, self.trust - cost)
        for claim in claims:
            self.told.pop(claim.key, None)
            if claim.kind == "alternative":
                self.exposed = 1.0

    def _denied_by(self, new: HeardClaim) -> tuple[HeardClaim, ...]:
        """Return the earlier claims that a new one contradicts."""
        return tuple(one.claim for one in self.told.values() if self._contradict(one.claim, new))

    def _contradict(self, old: HeardClaim, new: HeardClaim) -> bool:
        if old.kind != new.kind:
            return False
        points, issues = self.plan.deals.own_points, self.plan.deals.index
        match new.kind:
            case "priority":
                return old.about in issues and new.about in issues and old.about != new.about
            case "alternative":
                return old.strength >= _STRONG and new.strength <= _DENIED
            case "limit":
                return any(
                    points(issue, value) > points(issue, old.values[issue]) + 1e-9
                    for issue, value in new.values.items()
                    if issue in old.values
                )
            case _:
                return False

    def _passed(self) -> tuple[HeardClaim, ...]:
        """Return the limits past which an offer goes: it gives the hearer more than they allowed."""
        points, position = self.plan.deals.own_points, self.position
        return tuple(
            one.claim
            for one in self.told.values()
            if one.claim.kind == "limit"
            and any(
                issue in position and points(issue, position[issue]) > points(issue, limit) + 1e-9
                for issue, limit in one.claim.values.items()
            )
        )

    def _undercut(self) -> tuple[HeardClaim, ...]:
        """Return the alternatives that the other would not give up for what it offers now."""
        claims = tuple(one.claim for one in self.told.values() if one.claim.kind == "alternative")
        if not claims or not self.plan.complete(self.position):
            return ()
        worth = float(self.plan.guess(self.other).value[self.plan.deals.number(self.position)])
        margin = _WATCHFUL + _GULLIBLE * self.plan.persona.credulity
        return tuple(claim for claim in claims if worth < implied(self.plan, self.other, claim) - margin)

    def faith(self) -> Faith:
        """Sum up what is believed."""
        shifts = [
            (implied(self.plan, self.other, one.claim) - PRIOR) * one.belief
            for one in self.told.values()
            if one.claim.kind in ("alternative", "limit") and one.belief
        ]
        if self.exposed:
            shifts.append((_EXPOSED - PRIOR) * self.exposed)
        shift = max(shifts, key=abs) if shifts else None
        left = 1.0
        for one in self.told.values():
            left *= 1.0 - _HASTE.get(one.claim.kind, 0.0) * one.claim.strength * one.belief
        limits: dict[str, Value] = {}
        for one in self.told.values():
            if one.claim.kind == "limit" and one.belief:
                limits.update(one.claim.values)
        reservation = None if shift is None else PRIOR + shift
        return Faith(self.trust, reservation, 1.0 - left, limits, self.believed, self.caught)


def implied(plan: "TurnPlan", other: int, claim: HeardClaim) -> float:
    """Return the other's reservation value that a claim implies, on the hearer's view, 0 to 1.

    A value that is named counts with its issue's weight, the other issues at what was expected; words
    alone count by their strength.
    """
    if not claim.values:
        return PRIOR if claim.kind == "limit" else _LEAST + (_MOST - _LEAST) * claim.strength
    guess, deals = plan.guess(other), plan.deals
    worth, rest = 0.0, 1.0
    for issue, value in claim.values.items():
        place = deals.index[issue]
        weight = guess.weights[place]
        worth += weight * float(guess.scores[place][deals.positions[place][value]])
        rest -= weight
    if claim.kind == "limit":
        return worth + rest * PRIOR
    return worth + rest * (_LEAST + (_MOST - _LEAST) * claim.strength)


def faith_in(plan: "TurnPlan", other: int) -> Faith:
    """Go through what a role has said and work out how much of it is believed."""
    listener = _Listener(plan, other)
    asked = False
    for turn in plan.view.transcript:
        if turn.role == other:
            listener.hear(turn, asked)
            asked = False
        else:
            asked = turn.role == plan.me and plan.ear.hear(turn.text).question == "proof"
    return listener.faith()
