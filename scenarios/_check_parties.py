"""Checking what a scenario says of several roles: agreement, speaking order, side messages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from negosim._reading import Problem
from negosim.scenarios._parties import Agreement, SpeakingOrder

AGREEMENT: TypeAdapter[Agreement] = TypeAdapter(Agreement)
ORDER: TypeAdapter[SpeakingOrder] = TypeAdapter(SpeakingOrder)


def check_parties(data: Mapping[str, Any], *, deals: bool) -> Iterator[Problem]:
    """Find what is wrong with them beyond their shape.

    Args:
        data: the parsed file.
        deals: whether it has issues.

    """
    roles = data.get("roles")
    given = roles if isinstance(roles, list | tuple) else []
    named = [role.get("id") for role in given if isinstance(role, Mapping)]
    ids = [role for role in named if isinstance(role, str)]
    if not ids or len(ids) < len(given):
        return
    if data.get("agreement") is not None:
        yield from _check_agreement(data["agreement"], ids, deals=deals)
    order = _sound(ORDER, data.get("order"))
    if order is not None and order.chair is not None and order.chair not in ids:
        yield Problem(("order",), _no_role(order.chair, ids))
    if data.get("side_messages") is True and len(ids) < 3:
        what = "with two roles there is nobody to keep a message from; remove it, or add a role"
        yield Problem(("side_messages",), what)


def _check_agreement(given: object, ids: Sequence[str], *, deals: bool) -> Iterator[Problem]:
    if not deals:
        yield Problem(("agreement",), "there are no issues to agree on; remove it, or add issues")
    agreement = _sound(AGREEMENT, given)
    if agreement is None:
        return
    for number, role in enumerate(agreement.includes):
        if role not in ids:
            yield Problem(("agreement", "includes", number), _no_role(role, ids))
    if isinstance(agreement.at_least, int) and agreement.at_least > len(ids):
        what = f"{agreement.at_least} are more than the {len(ids)} roles; write at most {len(ids)}"
        yield Problem(("agreement", "at_least"), what)


def _no_role(role: str, ids: Sequence[str]) -> str:
    return f"{role!r} is no role; choose one of {', '.join(ids)}"


def _sound(adapter: TypeAdapter[Any], given: object) -> Any:
    try:
        return None if given is None else adapter.validate_python(given)
    except ValidationError:
        return None
