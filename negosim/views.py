"""Views of agents: the public record and the agent's own side, built in one place.

Every prompt and every decision of an agent is made from a `View`. It has no way to the other
roles' briefs, payoffs, reflections or claims.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from negosim.order import Order, order_in
from negosim.records import Action, Aside, Claim, Rollout, Turn, Utterance
from negosim.scenarios import (
    Agreement,
    Answer,
    Deal,
    Issue,
    Measure,
    Role,
    Scenario,
    SpeakingOrder,
    Value,
    who_agrees,
)
from negosim.seeding import Seed
from negosim.table import Table
from negosim.taxonomies import Taxonomy
from negosim.traits import Trait


@dataclass(frozen=True)
class PublicRole:
    """What everybody knows about a role."""

    id: str
    name: str
    position: str


@dataclass(frozen=True)
class _Setting:
    """What everybody knows before the first word."""

    title: str
    context: str
    issues: tuple[Issue, ...]
    roles: tuple[PublicRole, ...]
    claim: str | None
    """What is argued about, where the scenario has a claim."""
    agreement: Agreement
    """Whose agreement makes a deal."""
    side_messages: bool
    """Whether roles can say something to some of the others alone."""

    def describe(self, deal: Deal) -> str:
        """Write a deal or a partial offer in one line."""
        return "; ".join(f"{i.name}: {i.label(deal[i.id])}" for i in self.issues if i.id in deal)

    def named(self, roles: Iterable[int]) -> str:
        """Write the names of roles, by position, in one line."""
        return " and ".join(self.roles[role].name for role in sorted(roles))

    @property
    def by_coalition(self) -> bool:
        """Whether some can make a deal without the others."""
        return self.agreement.needed(len(self.roles)) < len(self.roles)

    @property
    def who_agrees(self) -> str:
        """Whose agreement makes a deal, in words."""
        return who_agrees(self.agreement, {role.id: role.name for role in self.roles})


@dataclass(frozen=True)
class Side(_Setting):
    """The part of a view that stays the same for a whole dialogue."""

    index: int
    """The agent's own position in `roles`."""
    role: Role
    """The agent's own role, confidential parts included."""
    deceptive: bool
    opener: int
    order: Order
    """Who speaks after whom."""
    max_turns: int
    """Cap on utterances of the whole dialogue; 0 is unrestricted."""
    tactics: Taxonomy
    """What the agent may choose from: the ethical tactics only, unless it is deceptive."""
    techniques: Taxonomy | None
    """The deception taxonomy; only in the deceptive condition."""
    seed: Seed
    priors: tuple[tuple[Measure, Answer], ...] = ()
    """What the agent would answer to measures before the first word, as far as the scenario says."""
    traits: tuple[Trait, ...] = ()
    """The dispositions that the run gives it; nobody else knows them."""

    @property
    def others(self) -> tuple[int, ...]:
        """The positions of the other roles."""
        return tuple(i for i in range(len(self.roles)) if i != self.index)

    def value(self, deal: Deal) -> float:
        """Return what a complete deal is worth to the agent itself."""
        return sum(self.role.payoff.points(issue, deal[issue.id]) for issue in self.issues)


@dataclass(frozen=True)
class Audience(_Setting):
    """What a neutral reader of a dialogue knows: what is public, and nothing of any side."""

    index: None = None
    """A reader is none of the roles."""


@dataclass(frozen=True, slots=True)
class PublicTurn:
    """One utterance as everybody heard it."""

    index: int
    role: int
    text: str
    action: Action
    offer: dict[str, Value] | None
    floor: int | None = None
    """Whom the chair gives the floor to."""
    asides: tuple[Aside, ...] = ()
    """The side messages that the reader has said or heard; none for who is no role."""
    wordless: bool = False
    """Whether the text only names the move."""


@dataclass(frozen=True, slots=True)
class OwnTurn:
    """What the agent privately remembers of one of its own turns."""

    index: int
    reflection: str | None
    tactic: str | None
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What an agent sees when it is asked something."""

    side: Side
    transcript: tuple[PublicTurn, ...]
    own_turns: tuple[OwnTurn, ...]
    table: Table
    """Offers, acceptances and what is settled so far."""
    reflection: str | None = None
    """This turn's reflection, once there is one."""
    rollouts: tuple[Rollout, ...] = ()
    """This turn's candidates, scored, once there are some."""
    chosen: int | None = None
    draft: Utterance | None = None
    """This turn's utterance before consolidation."""

    @property
    def turn_index(self) -> int:
        """The index of the utterance being prepared (or of the next one)."""
        return len(self.transcript)

    @property
    def last(self) -> PublicTurn | None:
        """The latest utterance, None at the opening."""
        return self.transcript[-1] if self.transcript else None


