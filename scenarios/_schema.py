"""The shape of a scenario file: roles, payoffs, measures and the judge's resolution questions."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from negosim._fields import Name, Number, Slug, Text
from negosim._frozen import Frozen, empty
from negosim.scenarios._issues import Deal, Issue, Value
from negosim.scenarios._measures import Answer, Measure, MeasureId
from negosim.scenarios._parties import ALL, ROUND_ROBIN, Agreement, AgreementRule, SpeakingOrder
from negosim.scenarios._rewards import Reward

if TYPE_CHECKING:
    from negosim.scenarios._space import DealSpace

_COLON = re.compile("[:\uff1a\ufe55\u2236\ua789]")
"""A colon, and what looks like one."""


Simulated = Literal["persuader", "donor", "supporter", "help-seeker", "discussant"]
"""Embedded participants for roles that settle nothing."""


def _no_label(name: str) -> str:
    if _COLON.search(name) or name.casefold() == "you":
        raise ValueError('transcripts put a colon behind a name, and "You" for the reader; use another name')
    return name


def _usual(given: Any) -> bool:
    return given in (ALL, ROUND_ROBIN)


def _table_kind(given: object) -> str | None:
    if isinstance(given, Mapping):
        return "by option"
    return "by number" if isinstance(given, list | tuple) else None


PayoffTable = Annotated[
    Annotated[dict[Slug, Number], Tag("by option")]
    | Annotated[tuple[tuple[Number, Number], ...], Tag("by number")],
    Discriminator(
        _table_kind,
        custom_error_type="payoff_table",
        custom_error_message="give the points of each option, or a list of [value, points]",
    ),
]
"""The points of every option, or `[[value, points], ...]` for a numeric issue."""


class Payoff(Frozen):
    """What a role gains: additive over issues, in points of the role's own scale.

    `issues` maps each issue to the points of every option, or for a numeric issue to
    `[[value, points], ...]`, ascending and covering the range, read with straight lines in between.
    """

    reservation: Number
    """What no deal is worth: the value of the role's best alternative."""
    target: Number
    """What the role hopes to reach."""
    issues: dict[Slug, PayoffTable]

    def __hash__(self) -> int:
        """Return the same for equal payoffs, so that what is computed of one can be kept for it."""
        return hash((self.reservation, self.target, *self.issues))

    def points(self, issue: Issue, value: Value) -> float:
        """Return the points this role gets from settling `issue` at `value`."""
        table = self.issues[issue.id]
        if isinstance(table, dict):
            return table[str(value)]
        x = float(value)
        for (x0, y0), (x1, y1) in pairwise(table):
            if x <= x1 + 1e-9:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return table[-1][1]


NO_DEALS = Payoff(reservation=0, target=0, issues={})
"""The payoff of a role that has nothing to settle."""


class Statements(Frozen):
    """Sentences a role can say about its situation, in its own voice."""

    alternative: tuple[Text, ...] = ()
    """About what it can do without this deal."""
    deadline: tuple[Text, ...] = ()
    """About how soon it must decide."""
    fact: tuple[Text, ...] = ()
    """About other facts of its situation."""


class Fact(Frozen):
    """A statement about a role's side whose truth the author of the scenario has settled."""

    text: Text
    """In the role's own voice, as somebody might claim it."""
    true: bool


class Role(Frozen):
    """One side of the negotiation. Everything but `id`, `name` and `position` is confidential."""

    id: Slug
    name: Annotated[Name, AfterValidator(_no_label)]
    """The person who speaks."""
    position: Name
    """Who that is, publicly: "account director at Corvane Packaging"."""
    brief: Text
    interests: Annotated[tuple[Text, ...], Field(min_length=1)]
    alternative: Text | Literal[""] = ""
    """The role's real best alternative to a deal (BATNA), in words; "" where there is nothing to settle."""
    secrets: tuple[Text, ...] = ()
    """What the role must not give away."""
    deceptive_brief: Text | None = None
    """Added to the brief in the deceptive condition."""
    arguments: dict[Slug, tuple[Text, ...]] = Field(default_factory=dict)
    """By issue: reasons the role can give in public for wanting that issue its way. True ones."""
    disclosures: Statements = Statements()
    """True statements the role may make about its situation."""
    fabrications: Statements = Statements()
    """False statements of the same kinds; the simulated negotiator says them only when deceptive."""
    lines: Annotated[dict[str, tuple[Text, ...]], Field(default_factory=dict, exclude_if=empty)]
    """By pool of the simulated negotiator's sentences: further ones that only this role says."""
    facts: tuple[Fact, ...] = ()
    """What the lie check goes by before anything else; agents do not see it."""
    payoff: Payoff = NO_DEALS
    """What each deal is worth to it; without issues there is none."""
    reward: Annotated[Reward | None, Field(exclude_if=empty)] = None
    """What a dialogue is worth to the role; without one, the value of its deal."""
    simulated: Annotated[Simulated | None, Field(exclude_if=empty)] = None
    """Which embedded participant can play the role; where there are issues, the negotiator can anyway."""
    priors: Annotated[dict[MeasureId, Answer], Field(default_factory=dict, exclude_if=empty)]
    """By measure: what the role would answer before the first word. Chat models are told it."""


