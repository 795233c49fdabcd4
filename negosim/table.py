"""The negotiation table: the rules of offers, acceptances and what they settle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from negosim.records import Action, Utterance
from negosim.scenarios import AgreementRule, Issue, Scenario, Value, everyone

Offer = Mapping[str, Value]


@dataclass(frozen=True)
class Table:
    """What is on the table after some utterances.

    - An offer replaces the standing offer.
    - An acceptance agrees to the standing offer, which another role made.
    - When those who agree can make a deal by the scenario's rule, the offer's values are settled.
    - When all issues are settled there is a deal.

    Where all have to agree, an offer may leave issues open; issues that a later offer changes are no
    longer settled, and a walk-away ends the negotiation without a deal.

    Where some can agree without the others, an offer settles every issue, and who agreed is a party to
    the deal. Others may still join by accepting. The deal stands until roles that can make one agree on
    another offer. A walk-away ends the negotiation once those who stay cannot make a deal.
    """

    issues: tuple[str, ...]
    roles: int
    standing: Offer | None = None
    standing_by: int | None = None
    accepted_by: frozenset[int] = frozenset()
    settled: Offer = field(default_factory=dict)
    offers_made: int = 0
    left_by: int | None = None
    """The role whose leaving ended the negotiation."""
    rule: AgreementRule | None = None
    """Whose agreement makes a deal; None: that of all."""
    parties: frozenset[int] = frozenset()
    """The roles that the deal is made by, where some can agree without the others."""
    gone: frozenset[int] = frozenset()
    """The roles that have left; they say nothing more."""

    @property
    def agreement(self) -> AgreementRule:
        """Whose agreement makes a deal."""
        return self.rule or everyone(self.roles)

    @property
    def by_coalition(self) -> bool:
        """Whether some can make a deal without the others."""
        return self.rule is not None and not self.rule.takes_all

    @property
    def deal(self) -> dict[str, Value] | None:
        """The complete deal, if there are issues, all are settled and nobody has left who was needed."""
        if self.issues and self.left_by is None and all(issue in self.settled for issue in self.issues):
            return {issue: self.settled[issue] for issue in self.issues}
        return None

    def in_deal(self, role: int) -> bool:
        """Tell whether there is a deal and a role is a party to it."""
        return self.deal is not None and (not self.by_coalition or role in self.parties)

    def acceptable_by(self, role: int) -> dict[str, Value] | None:
        """Return what `role` would agree to by accepting now, None if no offer awaits its acceptance."""
        if self.standing is None or role in self.accepted_by:
            return None
        merged = dict(self.standing) if self.by_coalition else {**self.settled, **self.standing}
        return {issue: merged[issue] for issue in self.issues if issue in merged}

    def settles(self, role: int) -> bool:
        """Tell whether `role` would settle the standing offer by accepting it now."""
        return self.standing is not None and self.agreement.met_by(self.accepted_by | {role})

    def moves(self, role: int) -> tuple[Action, ...]:
        """Return what an utterance of `role` can do now; who is in a deal does not walk away from it."""
        if not self.issues:
            return ("talk", "walk_away")
        accept: tuple[Action, ...] = () if self.acceptable_by(role) is None else ("accept",)
        leave: tuple[Action, ...] = () if self.in_deal(role) else ("walk_away",)
        return ("talk", "offer", *accept, *leave)

    def after(self, role: int, utterance: Utterance) -> "Table":
        """Return the table after an utterance of `role` that `check` found no fault with."""
        if utterance.action == "walk_away":
            return self._left(role)
        if utterance.action == "offer" and utterance.offer:
            offer = utterance.offer
            kept = {i: v for i, v in self.settled.items() if offer.get(i, v) == v}
            return replace(
                self,
                standing=dict(offer),
                standing_by=role,
                accepted_by=frozenset({role}),
                settled=self.settled if self.by_coalition else kept,
                offers_made=self.offers_made + 1,
            )
        if utterance.action == "accept" and self.standing is not None:
            accepted = self.accepted_by | {role}
            if not self.settles(role):
                return replace(self, accepted_by=accepted)
            if self.by_coalition:
                return replace(self, settled=self.standing, parties=accepted, accepted_by=accepted)
            settled = {**self.settled, **self.standing}
            return replace(self, settled=settled, standing=None, standing_by=None, accepted_by=frozenset())
        return self

    def _left(self, role: int) -> "Table":
        """Return the table after a role has left: what it offered or agreed to goes with it."""
        gone = self.gone | {role}
        staying = frozenset(range(self.roles)) - gone
        if not (self.by_coalition and (self.deal is not None or self.agreement.met_by(staying))):
            return replace(self, gone=gone, left_by=role)
        if self.standing_by == role:
            return replace(self, gone=gone, standing=None, standing_by=None, accepted_by=frozenset())
        return replace(self, gone=gone, accepted_by=self.accepted_by - {role})

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
            if self.by_coalition and len(parsed) < len(issues):
                left = ", ".join(issue.id for issue in issues if issue.id not in parsed)
                raise ValueError(f"here an offer needs a value for every issue; {left} is open")
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


def opening_table(scenario: Scenario) -> Table:
    """Return the table of a scenario before the first word."""
    rule = None if scenario.rule.takes_all else scenario.rule
    return Table(tuple(issue.id for issue in scenario.issues), len(scenario.roles), rule=rule)


def table_after(scenario: Scenario, said: Iterable[tuple[int, Utterance]]) -> Table:
    """Return the table of a scenario after a sequence of (role, utterance)."""
    table = opening_table(scenario)
    for role, utterance in said:
        table = table.after(role, utterance)
    return table
