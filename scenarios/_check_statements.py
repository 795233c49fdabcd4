"""Checking what a scenario says of the truth of statements: none may stand as true and as false."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from negosim._reading import Location, Problem, dotted

KINDS = ("alternative", "deadline", "fact")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def check_statements(roles: Sequence[Any]) -> Iterator[Problem]:
    """Find texts that are given both as true and as untrue for one role.

    Texts are the same where their words are, whatever their capitals and punctuation.

    Args:
        roles: those of the parsed file.

    """
    for number, role in enumerate(roles):
        if not isinstance(role, Mapping):
            continue
        seen: dict[tuple[str, ...], tuple[bool, Location]] = {}
        for where, text, true in _statements(role):
            words = tuple(_WORD.findall(text.casefold().replace("\u2019", "'")))
            before, place = seen.setdefault(words, (true, ("roles", number, *where)))
            if words and before != true:
                stands = "as true" if before else "as untrue"
                what = f"stands {stands} in {dotted(place)} already; keep one of the two"
                yield Problem(("roles", number, *where), what)


def _statements(role: Mapping[str, Any]) -> Iterator[tuple[Location, str, bool]]:
    """Yield each statement of a role with its place and whether it is true, as far as shapes are right."""
    for field, true in (("disclosures", True), ("fabrications", False)):
        given = role.get(field)
        said = given if isinstance(given, Mapping) else {}
        for kind in KINDS:
            yield from (((field, kind, n), text, true) for n, text in _texts(said.get(kind)))
    yield from ((("secrets", n), text, True) for n, text in _texts(role.get("secrets")))
    facts = role.get("facts")
    for n, fact in enumerate(facts if isinstance(facts, list | tuple) else ()):
        match fact:
            case {"text": str() as text, "true": bool() as settled}:
                yield ("facts", n, "text"), text, settled


def _texts(given: object) -> Iterator[tuple[int, str]]:
    for n, text in enumerate(given if isinstance(given, list | tuple) else ()):
        if isinstance(text, str):
            yield n, text
