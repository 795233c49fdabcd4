"""Measures: private questions to a role, asked before, after or during a dialogue."""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from negosim._fields import Slug, Text
from negosim._frozen import Frozen
from negosim._reading import shown
from negosim.scenarios._issues import Option, Range

Moment = Literal["before", "after", "each_turn"]
"""When a measure is asked: before the first word, after the last, after every utterance."""

AnswerKind = Literal["number", "scale", "choice", "yes_no", "belief"]

Answer = bool | int | float | str | dict[str, float]
"""An answer to a measure: a number, a grade, the id of an option, yes or no, or a belief: "reservation" and
a "priority-ISSUE" for each issue, 0 to 1 each."""

RESERVATION, PRIORITY = "reservation", "priority-"
"""Parts of a belief: where the other's reservation value lies between its worst deal (0) and its best (1);
followed by an issue's id, its share of what matters to the other."""

MeasureId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
"""Lower-case letters, digits and single underscores, so that rewards can name it: "final_stance"."""

MOST_GRADES = 101

SLACK = 1e-3
"""How far shares may add up to something else than 1, by rounding."""


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
        tuple[Slug, ...],
        BeforeValidator(_several, json_schema_input_type=Slug | tuple[Slug, ...]),
        AfterValidator(_different),
        Field(min_length=1),
    ]
    """Ids of the roles that are asked."""
    when: Annotated[
        tuple[Moment, ...],
        BeforeValidator(_several, json_schema_input_type=Moment | tuple[Moment, ...]),
        AfterValidator(_different),
        Field(min_length=1),
    ]
    question: Text
    """As it is put to the role: "How much of your two dollars do you give?". With `about`, {other} stands
    for the name of who it is about."""
    answer: AnswerKind
    about: Literal["others"] | None = None
    """"others": it is asked about each of the other roles in turn; a belief always is."""
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
        if self.answer == "belief":
            return "a reservation value from 0 to 1, and shares of the issues that add up to 1"
        return "true or false"

    def parse(self, given: object, issues: Collection[str] = ()) -> Answer:
        """Return the canonical answer for what a participant gave.

        Args:
            given: the answer.
            issues: ids of the scenario's issues, which a belief has shares of.

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
        if self.answer == "belief" and (belief := _belief(given, issues)) is not None:
            return belief
        raise ValueError(f"{shown(given)} is no answer; give {self.wanted}")

    def label(self, answer: Answer) -> str:
        """Write an answer as a person reads it: "$0.50", "4 (well)", "yes"."""
        if isinstance(answer, bool):
            return "yes" if answer else "no"
        if isinstance(answer, dict):
            return ", ".join(f"{part.removeprefix(PRIORITY)} {share:.0%}" for part, share in answer.items())
        if self.answer == "number" and self.range is not None and not isinstance(answer, str):
            return self.range.label(answer)
        if self.answer == "scale" and self.scale and (meaning := self.scale.get(int(answer))):
            return f"{answer} ({meaning})"
        labels = {option.id: option.label for option in self.options or ()}
        return labels.get(str(answer), str(answer))

    def roles(self, ids: Mapping[str, int]) -> tuple[int, ...]:
        """Return the positions of the roles that are asked; `ids` has every role's position by id."""
        return tuple(ids[role] for role in self.asked_of)

    def targets(self, role: int, roles: int) -> tuple[int | None, ...]:
        """Return whom a role, one of so many, is asked about: each of the others, or nobody in particular."""
        return tuple(other for other in range(roles) if other != role) if self.about else (None,)

    def put(self, other: str | None) -> "Measure":
        """Return the measure as it is put about a role, by name."""
        named = self.question if other is None else self.question.replace("{other}", other)
        return self if named == self.question else self.model_copy(update={"question": named})


def _belief(given: object, issues: Collection[str]) -> dict[str, float] | None:
    """Return a belief in its canonical form; None where it is none."""
    parts = (RESERVATION, *(PRIORITY + issue for issue in issues))
    if not isinstance(given, Mapping) or set(given) != set(parts):
        return None
    numbers = [given[part] for part in parts]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n <= 1 for n in numbers):
        return None
    if abs(sum(numbers[1:]) - 1) > SLACK:
        return None
    return {part: round(float(number), 6) for part, number in zip(parts, numbers, strict=True)}


def belief_from(percent: object, points: Mapping[str, object]) -> dict[str, float]:
    """Return a belief as a form gives it: a reservation value in percent, and points for every issue.

    Raises:
        ValueError: something is no number, or no issue has points.

    """
    limit, *given = (_number(one) for one in (percent, *points.values()))
    whole = sum(given)
    if limit > 100 or whole <= 0:
        raise ValueError("the first number is from 0 to 100, and at least one issue needs more than 0 points")
    shares = {PRIORITY + issue: number / whole for issue, number in zip(points, given, strict=True)}
    return {RESERVATION: limit / 100, **shares}


def _number(given: object) -> float:
    try:
        number = float(str(given))
    except ValueError:
        number = -1.0
    if not 0 <= number < inf:
        raise ValueError(f"{shown(given)} is no number from 0")
    return number


def belief_measure(roles: Sequence[str]) -> Measure:
    """Return the measure of what each of some roles, by id, believes about each of the others."""
    return Measure(
        id="belief",
        asked_of=tuple(roles),
        when=("before", "after"),
        question="What do you believe about {other}?",
        answer="belief",
        about="others",
    )
