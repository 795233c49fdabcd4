"""Reading one claim of a judge's list: what is taken, what is copied from the record, what is left open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from negosim._quantities import quantities
from negosim.judging._limits import peaks
from negosim.judging._named import names, read_value, says_number
from negosim.judging._quotes import verbatim
from negosim.judging._statement import UNIMPORTANT, Direction, Situation, Statement
from negosim.records import Subject, Turn
from negosim.scenarios import Issue, Scenario, Value

SUBJECTS: tuple[Subject, ...] = get_args(Subject)
ABOUT_ISSUES: tuple[Subject, ...] = ("reservation", "priority")
"""Subjects of claims about an issue; where nothing is to be settled there are none."""
MOST, LEAST, MORE = "most", "least", "more"
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
NAMED, ON_THE_TABLE = "named", "table"


def read_statement(given: Mapping[str, Any], turn: Turn, scenario: Scenario, made_in: Situation) -> Statement:
    """Read one claim of an answer.

    Raises:
        ValueError: it cannot be used; says what is wrong and what would be right, and quotes nothing of it.

    """
    quote, subject = given.get("quote"), given.get("subject")
    said = verbatim(quote, (turn.utterance.text,)) if isinstance(quote, str) else None
    if said is None:
        raise ValueError(f"the quote does not occur in utterance {turn.index + 1}; copy it word for word")
    subjects = [name for name in SUBJECTS if scenario.issues or name not in ABOUT_ISSUES]
    if subject not in subjects:
        raise ValueError(f'"subject" must be one of {", ".join(subjects)}')
    issue = scenario.issue_by_id.get(str(given.get("issue")))
    if subject in ABOUT_ISSUES and issue is None:
        listed = ", ".join(scenario.issue_by_id)
        raise ValueError(f'"issue" of a {subject} must be one of {listed}')
    limit = subject == "reservation"
    package = _package(given, turn, scenario, made_in) if limit else _Package({})
    return Statement(
        subject,
        said,
        issue.id if issue else None,
        _stated(subject, issue, given.get("stated"), said),
        package.values,
        direction=_direction(given, issue, turn, scenario) if limit else None,
        than=_than(subject, issue, given, scenario),
        utterance=turn.utterance.text,
        unsure=package.unsure,
    )


def _direction(
    given: Mapping[str, Any], issue: Issue | None, turn: Turn, scenario: Scenario
) -> Direction | None:
    """Return the side that a limit is said to have where the payoff peaks inside; elsewhere that tells it."""
    said = given.get("direction")
    two_sided = issue is not None and peaks(issue, scenario.roles[turn.role])
    return said if said in DIRECTIONS and two_sided else None


def _stated(subject: Subject, issue: Issue | None, given: Any, quote: str) -> Value | None:
    if issue is None:
        return None
    if subject == "priority":
        if given not in (MOST, LEAST, MORE):
            raise ValueError(f'"stated" of a priority must be "{MOST}", "{LEAST}" or "{MORE}" (with "than")')
        return {MOST: issue.id, LEAST: UNIMPORTANT, MORE: None}[given]
    try:
        value = read_value(issue, given)
    except ValueError:
        if subject == "reservation":
            raise ValueError(f'"stated" must be {issue.wanted}') from None
        return None
    if subject == "reservation" and quantities(quote) and not says_number(quote, issue, value):
        raise ValueError(
            f'"stated": {issue.label(value)} is not what the quote says; copy the value it names'
        )
    return value


def _than(subject: Subject, issue: Issue | None, given: Mapping[str, Any], scenario: Scenario) -> str | None:
    if subject != "priority" or given.get("stated") != MORE:
        return None
    than = scenario.issue_by_id.get(str(given.get("than")))
    if than is None or than == issue:
        listed = ", ".join(name for name in scenario.issue_by_id if issue is None or name != issue.id)
        raise ValueError(f'"than" must be the issue that matters less, one of {listed}')
    return than.id


@dataclass(frozen=True)
class _Package:
    """The values that a limit is said to hold for."""

    values: dict[str, Value]
    unsure: bool = False
    """Whether values were listed that are left open, as the words do not surely name them."""


def _package(given: Mapping[str, Any], turn: Turn, scenario: Scenario, made_in: Situation) -> _Package:
    """Return the values that a limit is said to hold for; what is not sure is left open.

    A value must be one that the words name. Where they speak of the offer on the table, its values are taken
    from the record, but those that are said to change.
    """
    terms = given.get("package")
    named: dict[str, Value] = {}
    unsure: set[str] = set()
    table = made_in.offer if given.get("terms") == ON_THE_TABLE else {}
    for term in terms if isinstance(terms, list) else ():
        issue = scenario.issue_by_id.get(str(term.get("issue"))) if isinstance(term, dict) else None
        if issue is None or issue.id == given.get("issue"):
            continue
        try:
            value = read_value(issue, term.get("value"))
        except ValueError:
            unsure.add(issue.id)
            continue
        if names(turn.utterance.text, issue, value):
            named[issue.id] = value
        elif table.get(issue.id) != value:
            unsure.add(issue.id)
    unsure -= named.keys()
    return _Package(
        {name: one for name, one in {**table, **named}.items() if name not in unsure}, bool(unsure)
    )
