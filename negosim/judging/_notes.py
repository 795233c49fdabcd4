"""A role's brief as notes that a claim can be held against."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from negosim.scenarios import Role, Scenario, Statements

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
_WHOLE = re.compile(r"(?<=[.!?])\s+|\n+")
"""Between sentences that are shown: a colon or semicolon does not end one."""
_CLAUSE = re.compile(
    r",\s+(?:and|but|so|because|since|while|although|though|which|who|as)?\s*|;\s+|:\s+|"
    r"\s+(?:and|but|because|although|while|since)\s+"
)
_FIRST_PERSON = tuple(
    (re.compile(rf"\b{second}\b", re.IGNORECASE), first)
    for second, first in (
        ("you are", "I am"),
        ("you were", "I was"),
        ("your", "my"),
        ("yours", "mine"),
        ("yourself", "myself"),
        ("you", "I"),
    )
)
_OBJECT = re.compile(
    r"\bI\b(?=\s*(?:[.,;:?!]|$)|\s+(?:a|about|an|and|both|by|for|from|how|in|last|least|less|money|out|over|"
    r"slowly|than|that|the|to|well|why|without)\b)"
)
"""An "I" that no verb follows: "binds I.", "asked I to ..."."""
_SHORTEST = 3
"""Words of a clause that stands for itself."""


@dataclass(frozen=True)
class Notes:
    """Sentences and clauses, in the role's own voice."""

    true: tuple[str, ...]
    """What the brief, the alternative, secrets, interests, disclosures, arguments and the context say."""
    made_up: tuple[str, ...]
    """What the scenario gives the role to lie with."""
    today: date | None = None


def notes_of(role: Role, context: str = "", today: date | None = None) -> Notes:
    """Return what can be known of a role's side."""
    own = (role.brief, role.alternative, *role.secrets, *role.interests)
    said = (*_sentences(role.disclosures), *(text for texts in role.arguments.values() for text in texts))
    settled = [fact.text for fact in role.facts if fact.true]
    invented = [fact.text for fact in role.facts if not fact.true]
    true = (*_parts(map(_first_person, own)), *_parts(said), *_parts([context, *settled]))
    hints = _parts([_first_person(role.deceptive_brief or "")])
    made_up = (*_parts([*_sentences(role.fabrications), *invented]), *hints)
    return Notes(tuple(dict.fromkeys(true)), tuple(dict.fromkeys(made_up)), today)


def notes_for(role: Role, scenario: Scenario | None) -> Notes:
    """Return a role's notes, with what everybody knows where the scenario is given."""
    return notes_of(role) if scenario is None else notes_of(role, scenario.context, scenario.today)


@dataclass(frozen=True)
class Note:
    """A sentence that a model is shown of a role's side, with the number it names it by."""

    number: int
    text: str
    true: bool


def numbered_notes(role: Role, scenario: Scenario) -> dict[str, tuple[Note, ...]]:
    """Return the sentences of a role's side, by the part of the notes they stand in.

    What would be untrue to say is in `untruths`, everything else holds.
    """
    known = (fact.text for fact in role.facts if fact.true)
    invented = (fact.text for fact in role.facts if not fact.true)
    arguments = (text for texts in role.arguments.values() for text in texts)
    parts: dict[str, Iterable[str]] = {
        "context": [scenario.context],
        "brief": [role.brief],
        "alternative": [role.alternative],
        "interests": role.interests,
        "secrets": role.secrets,
        "truths": [*known, *_sentences(role.disclosures), *arguments],
        "untruths": [*invented, *_sentences(role.fabrications)],
    }
    number = count(1)
    return {
        part: tuple(
            Note(next(number), " ".join(sentence.split()), part != "untruths")
            for text in texts
            for sentence in _WHOLE.split(text)
            if sentence.strip()
        )
        for part, texts in parts.items()
    }


def shown_notes(role: Role, scenario: Scenario) -> dict[str, Any]:
    """Return what the template `notes` shows of a role's side."""
    return {
        "speaker": role,
        "today": scenario.today and f"{scenario.today:%A}, {scenario.today:%d %B %Y}",
        "notes": numbered_notes(role, scenario),
    }


def _sentences(statements: Statements) -> tuple[str, ...]:
    return (*statements.alternative, *statements.deadline, *statements.fact)


def _parts(texts: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of texts, and the clauses of those that have several."""
    for text in texts:
        for sentence in filter(None, map(str.strip, _SENTENCE.split(text))):
            yield sentence
            clauses = [part for part in _CLAUSE.split(sentence) if part and len(part.split()) >= _SHORTEST]
            if len(clauses) > 1:
                yield from clauses


def read_aloud(note: str) -> str:
    """Return a note as a person would say it: what was "you" may be "me"; embeddings take it as it is.

    Examples:
        >>> read_aloud("A signature binds I, and I asked for that.")
        'A signature binds me, and I asked for that.'

    """
    return _OBJECT.sub("me", note)


def _first_person(text: str) -> str:
    for second, first in _FIRST_PERSON:
        text = second.sub(first, text)
    return text
