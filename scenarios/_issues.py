"""Issues of a scenario: what is to be settled, the values it can take, and how they are written and read."""

import math
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field

from negosim._fields import Name, Number, Slug, plain_words
from negosim._frozen import Frozen
from negosim._reading import shown

Value = str | int | float
"""What an issue can be settled at: an option id, or a number on the issue's grid."""

Deal = Mapping[str, Value]
"""A value for every issue, by issue id. A partial offer has some of them."""


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

    @cached_property
    def values(self) -> tuple[int | float, ...]:
        """Every value of the grid, ascending."""
        return tuple(_canonical(self.min + index * self.step) for index in range(self.count))

    @property
    def wanted(self) -> str:
        """What `parse` takes, in words."""
        ends = f"from {_canonical(self.min)} to {_canonical(self.max)}"
        return f"a number {ends} in steps of {_canonical(self.step)}"

    def label(self, value: int | float) -> str:
        """Write a value as it is said: "$0.11 a bottle"."""
        sign = "-" if value < 0 else ""
        return f"{sign}{self.prefix}{abs(value):,.{self.decimals}f}{self.unit}"

    def parse(self, given: object) -> int | float:
        """Return the value of the grid for a number, or for text written the way `label` writes it.

        Raises:
            ValueError: says what was given and what would be right.

        """
        number = _read_number(given, self)
        if number is None:
            raise ValueError(f"{shown(given)} is no number; give {self.wanted}")
        steps = (number - self.min) / self.step
        if not -1e-6 <= steps <= self.count - 1 + 1e-6 or abs(steps - round(steps)) > 1e-6:
            raise ValueError(f"{shown(given)} is off the grid; give {self.wanted}")
        return self.values[round(steps)]


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
        return self.range.values if self.range is not None else ()

    def label(self, value: Value) -> str:
        """Write a value as it is said: "two years", "$0.11 a bottle"."""
        if self.options is not None:
            return next((option.label for option in self.options if option.id == value), str(value))
        if self.range is None or isinstance(value, str):
            return str(value)
        return self.range.label(value)

    @property
    def wanted(self) -> str:
        """What `parse` takes, in words."""
        if self.options is not None:
            return f"one of {', '.join(map(str, self.values))}"
        return self.range.wanted if self.range is not None else "nothing: it has neither options nor range"

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
        if self.range is None:
            raise ValueError(f"{self.id} has neither options nor range")
        try:
            return self.range.parse(given)
        except ValueError as error:
            raise ValueError(f"{self.id}: {error}") from None


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