class ResolutionQuestion(Frozen):
    """A question to the judge about how one thing was resolved."""

    id: Slug
    text: Text
    issue: Slug | None = None
    """The issue whose settled value answers it, if there is one."""


class Scenario(Frozen):
    """A conversation with private goals: public context, roles, what is to be settled or measured.

    Version 2 has all that version 1 has, and `claim`, `measures`, `max_turns`, `agreement`, `order`,
    `side_messages`, `tactics`, rewards and priors besides; its `issues` may be empty.
    """

    schema_version: Literal[1, 2]
    id: Slug
    title: Name
    source: Text
    """Citation of the case the scenario follows."""
    summary: Text
    """One line."""
    context: Text
    """What everybody knows."""
    today: date | None = None
    """The day on which the roles meet, so that deadlines can be compared; agents know what the texts say."""
    opener: Slug
    """The role that speaks first unless the run says otherwise."""
    claim: Annotated[Text | None, Field(exclude_if=empty)] = None
    """What is argued about, as a sentence one can agree or disagree with; public."""
    issues: tuple[Issue, ...] = ()
    roles: Annotated[tuple[Role, ...], Field(min_length=2)]
    measures: Annotated[tuple[Measure, ...], Field(exclude_if=empty)] = ()
    """Private questions to roles, before, during and after."""
    max_turns: Annotated[int | None, Field(ge=1, exclude_if=empty)] = None
    """Cap on utterances unless the run says otherwise."""
    agreement: Annotated[Agreement, Field(exclude_if=_usual)] = ALL
    """Whose agreement makes a deal. Who is no party to it keeps its reservation value."""
    order: Annotated[SpeakingOrder, Field(exclude_if=_usual)] = ROUND_ROBIN
    """Who speaks after whom, unless the run says otherwise."""
    tactics: Annotated[Slug | None, Field(exclude_if=empty)] = None
    """Taxonomy that its tactics come from, by id, unless the run says otherwise; None: the usual one."""
    side_messages: Annotated[bool, Field(exclude_if=empty)] = False
    """Whether a role may, along with what it says to all, say something to some of the others alone."""
    resolution: tuple[ResolutionQuestion, ...] = ()

    @cached_property
    def issue_by_id(self) -> dict[str, Issue]:
        """The issues by id, in file order."""
        return {issue.id: issue for issue in self.issues}

    @cached_property
    def role_index(self) -> dict[str, int]:
        """The position of every role, by id."""
        return {role.id: index for index, role in enumerate(self.roles)}

    @property
    def has_deals(self) -> bool:
        """Whether there is something to settle, and known what it is worth: offers, deals, values."""
        return bool(self.issues) and all(role.payoff.issues for role in self.roles)

    @cached_property
    def rule(self) -> AgreementRule:
        """Whose agreement makes a deal, by position."""
        parties = frozenset(self.role_index[role] for role in self.agreement.includes)
        return AgreementRule(len(self.roles), self.agreement.needed(len(self.roles)), parties)

    @cached_property
    def space(self) -> "DealSpace":
        """Every complete deal with its values, computed on first use."""
        from negosim.scenarios._space import DealSpace

        return DealSpace(self)

    @property
    def opener_index(self) -> int:
        """The position in `roles` of the role that speaks first."""
        return next(index for index, role in enumerate(self.roles) if role.id == self.opener)

    def value(self, role: int, deal: Deal) -> float:
        """Return what a complete deal is worth to a role, in the role's points."""
        payoff = self.roles[role].payoff
        return sum(payoff.points(issue, deal[issue.id]) for issue in self.issues)

    def describe(self, deal: Deal) -> str:
        """Write a deal or a partial offer in one line."""
        return "; ".join(f"{i.name}: {i.label(deal[i.id])}" for i in self.issues if i.id in deal)
