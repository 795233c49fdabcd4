"""Checking a scenario's measures, and the rewards and priors that speak of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from negosim._reading import Location, Problem
from negosim.scenarios._measures import MOST_GRADES, Measure
from negosim.scenarios._rewards import Reward, problems_of

MEASURE: TypeAdapter[Measure] = TypeAdapter(Measure)
REWARD: TypeAdapter[Reward] = TypeAdapter(Reward)

FIELDS = {"number": "range", "scale": "scale", "choice": "options"}
"""By kind of answer: the field that says what can be answered."""


def check_measures(data: Mapping[str, Any], *, deals: bool) -> Iterator[Problem]:
    """Find what is wrong with measures, rewards and priors beyond their shape.

    Args:
        data: the parsed file.
        deals: whether it has issues.

    """
    roles = {number: role for number, role in enumerate(_items(data, "roles")) if isinstance(role, Mapping)}
    given = _items(data, "measures")
    measures = {number: found for number, item in enumerate(given) if (found := _measure(item)) is not None}
    ids = [role["id"] for role in roles.values() if isinstance(role.get("id"), str)]
    for number, measure in measures.items():
        yield from _check_measure(("measures", number), measure, ids, deals=deals)
        if any(measure.id == other.id for position, other in measures.items() if position < number):
            yield Problem(("measures", number, "id"), f"{measure.id!r} is used twice; ids must differ")
    if len(measures) == len(given):
        yield from _check_use(roles, tuple(measures.values()), deals=deals)
        if data.get("claim") is not None and not any(
            {"before", "after"} <= set(measure.when) for measure in measures.values()
        ):
            what = "a claim needs a measure of what the roles think of it, asked before and after"
            yield Problem(("claim",), what)


def _check_measure(
    where: Location, measure: Measure, roles: Sequence[str], *, deals: bool
) -> Iterator[Problem]:
    for number, role in enumerate(measure.asked_of):
        if roles and role not in roles:
            what = f"there is no role {role!r}; the roles are {', '.join(roles)}"
            yield Problem((*where, "asked_of", number), what)
    for kind, field in FIELDS.items():
        given = getattr(measure, field)
        if measure.answer == kind and given is None:
            yield Problem((*where, field), f"an answer of kind {kind!r} needs '{field}'")
        elif measure.answer != kind and given is not None:
            yield Problem(
                (*where, field), f"is for answers of kind {kind!r}, not {measure.answer!r}; remove it"
            )
    if measure.answer == "belief":
        if measure.about is None:
            yield Problem((*where, "about"), "a belief is about somebody; write 'about: others'")
        if not deals:
            yield Problem((*where, "answer"), "a belief is about points for deals, and there are no issues")
    if measure.range is not None:
        from negosim.scenarios._check import check_range

        yield from check_range((*where, "range"), measure.range)
    if measure.scale and max(measure.scale) - min(measure.scale) >= MOST_GRADES:
        yield Problem((*where, "scale"), f"has more than {MOST_GRADES} grades from end to end")
    names = [option.id for option in measure.options or ()]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Problem((*where, "options", number, "id"), f"{name!r} is used twice; ids must differ")


def _check_use(
    roles: Mapping[int, Mapping[str, Any]], measures: Sequence[Measure], *, deals: bool
) -> Iterator[Problem]:
    """Check what roles say of measures: their rewards and priors."""
    for number, role in roles.items():
        name = str(role.get("id"))
        try:
            reward = REWARD.validate_python(role["reward"]) if role.get("reward") is not None else None
        except ValidationError:
            reward = None
        if reward is not None:
            place = ("roles", number, "reward")
            yield from (Problem(place, what) for what in problems_of(reward, name, measures, deals=deals))
        priors = role.get("priors")
        for key, answer in priors.items() if isinstance(priors, Mapping) else ():
            what = _misfit(key, answer, name, measures)
            if what is not None:
                yield Problem(("roles", number, "priors", str(key)), what)


def _misfit(key: object, answer: object, role: str, measures: Sequence[Measure]) -> str | None:
    measure = next((item for item in measures if item.id == key), None)
    if measure is None:
        known = ", ".join(item.id for item in measures) or "none"
        return f"there is no measure {key!r}; the measures are {known}"
    if role not in measure.asked_of:
        return f"{key!r} is not asked of {role!r}; it is asked of {', '.join(measure.asked_of)}"
    if measure.about is not None:
        return f"{key!r} is about each of the others; a prior is one answer"
    try:
        measure.parse(answer)
    except ValueError as error:
        return str(error)
    except (TypeError, IndexError):
        return None  # the measure itself is unsound, which is reported there
    return None


def _items(data: Mapping[str, Any], key: str) -> Sequence[Any]:
    items = data.get(key)
    return items if isinstance(items, list | tuple) else ()


def _measure(item: object) -> Measure | None:
    try:
        return MEASURE.validate_python(item)
    except ValidationError:
        return None
