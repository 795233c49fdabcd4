"""Checking a scenario: every problem at once, each with its place in the file."""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from negosim._fields import Number, Slug
from negosim.plugins import Location, Problem, describe_errors, shown
from negosim.scenarios._check_measures import check_measures
from negosim.scenarios._check_parties import check_parties
from negosim.scenarios._check_statements import check_statements
from negosim.scenarios._issues import Issue, Range
from negosim.scenarios._schema import Payoff, PayoffTable, Scenario

T = TypeVar("T")

MAX_DEALS = 1_000_000
"""More complete deals than this cannot be analysed in memory: coarsen a step instead."""

ISSUE: TypeAdapter[Issue] = TypeAdapter(Issue)
NUMBER: TypeAdapter[float] = TypeAdapter(Number)
SLUG: TypeAdapter[str] = TypeAdapter(Slug)
TABLE: TypeAdapter[PayoffTable] = TypeAdapter(PayoffTable)


def check_scenario(data: object) -> tuple[Scenario | None, list[Problem]]:
    """Validate the parsed content of a scenario file.

    Returns the scenario, or None with every problem found: shape, references and payoffs are all
    looked at, each as far as the parts it needs are sound.
    """
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else f"is a mapping of fields, not {shown(data)}"
        return None, [Problem((), f"a scenario {what}; begin with 'schema_version: 2'")]
    scenario, problems = None, []
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        problems += describe_errors(error, data)
    given = _items(data, "issues")
    issues = {index: issue for index, item in enumerate(given) if (issue := _issue(item)) is not None}
    complete = len(issues) == len(given) > 0
    deals = math.prod(_size(issue) for issue in issues.values())
    issue_problems = [*_check_version(data, given), *_check_issues(issues)]
    if deals > MAX_DEALS:
        what = f"{deals:,} complete deals are too many to analyse; coarsen steps to stay under {MAX_DEALS:,}"
        issue_problems.append(Problem(("issues",), what))
    problems += issue_problems
    known = [issue.id for issue in issues.values()] if complete else None
    problems += _check_roles(_items(data, "roles"), issues, known, computable=complete and not issue_problems)
    problems += _check_opener(data)
    problems += check_measures(data, deals=bool(given))
    problems += check_parties(data, deals=bool(given))
    problems += check_statements(_items(data, "roles"))
    problems += _check_resolution(_items(data, "resolution"), known)
    return (scenario if not problems else None), problems


def _items(data: Mapping[str, Any], key: str) -> Sequence[Any]:
    items = data.get(key)
    return items if isinstance(items, list | tuple) else ()


def _sound(adapter: TypeAdapter[T], item: object) -> T | None:
    """Return the item where its shape is right; what is wrong with it has been reported elsewhere."""
    try:
        return adapter.validate_python(item)
    except ValidationError:
        return None


def _issue(item: object) -> Issue | None:
    """Return an issue with all that payoffs need, even where its texts are not right yet."""
    if not isinstance(item, Mapping):
        return None
    needed = {key: item[key] for key in ("id", "options", "range") if key in item}
    return _sound(ISSUE, {"name": "-", "phrase": "-", **needed})


def _size(issue: Issue) -> int:
    """Return how many values an issue has, 1 where that cannot be said."""
    if (issue.options is None) == (issue.range is None):
        return 1
    return (
        len(issue.options) if issue.options is not None else max(1, issue.range.count if issue.range else 1)
    )


SINCE_2 = ("claim", "measures", "max_turns", "agreement", "order", "side_messages")
ROLES_SINCE_2 = ("reward", "priors", "simulated")


