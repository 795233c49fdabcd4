"""Reading the public record: who has offered what, and what the last word was about."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from negosim.agents.sim.deals import Deals
from negosim.agents.sim.hearing import Ear, Heard
from negosim.scenarios import Value
from negosim.views import PublicTurn, View

Position = Mapping[str, Value]


@dataclass(frozen=True)
class Shift:
    """How a role's position changed from one offer to its next."""

    gains: tuple[str, ...]
    """Issues that moved the reader's way, the most valuable first."""
    losses: tuple[str, ...]
    before: Position
    after: Position


@dataclass(frozen=True)
class Reading:
    """What one role makes of the record."""

    said: str
    """Everything said so far."""
    own: str
    """What the reader said of it."""
    own_count: int
    """How often the reader has spoken."""
    last: PublicTurn | None
    """The latest utterance of another role."""
    heard: Heard | None
    """What was heard in it."""
    positions: Mapping[int, Sequence[Position]]
    """By role: its offers, each completed by what it offered before, oldest first."""
    offer_turns: Mapping[int, Sequence[int]]
    """By role: the turns of those offers."""
    shift: Shift | None
    """How the last utterance, an offer, changed its speaker's position, if that was complete before."""
    stressed: Mapping[int, Mapping[str, int]]
    """By other role: how often it said that an issue matters most."""
    limits: Mapping[int, Mapping[str, Value]]
    """By other role: values it said it cannot go past."""

    def latest(self, role: int) -> Position | None:
        """Return a role's present position, None before its first offer."""
        positions = self.positions.get(role)
        return positions[-1] if positions else None


def read(view: View, deals: Deals, ear: Ear) -> Reading:
    """Read the record as `view.side.index` sees it."""
    me = view.side.index
    positions: dict[int, list[Position]] = {}
    turns: dict[int, list[int]] = {}
    stressed: dict[int, Counter[str]] = {}
    limits: dict[int, dict[str, Value]] = {}
    last: PublicTurn | None = None
    shift: Shift | None = None
    own_texts: list[str] = []
    for turn in view.transcript:
        if turn.role == me:
            own_texts.append(turn.text)
        else:
            heard = ear.hear(turn.text)
            last, shift = turn, None
            if heard.priorities:
                stressed.setdefault(turn.role, Counter()).update(heard.priorities)
            if heard.limits:
                limits.setdefault(turn.role, {}).update(heard.limits)
        if turn.action == "offer" and turn.offer:
            known = positions.setdefault(turn.role, [])
            now = {**known[-1], **turn.offer} if known else dict(turn.offer)
            if known and len(known[-1]) == len(deals.ids) and turn.role != me:
                shift = shift_between(deals, known[-1], now)
            known.append(now)
            turns.setdefault(turn.role, []).append(turn.index)
    return Reading(
        said="\n".join([turn.text for turn in view.transcript]),
        own="\n".join(own_texts),
        own_count=len(own_texts),
        last=last,
        heard=ear.hear(last.text) if last else None,
        positions=positions,
        offer_turns=turns,
        shift=shift,
        stressed=stressed,
        limits=limits,
    )


def shift_between(deals: Deals, before: Position, after: Position) -> Shift:
    """Compare two positions in the reader's points."""
    deltas = {
        issue: deals.own_points(issue, after[issue]) - deals.own_points(issue, before[issue])
        for issue in after
        if issue in before and before[issue] != after[issue]
    }
    ranked = sorted(deltas, key=lambda issue: -abs(deltas[issue]))
    return Shift(
        gains=tuple(issue for issue in ranked if deltas[issue] > 0),
        losses=tuple(issue for issue in ranked if deltas[issue] < 0),
        before=before,
        after=after,
    )
