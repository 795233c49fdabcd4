"""Checks of claims that others bring: functions registered as `negosim.registry.claim_check`."""

from collections.abc import Callable, Sequence
from typing import get_args

from negosim.errors import UserError
from negosim.judging._statement import Statement, Truth, Verdict
from negosim.registry import code_hash, load, plugins
from negosim.scenarios import Issue, Role

ClaimCheck = Callable[[Statement, Role, Sequence[Issue]], Verdict | None]
"""A check of one's own: a verdict on a statement (its `utterance` has all the words), None for no opinion."""

TRUTHS: tuple[Truth, ...] = get_args(Truth)


def by_own_checks(statement: Statement, role: Role, issues: Sequence[Issue]) -> Verdict | None:
    """Return the verdict of the first check that has an opinion, None where none has.

    Raises:
        UserError: a check cannot be loaded, failed, or returned what is no verdict.

    """
    for name in plugins("claim_checks"):
        found = _asked(name, statement, role, issues)
        if found is not None:
            return found
    return None


def identities() -> list[list[str]]:
    """Return the name, origin and hash of the source of each check.

    Raises:
        UserError: a check cannot be loaded.

    """
    found = plugins("claim_checks")
    return [[name, found[name].origin, code_hash(claim_check_of(name))] for name in found]


def claim_check_of(name: str) -> ClaimCheck:
    """Return a check of claims by name.

    Raises:
        UserError: there is none, it cannot be loaded, or it is no function.

    """
    found = load("claim_checks", name)
    if not callable(found):
        raise UserError(f"claim check {name!r} must be a function, not {found!r}")
    check: ClaimCheck = found
    return check


def _asked(name: str, statement: Statement, role: Role, issues: Sequence[Issue]) -> Verdict | None:
    check = claim_check_of(name)
    about = f"on {statement.quote!r} by {role.id}"
    try:
        given = check(statement, role, issues)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"claim check {name!r} failed {about}: {type(error).__name__}: {error}") from error
    if given is None or (isinstance(given, Verdict) and given.truth in TRUTHS):
        return given
    raise UserError(
        f"claim check {name!r} returned {given!r} {about}; it must return None or a "
        f"negosim.judging.Verdict whose truth is one of {', '.join(TRUTHS)}"
    )