def audience_of(scenario: Scenario) -> Audience:
    """Build what a neutral reader knows before the first word."""
    return Audience(**_setting(scenario))


def _setting(scenario: Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "context": scenario.context,
        "issues": scenario.issues,
        "roles": _public_roles(scenario),
        "claim": scenario.claim,
        "agreement": scenario.agreement,
        "side_messages": scenario.side_messages,
    }


def _public_roles(scenario: Scenario) -> tuple[PublicRole, ...]:
    return tuple(PublicRole(role.id, role.name, role.position) for role in scenario.roles)


def public_record(turns: Iterable[Turn], reader: int | None = None) -> tuple[PublicTurn, ...]:
    """Return what everybody heard, and nothing of what was behind it; to a role also what it was told."""
    return tuple(
        PublicTurn(
            t.index,
            t.role,
            t.utterance.text,
            t.utterance.action,
            t.utterance.offer,
            t.floor,
            tuple(aside for aside in t.asides if heard_by(aside, t.role, reader)) if t.asides else (),
            t.utterance.wordless,
        )
        for t in turns
    )


def heard_by(aside: Aside, speaker: int, reader: int | None) -> bool:
    """Tell whether a side message may be seen by a role; None, no role, sees none."""
    return reader is not None and (reader == speaker or reader in aside.to)


def side_of(
    scenario: Scenario,
    index: int,
    *,
    deceptive: bool,
    opener: int,
    max_turns: int,
    tactics: Taxonomy,
    techniques: Taxonomy,
    seed: Seed,
    order: SpeakingOrder | None = None,
    traits: tuple[Trait, ...] = (),
) -> Side:
    """Build what one role knows before the first word; `order` in place of the scenario's own."""
    role = scenario.roles[index]
    if not deceptive:
        role = role.model_copy(update={"deceptive_brief": None})
    return Side(
        **_setting(scenario),
        index=index,
        role=role,
        deceptive=deceptive,
        opener=opener,
        order=order_in(order or scenario.order, list(scenario.role_index), opener, seed),
        max_turns=max_turns,
        tactics=tactics.usable(deceptive=deceptive),
        techniques=techniques if deceptive else None,
        seed=seed,
        priors=tuple((m, m.parse(role.priors[m.id])) for m in scenario.measures if m.id in role.priors),
        traits=traits,
    )


def view_of(
    side: Side,
    turns: Sequence[Turn],
    table: Table,
    *,
    reflection: str | None = None,
    rollouts: tuple[Rollout, ...] = (),
    chosen: int | None = None,
    draft: Utterance | None = None,
    before: View | None = None,
) -> View:
    """Build the view of one role: the single function that decides what an agent sees.

    `before` is an earlier view of the same role and dialogue, whose record is taken over.
    """
    known = before.transcript if before is not None else ()
    own = before.own_turns if before is not None else ()
    new = turns[len(known) :]
    return View(
        side=side,
        transcript=(*known, *public_record(new, side.index)),
        own_turns=(
            *own,
            *(OwnTurn(t.index, t.reflection, t.tactic, t.claims) for t in new if t.role == side.index),
        ),
        table=table,
        reflection=reflection,
        rollouts=rollouts,
        chosen=chosen,
        draft=draft,
    )


def imagined(view: View, role: int, utterance: Utterance, floor: int | None = None) -> View:
    """Return a view as it would be after an utterance that nobody has made: what planners look ahead in.

    Args:
        view: what the role that imagines sees; nothing is added to it but what everybody would hear.
        role: position of who would speak.
        utterance: what would be said.
        floor: whom it would give the floor to.

    """
    said = PublicTurn(view.turn_index, role, utterance.text, utterance.action, utterance.offer, floor)
    return View(
        side=view.side,
        transcript=(*view.transcript, said),
        own_turns=view.own_turns,
        table=view.table.after(role, utterance),
    )


def next_of_the_others(view: View, began: int) -> int | None:
    """Return who would speak next of the others; None where all is over, or it is the viewer's turn again.

    Args:
        view: a real or an imagined one.
        began: index of the turn that the viewer looks ahead from. Each of the others speaks at most once
            on average before it is the viewer's turn again, whatever the order.

    """
    side, table = view.side, view.table
    spoken = len(view.transcript) - began
    if table.left_by is not None or (side.max_turns and view.turn_index >= side.max_turns):
        return None
    if spoken > len(side.others):
        return None
    speakers = [turn.role for turn in view.transcript]
    following = side.order.next_speaker(speakers, view.transcript[-1].floor, table.gone)
    return None if following == side.index else following
