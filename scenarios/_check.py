"""Checking a scenario: every problem at once, each with its place in the file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from negosim.plugins import Location, Problem, describe_errors
from negosim.scenarios._schema import Issue, Role, Scenario

Part = TypeVar("Part", bound=BaseModel)

MAX_DEALS = 1_000_000
"""More complete deals than this cannot be analysed in memory: coarsen a step instead."""


def check_scenario(data: object) -> tuple[Scenario | None, list[Problem]]:
    """Validate the parsed content of a scenario file.

    Returns the scenario, or None with every problem found: shape, references and payoffs are all
    looked at, each as far as the parts it needs are sound.
    """
    if not isinstance(data, Mapping):
        return None, [Problem((), f"a scenario is a mapping of fields, not {type(data).__name__}")]
    scenario, problems = None, []
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        problems += describe_errors(error)
    issues = _sound_parts(Issue, data.get("issues"))
    roles = _sound_parts(Role, data.get("roles"))
    problems += _check_issues(issues)
    complete = isinstance(data.get("issues"), list) and len(issues) == len(data["issues"])
    problems += _check_roles(roles, issues, complete)
    problems += _check_references(data, roles, issues, complete)
    return (scenario if not problems else None), problems


def _sound_parts(kind: type[Part], items: Any) -> dict[int, Part]:
    parts: dict[int, Part] = {}
    for index, item in enumerate(items if isinstance(items, list) else ()):
        try:
            parts[index] = kind.model_validate(item)
        except ValidationError:
            continue
    return parts


def _check_issues(issues: Mapping[int, Issue]) -> Iterator[Problem]:
    yield from _unique("issues", issues)
    deals = 1
    for index, issue in issues.items():
        if (issue.options is None) == (issue.range is None):
            yield Problem(("issues", index), "give either 'options' or 'range', and not both")
            continue
        if issue.options is not None:
            yield from _unique(("issues", index, "options"), dict(enumerate(issue.options)))
        if issue.range is not None:
            grid = issue.range
            if grid.max <= grid.min:
                yield Problem(("issues", index, "range", "max"), f"must be above min ({grid.min:g}), not {grid.max:g}")
                continue
            steps = (grid.max - grid.min) / grid.step
            if abs(steps - round(steps)) > 1e-6:
                yield Problem(
                    ("issues", index, "range", "step"),
                    f"steps of {grid.step:g} from {grid.min:g} do not end at {grid.max:g}; choose a step that divides "
                    f"{grid.max - grid.min:g}",
                )
            deals *= max(1, round(steps) + 1)
        else:
            deals *= len(issue.values)
    if deals > MAX_DEALS:
        yield Problem(
            ("issues",), f"{deals:,} complete deals are too many to analyse; coarsen the steps to stay under {MAX_DEALS:,}"
        )


def _check_roles(roles: Mapping[int, Role], issues: Mapping[int, Issue], complete: bool) -> Iterator[Problem]:
    yield from _unique("roles", roles)
    names = Counter(role.name for role in roles.values())
    for index, role in roles.items():
        if names[role.name] > 1:
            yield Problem(("roles", index, "name"), f"{role.name!r} is the name of two roles; give each its own")
        yield from _check_payoff(index, role, issues, complete)
        if complete:
            known = {issue.id for issue in issues.values()}
            for issue_id in role.arguments.keys() - known:
                yield Problem(("roles", index, "arguments", issue_id), _no_issue(issue_id, known))


def _check_payoff(index: int, role: Role, issues: Mapping[int, Issue], complete: bool) -> Iterator[Problem]:
    payoff, where = role.payoff, ("roles", index, "payoff")
    by_id = {issue.id: issue for issue in issues.values()}
    if complete:
        for issue_id in payoff.issues.keys() - by_id.keys():
            yield Problem((*where, "issues", issue_id), _no_issue(issue_id, by_id))
    if payoff.target < payoff.reservation:
        yield Problem(
            (*where, "target"), f"must not be below the reservation value ({payoff.reservation:g}), not {payoff.target:g}"
        )
    sound, best = complete, 0.0
    for issue in by_id.values():
        if (issue.options is None) == (issue.range is None):
            sound = False
            continue
        found = list(_check_table((*where, "issues", issue.id), issue, payoff.issues.get(issue.id)))
        yield from found
        if found:
            sound = False
        else:
            best += max(payoff.points(issue, value) for value in issue.values)
    if sound and best < payoff.reservation:
        yield Problem(
            (*where, "reservation"),
            f"no deal reaches {payoff.reservation:g}: the best one gives {best:g}; lower the reservation value "
            "or raise the points",
        )
    elif sound and best < payoff.target:
        yield Problem((*where, "target"), f"no deal reaches {payoff.target:g}: the best one gives {best:g}")


def _check_table(where: Location, issue: Issue, table: Any) -> Iterator[Problem]:
    if table is None:
        yield Problem(where[:-1], f"no points for issue {issue.id!r}; every issue needs them for every role")
    elif issue.options is not None:
        if not isinstance(table, dict):
            yield Problem(where, f"issue {issue.id!r} has options: map each of {', '.join(map(str, issue.values))} to its points")
            return
        for option in (str(v) for v in issue.values if v not in table):
            yield Problem(where, f"no points for option {option!r}")
        for option in table.keys() - set(issue.values):
            yield Problem((*where, option), f"issue {issue.id!r} has no option {option!r}; it has {', '.join(map(str, issue.values))}")
    elif issue.range is not None:
        if isinstance(table, dict):
            yield Problem(where, f"issue {issue.id!r} is numeric: give a list of [value, points]")
            return
        xs = [x for x, _ in table]
        if len(xs) < 2 or any(b <= a for a, b in pairwise(xs)):
            yield Problem(where, "give at least two [value, points], values ascending")
        elif xs[0] > issue.range.min or xs[-1] < issue.range.max:
            yield Problem(
                where, f"covers {xs[0]:g} to {xs[-1]:g}, but the issue runs from {issue.range.min:g} to {issue.range.max:g}"
            )


def _check_references(
    data: Mapping[str, Any], roles: Mapping[int, Role], issues: Mapping[int, Issue], complete: bool
) -> Iterator[Problem]:
    role_ids = [role.id for role in roles.values()]
    opener = data.get("opener")
    if isinstance(data.get("roles"), list) and len(roles) == len(data["roles"]) and opener is not None and opener not in role_ids:
        yield Problem(("opener",), f"{opener!r} is no role; choose one of {', '.join(role_ids)}")
    questions = data.get("resolution")
    known = {issue.id for issue in issues.values()}
    for index, question in enumerate(questions if isinstance(questions, list) else ()):
        issue_id = question.get("issue") if isinstance(question, Mapping) else None
        if complete and issue_id is not None and issue_id not in known:
            yield Problem(("resolution", index, "issue"), _no_issue(issue_id, known))


def _unique(where: str | Location, parts: Mapping[int, Any]) -> Iterator[Problem]:
    prefix = (where,) if isinstance(where, str) else where
    seen: set[str] = set()
    for index, part in parts.items():
        if part.id in seen:
            yield Problem((*prefix, index, "id"), f"{part.id!r} is used twice; ids must differ")
        seen.add(part.id)


def _no_issue(issue_id: object, known: Any) -> str:
    return f"there is no issue {issue_id!r}; the issues are {', '.join(sorted(known))}"
