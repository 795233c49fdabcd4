"""Checks of words before they are said: private things that leak, words that contradict the move.

Nothing here decides alone: an utterance in which something is found is asked for again once, and where it is
found again the turn is marked with it (`Turn.marks`). So each sign is one that ordinary speech rarely has.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from negosim._quantities import quantities
from negosim.scenarios import Issue, Value
from negosim.views import View

COPIED = 10
"""Words in a row of a private thought that are no chance."""

_POINTS = re.compile(r"\b(?:worth\s+)?\d[\d.,]*\s+points\b(?!\s+of\b)", re.IGNORECASE)
_STAGE_DIRECTION = re.compile(r"\A\s*[(\[][^)\]]{3,}[)\]]|\*[A-Za-z][^*\n]{2,}\*")
_WORD = re.compile(r"[\w']+")
_ACCEPTS = re.compile(
    r"\b(?:I|we) (?:gladly |happily |hereby )?accept (?:your|this|that|the) (?:offer|proposal|terms)\b"
    r"|\bwe have a deal\b|\bit'?s a deal\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|once|unless|provided|when|would|could|cannot|can't|before|until)\b|\?", re.IGNORECASE
)
_I_PAY = re.compile(r"\b(?:I|we)(?:'ll| will| can| could| want to| would like to)? pay you\b", re.IGNORECASE)
_YOU_PAY = re.compile(r"\byou(?:'ll| will| can| could| would)? pay (?:me|us)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def leaks(text: str, view: View) -> list[str]:
    """Return what is private in words that are to be said, as reasons to say them otherwise."""
    found = []
    if _POINTS.search(text) and "points" not in _public(view):
        found.append("your points are private; speak of what you want, without numbers of points")
    if any(_says(text, name) for name in _ids(view)):
        found.append("an id was said aloud; use ordinary words for it")
    if _STAGE_DIRECTION.search(text):
        found.append("stage directions were written; write only what is said aloud")
    if view.reflection and _copies(text, view.reflection):
        found.append("your private thought was said aloud; keep it to yourself")
    return found


def disagreements(text: str, action: str, offer: Mapping[str, Value] | None, view: View) -> list[str]:
    """Return where words contradict the move they go with, as reasons to mend either."""
    agreed = offer if action == "offer" else view.table.acceptable_by(view.side.index)
    found = []
    if action in ("offer", "accept") and agreed:
        found = [
            f"the words name another value of {issue.name} than the move, which has "
            f"{issue.label(agreed[issue.id])}"
            for issue in view.side.issues
            if issue.id in agreed and _names_another(text, issue, agreed, view.side.issues)
        ]
    if action == "talk" and agreed and any(map(_accepts, _SENTENCE.split(text))):
        found.append(
            'the words accept the offer on the table, the move is "talk"; make it "accept", or say otherwise'
        )
    if (wrong := _wrong_direction(text, view)) is not None:
        found.append(wrong)
    return found


def _accepts(sentence: str) -> bool:
    return bool(_ACCEPTS.search(sentence)) and not _CONDITION.search(sentence)


def _names_another(text: str, issue: Issue, agreed: Mapping[str, Value], issues: tuple[Issue, ...]) -> bool:
    """Return whether words name values of an issue, and the agreed one is not among them."""
    value = agreed[issue.id]
    if issue.range is None:
        said = {option.id for option in issue.options or () if _says(text, option.label)}
        return bool(said) and value not in said
    if issue.range.prefix.strip() != "$" or isinstance(value, str):
        return False  # of other numbers it is not plain what they count
    elsewhere = {
        agreed[other.id] for other in issues if other.id != issue.id and other.range and other.id in agreed
    }
    said_sums = [
        number.value
        for number in quantities(text)
        if number.kind == "money"
        and issue.range.min <= number.value <= issue.range.max
        and number.value not in elsewhere
    ]
    return bool(said_sums) and all(abs(one - value) > 1e-6 + 0.01 * abs(value) for one in said_sums)


def _wrong_direction(text: str, view: View) -> str | None:
    """Return what is wrong where who is paid offers to pay, or who pays asks to be paid."""
    gains = set()
    for issue in view.side.issues:
        if issue.range is not None and issue.range.prefix.strip() == "$":
            points = [view.side.role.payoff.points(issue, value) for value in issue.values]
            steps = {(after > before) - (after < before) for before, after in pairwise(points)} - {0}
            gains.add(steps.pop() if len(steps) == 1 else 0)
    if gains == {1} and _I_PAY.search(text):
        return "the words offer to pay, but it is your side that is paid"
    if gains == {-1} and _YOU_PAY.search(text):
        return "the words ask to be paid, but it is your side that pays"
    return None


def _ids(view: View) -> list[str]:
    """Return the ids that are no ordinary words: of several parts, and nowhere in what is public."""
    public = _public(view)
    issues = view.side.issues
    names = [issue.id for issue in issues]
    names += [option.id for issue in issues for option in issue.options or ()]
    names += list(view.side.tactics.by_id)
    return [name for name in names if re.search(r"[-_]", name) and name.casefold() not in public]


def _public(view: View) -> str:
    side = view.side
    labels = [option.label for issue in side.issues for option in issue.options or ()]
    units = [issue.range.unit for issue in side.issues if issue.range]
    named = [f"{issue.name} {issue.phrase} {issue.description or ''}" for issue in side.issues]
    said: list[Any] = [turn.text for turn in view.transcript]
    return " ".join([side.context, *labels, *units, *named, *said]).casefold()


def _says(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE))


def _copies(text: str, thought: str) -> bool:
    said = _WORD.findall(text.casefold())
    runs = {tuple(said[at : at + COPIED]) for at in range(len(said) - COPIED + 1)}
    own = _WORD.findall(thought.casefold())
    return any(tuple(own[at : at + COPIED]) in runs for at in range(len(own) - COPIED + 1))
