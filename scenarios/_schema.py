"""The shape of a scenario file: issues, roles, payoffs and the judge's resolution questions."""

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from negosim._fields import Name, Number, Slug, Text, plain_words
from negosim._frozen import Frozen
from negosim._reading import shown

if TYPE_CHECKING:
    from negosim.scenarios._space import DealSpace

Value = str | int | float
"""What an issue can be settled at: an option id, or a number on the issue's grid."""

Deal = Mapping[str, Value]
"""A value for every issue, by issue id. A partial offer has some of them."""


_COLON = re.compile("[:\uff1a\ufe55\u2236\ua789]")
"""A colon, and what looks like one."""


def _no_label(name: str) -> str:
    if _COLON.search(name) or name.casefold() == "you":
        raise ValueError('transcripts put a colon behind a name, and "You" for the reader; use another name')
    return name


class Option(Frozen):
    """One discrete way to settle an issue."""

    id: Slug
    label: Name
    """A short noun phrase that fits in a sentence: "two years", "weekends only"."""


class Range(Frozen):
    """A numeric issue: the grid `min, min + step, ..., max`."""

    min: Number
    max: Number
    step: Annotated[Number, Field(ge=1e-6)]
    prefix: Annotated[str, AfterValidator(plain_words)] = ""
    """Written before the number, for example "$"."""
    unit: Annotated[str, AfterValidator(plain_words)] = ""
    """Written after the number, with its own leading space if it needs one: " a bottle", "%"."""
    decimals: Annotated[int, Field(ge=0, le=6)] = 0

    @property
    def count(self) -> int:
        """How many values the grid has."""
        return math.floor((self.max - self.min) / self.step + 1e-9) + 1


class Issue(Frozen):
    """One thing to be settled: either discrete `options` or a numeric `range`."""

    id: Slug
    name: Name
    """As a table heading: "Unit price"."""
    phrase: Name
    """As part of a sentence: "the price per bottle"."""
    description: str = ""
    options: Annotated[tuple[Option, ...], Field(min_length=2)] | None = None
    range: Range | None = None

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """Every value the issue can take, in file order (options) or ascending (range)."""
        if self.options is not None:
            return tuple(option.id for option in self.options)
        if self.range is None:
            return ()
        grid = self.range
        return tuple(_canonical(grid.min + index * grid.step) for index in range(grid.count))

    def label(self, value: Value) -> str:
        """Write a value as it is said: "two years", "$0.11 a bottle"."""
        if self.options is not None:
            return next((option.label for option in self.options if option.id == value), str(value))
        grid = self.range
        if grid is None or isinstance(value, str):
            return str(value)
        sign = "-" if value < 0 else ""
        return f"{sign}{grid.prefix}{abs(value):,.{grid.decimals}f}{grid.unit}"

    @property
    def wanted(self) -> str:
        """What `parse` takes, in words."""
        if self.options is not None:
            return f"one of {', '.join(map(str, self.values))}"
        return f"a number {self._grid()}"

    def parse(self, given: object) -> Value:
        """Return the canonical value for what a model or a person wrote.

        Accepts an option's id or label in any case, a number on the grid, or a number written
        with this issue's prefix, unit and thousands separators.

        Raises:
            ValueError: says what was given and what would be right.

        """
        if self.options is not None:
            wanted = str(given).strip().casefold()
            for option in self.options:
                if wanted in (option.id.casefold(), option.label.casefold()):
                    return option.id
            raise ValueError(f"{self.id}: {shown(given)} is no option; choose {self.wanted}")
        return self._parse_number(given)

    def _parse_number(self, given: object) -> Value:
        grid = self.range
        if grid is None:
            raise ValueError(f"{self.id} has neither options nor range")
        number = _read_number(given, grid)
        if number is None:
            raise ValueError(f"{self.id}: {shown(given)} is no number; give {self.wanted}")
        steps = (number - grid.min) / grid.step
        if not -1e-6 <= steps <= grid.count - 1 + 1e-6 or abs(steps - round(steps)) > 1e-6:
            raise ValueError(f"{self.id}: {shown(given)} is off the grid; give {self.wanted}")
        return self.values[round(steps)]

    def _grid(self) -> str:
        grid = self.range
        assert grid is not None
        return f"from {_canonical(grid.min)} to {_canonical(grid.max)} in steps of {_canonical(grid.step)}"


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
    alternative: Text
    """The role's real best alternative to a deal (BATNA), in words."""
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
    facts: tuple[Fact, ...] = ()
    """What the lie check goes by before anything else; agents do not see it."""
    payoff: Payoff


class ResolutionQuestion(Frozen):
    """A question to the judge about how one thing was resolved."""

    id: Slug
    text: Text
    issue: Slug | None = None
    """The issue whose settled value answers it, if there is one."""


class Scenario(Frozen):
    """A negotiation: public context, roles with private briefs and payoffs, issues, questions."""

    schema_version: Literal[1]
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
    issues: Annotated[tuple[Issue, ...], Field(min_length=1)]
    roles: Annotated[tuple[Role, ...], Field(min_length=2)]
    resolution: tuple[ResolutionQuestion, ...] = ()

    @cached_property
    def issue_by_id(self) -> dict[str, Issue]:
        """The issues by id, in file order."""
        return {issue.id: issue for issue in self.issues}

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


def _canonical(number: float) -> int | float:
    rounded = round(number, 9)
    return int(rounded) if rounded == int(rounded) else rounded


_NUMBER = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?|[-+]?\.\d+", re.ASCII)


def _read_number(given: object, grid: Range) -> float | None:
    """Return the finite number given as such or as text written the way `label` writes it."""
    if isinstance(given, str):
        text = given.strip()
        sign = "-" if text.startswith(("-", "\u2212")) else ""
        text = (
            text[len(sign) :]
            .strip()
            .removeprefix(grid.prefix.strip())
            .removesuffix(grid.unit.strip())
            .strip()
        )
        if not _NUMBER.fullmatch(text) or (sign and text[0] in "+-"):
            return None
        given = float(sign + text.replace(",", ""))
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        return float(given) if math.isfinite(given) else None
    except OverflowError:
        return None
