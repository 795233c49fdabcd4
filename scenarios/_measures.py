"""Measures: private questions to a role, asked before, after or during a dialogue."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from negosim._fields import Slug, Text
from negosim._frozen import Frozen
from negosim._reading import shown
from negosim.scenarios._issues import Option, Range

Moment = Literal["before", "after", "each_turn"]
"""When a measure is asked: before the first word, after the last, after every utterance."""

AnswerKind = Literal["number", "scale", "choice", "yes_no"]

Answer = bool | int | float | str
"""An answer to a measure: a number, a grade, the id of an option, or yes or no."""

MeasureId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
"""Lower-case letters, digits and single underscores, so that rewards can name it: "final_stance"."""

MOST_GRADES = 101


def _several(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


def _different(given: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(given)) < len(given):
        raise ValueError("name each once")
    return given


class Measure(Frozen):
    """A named private question to one or more roles. Nobody else sees the answer, and nobody remembers it."""

    id: MeasureId
    asked_of: Annotated[
        tuple[Slug, ...], BeforeValidator(_several), AfterValidator(_different), Field(min_length=1)
    ]
    """Ids of the roles that are asked."""
    when: Annotated[
        tuple[Moment, ...], BeforeValidator(_several), AfterValidator(_different), Field(min_length=1)
    ]
    question: Text
    """As it is put to the role: "How much of your two dollars do you give?"."""
    answer: AnswerKind
    range: Range | None = None
    """Of a number: its grid, and how it is written."""
    scale: (
        Annotated[
            dict[int, str],
            Field(min_length=2),
            WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
        ]
        | None
    ) = None
    """Of a scale: meanings of some of its whole-numbered grades, the two ends among them."""
    options: Annotated[tuple[Option, ...], Field(min_length=2)] | None = None
    """Of a choice: what there is to choose from."""

    @property
    def grades(self) -> tuple[int, ...]:
        """Every grade of the scale, ascending; none for other answers."""
        return tuple(range(min(self.scale), max(self.scale) + 1)) if self.scale else ()

    @property
    def wanted(self) -> str:
        """What `parse` takes, in words."""
        if self.answer == "number":
            return self.range.wanted if self.range is not None else "a number"
        if self.answer == "scale":
            return f"a whole number from {self.grades[0]} to {self.grades[-1]}"
        if self.answer == "choice":
            return f"one of {', '.join(option.id for option in self.options or ())}"
        return "true or false"

    def parse(self, given: object) -> Answer:
        """Return the canonical answer for what a participant gave.

        Raises:
            ValueError: says what was given and what would be right.

        Examples:
            >>> from negosim.scenarios import Measure
            >>> mood = Measure(
            ...     id="mood", asked_of="guest", when="after", question="How are you?", answer="scale",
            ...     scale={1: "bad", 5: "well"},
            ... )
            >>> mood.parse(4)
            4
            >>> mood.parse("splendid")
            Traceback (most recent call last):
            ...
            ValueError: 'splendid' is no answer; give a whole number from 1 to 5

        """
        if self.answer == "number" and self.range is not None:
            return self.range.parse(given)
        if self.answer == "yes_no" and isinstance(given, bool):
            return given
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if self.answer == "scale" and number and given in self.grades:
            return next(grade for grade in self.grades if grade == given)
        if self.answer == "choice" and isinstance(given, str):
            for option in self.options or ():
                if given.strip().casefold() in (option.id.casefold(), option.label.casefold()):
                    return option.id
        raise ValueError(f"{shown(given)} is no answer; give {self.wanted}")

    def label(self, answer: Answer) -> str:
        """Write an answer as a person reads it: "$0.50", "4 (well)", "yes"."""
        if isinstance(answer, bool):
            return "yes" if answer else "no"
        if self.answer == "number" and self.range is not None and not isinstance(answer, str):
            return self.range.label(answer)
        if self.answer == "scale" and self.scale and (meaning := self.scale.get(int(answer))):
            return f"{answer} ({meaning})"
        labels = {option.id: option.label for option in self.options or ()}
        return labels.get(str(answer), str(answer))

    def roles(self, ids: Mapping[str, int]) -> tuple[int, ...]:
        """Return the positions of the roles that are asked; `ids` has every role's position by id."""
        return tuple(ids[role] for role in self.asked_of)
