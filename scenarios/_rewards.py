"""Rewards: what a dialogue was worth to a role, said as an expression or a named Python function."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from negosim._fields import Text
from negosim._frozen import Frozen
from negosim.scenarios._expression import Expression, read_expression
from negosim.scenarios._measures import Measure

OWN, JOINT = "own", "joint"
"""Names of the value of the deal to the role itself, and to all roles together."""

TIMES = {"before": "before", "after": "after", "last": "each_turn", "mean": "each_turn"}
"""Names of the moments an expression can speak of, and when the measure must be asked for it."""


class Reward(Frozen):
    """What a dialogue was worth to a role; in a file, an expression may stand alone."""

    short_form: ClassVar[dict[str, Any] | None] = {"type": "string", "minLength": 1}

    expression: Text | None = None
    """Over `own`, `joint` and answers: "after.donation", "before.intensity - after.intensity"."""
    function: Annotated[str, Field(min_length=1)] | None = None
    """Name of a Python function, by entry point `negosim.rewards` or the decorator of that name."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        """Accept an expression in place of the fields."""
        return {"expression": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_of_both(self) -> "Reward":
        if (self.expression is None) == (self.function is None):
            raise ValueError("give either an expression or a function, and not both")
        if self.expression is not None:
            read_expression(self.expression)
        return self

    @property
    def parsed(self) -> Expression | None:
        """The expression, read; None for a function."""
        return None if self.expression is None else read_expression(self.expression)


def answer_named(name: str, role: str, measures: Sequence[Measure]) -> tuple[str, Measure, str]:
    """Return what a name in a reward means: the role that was asked, the measure, and the moment.

    `after.donation` is the role's own answer, or that of the one role that is asked; with several others,
    the role is named before it: `guest.after.donation`. Hyphens of ids are written as underscores.

    Raises:
        ValueError: it means nothing, or not one thing; says what would be right.

    """
    *asked, moment, wanted = name.split(".") if name.count(".") in (1, 2) else (name, "", "")
    if moment not in TIMES:
        raise ValueError(f"{name!r} names no value; {_nameable(measures)}")
    measure = next((item for item in measures if item.id == wanted), None)
    if measure is None:
        raise ValueError(f"there is no measure {wanted!r}; {_nameable(measures)}")
    if TIMES[moment] not in measure.when:
        raise ValueError(f"{name!r}: {wanted!r} is not asked {TIMES[moment]}; add that to its 'when'")
    if measure.about is not None:
        raise ValueError(f"{name!r}: {wanted!r} is asked about each of the others; a reward needs one answer")
    if asked:
        found = [one for one in measure.asked_of if one.replace("-", "_") == asked[0]]
    else:
        found = [role] if role in measure.asked_of else list(measure.asked_of)
    if len(found) != 1:
        names = " or ".join(f"{one.replace('-', '_')}.{moment}.{wanted}" for one in measure.asked_of)
        raise ValueError(f"{name!r} does not say whose answer; write {names}")
    return found[0], measure, moment


def problems_of(reward: Reward, role: str, measures: Sequence[Measure], *, deals: bool) -> Iterator[str]:
    """Yield what is wrong with a reward beyond its shape; `deals`: whether the scenario has issues."""
    if reward.parsed is None:
        return
    texts: dict[str, list[str]] = {}
    wrong = False
    for name in reward.parsed.names:
        try:
            options = _texts_of(name, role, measures, deals=deals)
        except ValueError as error:
            wrong = True
            yield str(error)
        else:
            texts |= {name: options} if options else {}
    if not wrong:
        try:
            reward.parsed.check_use(texts)
        except ValueError as error:
            yield str(error)


def _texts_of(name: str, role: str, measures: Sequence[Measure], *, deals: bool) -> list[str]:
    """Return what a value can be that is text, nothing of a number.

    Raises:
        ValueError: the name means nothing.

    """
    if name in (OWN, JOINT):
        if not deals:
            raise ValueError(f"{name!r} is a deal's value, and there are no issues; {_nameable(measures)}")
        return []
    _, measure, moment = answer_named(name, role, measures)
    options = [option.id for option in measure.options or ()]
    if options and moment == "mean":
        raise ValueError(f"{name!r}: a choice has no mean; compare last.{measure.id}")
    return options


def _nameable(measures: Sequence[Measure]) -> str:
    single = [item for item in measures if item.about is None]
    names = [f"{time}.{item.id}" for item in single for time, when in TIMES.items() if when in item.when]
    return f"there are {', '.join(names)}" if names else "there are no measures"
