"""The negotiation table: the rules of offers, acceptances and what they settle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from negosim.records import Action, Utterance
from negosim.scenarios import Issue, Value

Offer = Mapping[str, Value]


@dataclass(frozen=True)
class Table:
    """What is on the table after some utterances.

    - An offer replaces the standing offer. Issues it changes are no longer settled.
    - An acceptance agrees to the standing offer, which another role made. When every other role has
      accepted it, its values are settled.
    - When all issues are settled the roles have a deal. A later offer of other values reopens it.
    - A walk-away ends the negotiation without a deal.
    """

    issues: tuple[str, ...]
    roles: int
    standing: Offer | None = None
    standing_by: int | None = None
    accepted_by: frozenset[int] = frozenset()
    settled: Offer = field(default_factory=dict)
    offers_made: int = 0
    left_by: int | None = None

    @property
    def deal(self) -> dict[str, Value] | None:
        """The complete deal, if there are issues, all are settled and nobody has left."""
        if self.issues and self.left_by is None and all(issue in self.settled for issue in self.issues):
            return {issue: self.settled[issue] for issue in self.issues}
        return None

    def acceptable_by(self, role: int) -> dict[str, Value] | None:
        """Return what `role` would agree to by accepting now, None if no offer awaits its acceptance."""
        if self.standing is None or role in self.accepted_by:
            return None
        merged = {**self.settled, **self.standing}
        return {issue: merged[issue] for issue in self.issues if issue in merged}

    def moves(self, role: int) -> tuple[Action, ...]:
        """Return what an utterance of `role` can do now; a deal that stands is no longer walked away from."""
        if not self.issues:
            return ("talk", "walk_away")
        accept: tuple[Action, ...] = () if self.acceptable_by(role) is None else ("accept",)
        leave: tuple[Action, ...] = () if self.deal else ("walk_away",)
        return ("talk", "offer", *accept, *leave)

    def after(self, role: int, utterance: Utterance) -> "Table":
        """Return the table after an utterance of `role` that `check` found no fault with."""
        if utterance.action == "walk_away":
            return replace(self, left_by=role)
        if utterance.action == "offer" and utterance.offer:
            kept = {i: v for i, v in self.settled.items() if utterance.offer.get(i, v) == v}
            return replace(
                self,
                standing=dict(utterance.offer),
                standing_by=role,
                accepted_by=frozenset({role}),
                settled=kept,
                offers_made=self.offers_made + 1,
            )
        if utterance.action == "accept" and self.standing is not None:
            accepted = self.accepted_by | {role}
            if len(accepted) < self.roles:
                return replace(self, accepted_by=accepted)
            settled = {**self.settled, **self.standing}
            return replace(self, settled=settled, standing=None, standing_by=None, accepted_by=frozenset())
        return self

    def check(
        self, role: int, action: str, offer: Mapping[str, Any] | None, issues: Sequence[Issue]
    ) -> dict[str, Value] | None:
        """Check a move against the rules and return its offer in canonical values.

        Raises:
            ValueError: the move is against the rules; says which and what would be right.

        """
        by_id = {issue.id: issue for issue in issues}
        parsed: dict[str, Value] = {}
        for issue_id, value in (offer or {}).items():
            if value is None:
                continue
            if issue_id not in by_id:
                raise ValueError(f"offer: there is no issue {issue_id!r}; the issues are {', '.join(by_id)}")
            parsed[issue_id] = by_id[issue_id].parse(value)
        if action == "offer":
            if not parsed:
                raise ValueError("an offer needs a value for at least one issue")
            return {issue.id: parsed[issue.id] for issue in issues if issue.id in parsed}
        if action == "accept":
            open_offer = self.acceptable_by(role)
            if open_offer is None:
                raise ValueError("there is no offer of the other side to accept; talk or make an offer")
            changed = [i for i, v in parsed.items() if open_offer.get(i) != v]
            if changed:
                raise ValueError(
                    f"accepting cannot change the offer ({', '.join(changed)}); to change it, make an offer"
                )
        elif parsed:
            raise ValueError(f"values are given, but the action is {action!r}; offer them, or give none")
        return None


def table_after(issues: Sequence[Issue], roles: int, said: Iterable[tuple[int, Utterance]]) -> Table:
    """Return the table after a sequence of (role, utterance)."""
    table = Table(tuple(issue.id for issue in issues), roles)
    for role, utterance in said:
        table = table.after(role, utterance)
    return table
