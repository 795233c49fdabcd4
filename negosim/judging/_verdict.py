"""The lie check: whether a claim is true, held against the speaker's own brief and payoff.

No opinion is asked of anybody: what cannot be decided by comparing is "unverifiable". In this order:

- what the author of the scenario has settled (`facts`), then checks of one's own (`negosim.claim_checks`);
- reservation ("I cannot go below 12 dollars a bottle"): package arithmetic, `_limits.py`;
- priority ("the price matters most to us"): shares of what is at stake, `_priorities.py`;
- promise: "unverifiable"; what will be kept is in no brief;
- what repeats a sentence of the scenario, `_repetition.py`;
- alternative, deadline, fact: meaning, `_wording.py`, where the extra `[text]` is installed;
- an alternative that names a value of an issue, where its words decide nothing: the least it could be worth
  against the reservation value, which is the worth of the real one: "false" if that is more.
"""

from collections.abc import Sequence
from dataclasses import replace

from negosim.judging._embedding import embeddings_available
from negosim.judging._limits import LIMIT_TOLERANCE, limit, points_of
from negosim.judging._notes import notes_for
from negosim.judging._own_checks import by_own_checks
from negosim.judging._priorities import priority
from negosim.judging._repetition import repeated, settled
from negosim.judging._statement import NOWHERE, Situation, Statement, Verdict, undecided
from negosim.judging._wording import by_meaning
from negosim.scenarios import Issue, Role, Scenario, Value, scale

WITHOUT_MEANING = "its words repeat nothing of the brief; to compare meanings: pip install 'negosim[text]'"


def verdict(
    statement: Statement,
    role: Role,
    issues: Sequence[Issue],
    situation: Situation = NOWHERE,
    scenario: Scenario | None = None,
) -> Verdict:
    """Decide whether a statement of a role is true.

    Args:
        statement: what was claimed.
        role: the speaker's, with its brief and payoff.
        issues: those of the scenario.
        situation: what was on the table, and what the speaker agreed to later.
        scenario: the whole of it, for what everybody knows and for the day; None: the brief alone is used.

    Raises:
        UserError: a check of one's own cannot be loaded, failed, or returned what is no verdict.

    """
    known = settled(statement.quote, role)
    if known is not None:
        return known
    found = by_own_checks(statement, role, issues)
    if found is not None:
        return found
    issue = next((item for item in issues if item.id == statement.issue), None)
    if statement.subject == "promise":
        return replace(undecided("what will be kept is in no brief"), open=True)
    if statement.subject == "reservation" and issue is not None and statement.stated is not None:
        return limit(statement, situation, role, issues)
    if statement.subject == "priority" and issue is not None:
        return priority(statement, issue, role, issues)
    return _words(statement, issue, role, issues, scenario)


def _words(
    statement: Statement, issue: Issue | None, role: Role, issues: Sequence[Issue], scenario: Scenario | None
) -> Verdict:
    known = repeated(statement.quote, role)
    if known is None and embeddings_available():
        known = by_meaning(statement.quote, statement.subject, notes_for(role, scenario))
    if known is not None and known.truth != "unverifiable":
        return known
    if statement.subject == "alternative" and issue is not None and statement.stated is not None:
        worth = _alternative(statement.stated, issue, role, issues)
        known = worth or known
    return known or replace(undecided(WITHOUT_MEANING), open=True)


def _alternative(stated: Value, issue: Issue, role: Role, issues: Sequence[Issue]) -> Verdict | None:
    """Decide about an alternative that would beat the real one even with the worst of all the rest."""
    named = points_of(stated, issue, role)
    if named is None:
        return None
    low, high = scale(role, issues)
    worst = min(role.payoff.points(issue, value) for value in issue.values)
    least, reservation = low - worst + named, role.payoff.reservation
    if least <= reservation + LIMIT_TOLERANCE * (high - reservation):
        return None
    reason = f"would be worth at least {least:g} points, the real alternative is worth {reservation:g}"
    return Verdict("false", reason, reservation)