def _check_version(data: Mapping[str, Any], issues: Sequence[Any]) -> Iterator[Problem]:
    """Hold a file to its version: what version 1 lacks, and what goes only with or without issues."""
    first = data.get("schema_version") == 1
    roles = [(number, role) for number, role in enumerate(_items(data, "roles")) if isinstance(role, Mapping)]
    if first:
        newer: list[Location] = [(field,) for field in SINCE_2 if field in data]
        newer += [
            ("roles", number, field) for number, role in roles for field in ROLES_SINCE_2 if field in role
        ]
        yield from (Problem(where, "is known since version 2; write 'schema_version: 2'") for where in newer)
    if not issues and first:
        yield Problem(("issues",), "give at least 1, or 'schema_version: 2', which does without")
    for number, role in roles:
        for field in ("alternative", "payoff"):
            if (issues or first) and field not in role:
                yield Problem(("roles", number, field), "missing; this field is required")
            elif issues and field == "alternative" and role[field] == "":
                yield Problem(("roles", number, field), "must not be empty")
        if not issues and not first and "payoff" in role:
            what = "there are no issues to value; remove it, and say what counts as 'reward'"
            yield Problem(("roles", number, "payoff"), what)


def _check_issues(issues: Mapping[int, Issue]) -> Iterator[Problem]:
    yield from _unique(("issues",), {index: issue.id for index, issue in issues.items()})
    for index, issue in issues.items():
        if (issue.options is None) == (issue.range is None):
            yield Problem(("issues", index), "give either 'options' or 'range', and not both")
        elif issue.options is not None:
            yield from _check_options(("issues", index, "options"), issue)
        elif issue.range is not None:
            yield from check_range(("issues", index, "range"), issue.range)


def _check_options(where: Location, issue: Issue) -> Iterator[Problem]:
    options = issue.options or ()
    yield from _unique(where, {index: option.id for index, option in enumerate(options)})
    means: dict[str, str] = {option.id: option.id for option in options}
    for index, option in enumerate(options):
        other = means.setdefault(option.label.casefold(), option.id)
        if other != option.id:
            what = f"{option.label!r} could also mean the option {other!r}; give each option its own label"
            yield Problem((*where, index, "label"), what)


def check_range(where: Location, grid: Range) -> Iterator[Problem]:
    """Find what is wrong with the grid of a numeric issue or measure."""
    if grid.max <= grid.min:
        yield Problem((*where, "max"), f"must be above min ({grid.min:g}), not {grid.max:g}")
        return
    steps = (grid.max - grid.min) / grid.step
    if abs(steps - round(steps)) > 1e-6:
        what = f"steps of {grid.step:g} from {grid.min:g} do not end at {grid.max:g}"
        yield Problem((*where, "step"), f"{what}; choose a step that divides {grid.max - grid.min:g}")
    for number in (grid.min, grid.step):
        needed = next((d for d in range(7) if abs(round(number, d) - number) < 1e-9), 7)
        if needed > grid.decimals:
            what = f"{grid.decimals} decimals cannot write {number:.9g}; set decimals to {needed}"
            yield Problem((*where, "decimals"), what)
            break


def _check_roles(
    roles: Sequence[Any], issues: Mapping[int, Issue], known: list[str] | None, *, computable: bool
) -> Iterator[Problem]:
    mappings = {index: role for index, role in enumerate(roles) if isinstance(role, Mapping)}
    yield from _unique(("roles",), {index: role.get("id") for index, role in mappings.items()})
    names = Counter(name for role in mappings.values() if isinstance(name := role.get("name"), str))
    for index, role in mappings.items():
        name = role.get("name")
        if isinstance(name, str) and names[name] > 1:
            yield Problem(("roles", index, "name"), f"{name!r} is the name of two roles; give each its own")
        arguments = role.get("arguments")
        if isinstance(arguments, Mapping):
            yield from _unknown(("roles", index, "arguments"), arguments, known)
        payoff = role.get("payoff")
        if isinstance(payoff, Mapping):
            yield from _check_payoff(("roles", index, "payoff"), payoff, issues, known, computable)


def _check_payoff(
    where: Location,
    payoff: Mapping[str, Any],
    issues: Mapping[int, Issue],
    known: list[str] | None,
    computable: bool,
) -> Iterator[Problem]:
    reservation, target = _sound(NUMBER, payoff.get("reservation")), _sound(NUMBER, payoff.get("target"))
    if reservation is not None and target is not None and target < reservation:
        what = f"must not be below the reservation value ({reservation:g}), not {target:g}"
        yield Problem((*where, "target"), what)
    given = payoff.get("issues")
    if not isinstance(given, Mapping):
        return
    yield from _unknown((*where, "issues"), given, known)
    tables: dict[str, PayoffTable] = {}
    for issue in {issue.id: issue for issue in issues.values()}.values():
        if issue.id not in given:
            what = f"no points for issue {issue.id!r}; every issue needs them for every role"
            yield Problem((*where, "issues"), what)
            continue
        table = _sound(TABLE, given[issue.id])
        found = [] if table is None else list(_check_table((*where, "issues", issue.id), issue, table))
        yield from found
        if table is not None and not found:
            tables[issue.id] = table
    if computable and len(tables) == len(issues) and reservation is not None and target is not None:
        yield from _check_reach(where, Payoff(reservation=reservation, target=target, issues=tables), issues)


def _check_table(where: Location, issue: Issue, table: PayoffTable) -> Iterator[Problem]:
    if (issue.options is None) == (issue.range is None):
        return
    if issue.options is not None:
        ids = [option.id for option in issue.options]
        if not isinstance(table, dict):
            yield Problem(
                where, f"issue {issue.id!r} has options: map each of {', '.join(ids)} to its points"
            )
            return
        yield from (
            Problem(where, f"no points for option {option!r}") for option in ids if option not in table
        )
        for option in (option for option in table if option not in ids):
            what = f"issue {issue.id!r} has no option {option!r}; it has {', '.join(ids)}"
            yield Problem((*where, option), what)
    elif issue.range is not None:
        if isinstance(table, dict):
            yield Problem(where, f"issue {issue.id!r} is numeric: give a list of [value, points]")
            return
        xs = [x for x, _ in table]
        low, high = issue.range.min, issue.range.max
        if len(xs) < 2 or any(b <= a for a, b in pairwise(xs)):
            yield Problem(where, "give at least two [value, points], values ascending")
        elif xs[0] > low or xs[-1] < high:
            what = f"covers {xs[0]:g} to {xs[-1]:g}, but the issue runs from {low:g} to {high:g}"
            yield Problem(where, f"{what}; add the missing [value, points]")


def _check_reach(where: Location, payoff: Payoff, issues: Mapping[int, Issue]) -> Iterator[Problem]:
    best = sum(max(payoff.points(issue, value) for value in issue.values) for issue in issues.values())
    for field, number, remedy in (
        ("reservation", payoff.reservation, "lower the reservation value or raise the points"),
        ("target", payoff.target, "lower the target or raise the points"),
    ):
        if best < number - 1e-9:
            yield Problem(
                (*where, field), f"no deal reaches {number:g}: the best one gives {best:g}; {remedy}"
            )
            return


def _check_opener(data: Mapping[str, Any]) -> Iterator[Problem]:
    roles, opener = _items(data, "roles"), data.get("opener")
    ids = [_sound(SLUG, role.get("id")) if isinstance(role, Mapping) else None for role in roles]
    if isinstance(opener, str) and ids and None not in ids and opener not in ids:
        yield Problem(("opener",), f"{opener!r} is no role; choose one of {', '.join(map(str, ids))}")


def _check_resolution(questions: Sequence[Any], known: list[str] | None) -> Iterator[Problem]:
    mappings = {index: question for index, question in enumerate(questions) if isinstance(question, Mapping)}
    yield from _unique(("resolution",), {index: question.get("id") for index, question in mappings.items()})
    for index, question in mappings.items():
        issue = question.get("issue")
        if known is not None and isinstance(issue, str) and issue not in known:
            yield Problem(("resolution", index, "issue"), _no_issue(issue, known))


def _unknown(where: Location, by_issue: Mapping[Any, object], known: list[str] | None) -> Iterator[Problem]:
    if known is not None:
        for issue in by_issue:
            if isinstance(issue, str) and issue not in known:
                yield Problem((*where, issue), _no_issue(issue, known))


def _unique(where: Location, ids: Mapping[int, object]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, given in ids.items():
        if isinstance(given, str):
            if given in seen:
                yield Problem((*where, index, "id"), f"{given!r} is used twice; ids must differ")
            seen.add(given)


def _no_issue(issue: str, known: Collection[str]) -> str:
    return f"there is no issue {shown(issue)}; the issues are {', '.join(known)}"
