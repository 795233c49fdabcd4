"""Claims in words, held against the notes of the brief by meaning: sentence similarity with checks by rule.

Each claim is described by a few signs (`signs`): how near it is to what the brief says and to what the
scenario gives the role to lie with; whether its numbers are those of the nearest notes, or others of their
kind; whether it negates what they affirm, has the opposite of one of their words, names a moment that no
note names, claims all or none. A linear model of three classes weighs them; `benchmarks/lie_check_fit.py`
fits it to the committed claims and `benchmarks/lie_check.py` measures it on scenarios it was not fitted to.
"misleading" is never its answer: a statement that is true in its words may still be chosen to mislead, and
words alone do not show that.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from negosim._quantities import Quantity, quantities
from negosim.judging._embedding import embed
from negosim.judging._moments import moments
from negosim.judging._notes import Notes
from negosim.judging._statement import Verdict

SIGNS = (
    *("near", "near_made_up", "number_same", "number_other", "negated"),
    *("opposite", "moment_new", "moment_same", "all_or_none"),
)
"""In the order of `WEIGHTS`."""
WEIGHTS: tuple[tuple[float, ...], ...] = (
    (-3.33, 6.87, -0.52, 1.98, -1.46, -0.17, -1.40, -1.36, 2.20, 0.27),
    (-0.38, -2.54, 5.11, -0.91, 2.25, 1.33, 1.85, 2.13, -1.44, 0.84),
    (3.72, -4.33, -4.59, -1.06, -0.79, -1.16, -0.45, -0.77, -0.76, -1.11),
)
"""By class (true, false, unknown): an intercept, then a weight for each sign."""
FALSE_FROM, TRUE_FROM = 0.75, 0.55
"""Least probabilities of a verdict; accusing an honest speaker is the worse mistake."""

_NEAREST, _NEAR_ENOUGH, _SPREAD = 6, 0.3, 0.2
_CLOSE_NOTES, _CLOSE_ENOUGH, _CLOSE_SPREAD = 4, 0.4, 0.1
_EXACT, _ROUND, _LARGE = 0.03, 0.15, 1000
_HEDGE = re.compile(
    r"\b(?:about|around|some|close to|nearly|almost|roughly|better than|more than|over|under|less than|"
    r"not even|at most|at least|a little|up to|approximately|or so)\b"
)
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|no one|\w+n't)\b"
)
_ALL_OR_NONE = re.compile(
    r"\b(?:never|none|nobody|nothing|all|every|everybody|everyone|entire|whole|any|always|at all)\b"
)
_WORD = re.compile(r"[a-z']+")
_OPPOSITES = (
    "cheaper dearer, cheap dear, lower higher, less more, more fewer, many few, full empty, good bad, "
    "good poor, rose fell, rise fall, risen fallen, grow shrink, growing shrinking, surplus deficit, "
    "profit loss, gain loss, earns loses, earn lose, won lost, for against, early late, long short, "
    "longer shorter, better worse, best worst, increase decrease, up down, larger smaller, accepted "
    "refused, accept refuse, stay leave, open closed, strong weak, stronger weaker, new old, easy hard, "
    "certain uncertain, sure unsure, valid lapsed, same different, first last, rich poor, dry wet, safe "
    "risky, quick slow, fast slow, worn sound, sole joint, before after, within beyond, ahead behind, "
    "willing unwilling, able unable, like dislike, alone together, over under, public private"
)
_OPPOSITE: dict[str, set[str]] = {}
for _pair in _OPPOSITES.split(", "):
    _one, _other = _pair.split()
    _OPPOSITE.setdefault(_one, set()).add(_other)
    _OPPOSITE.setdefault(_other, set()).add(_one)


def by_meaning(quote: str, notes: Notes, weights: Sequence[Sequence[float]] = WEIGHTS) -> Verdict:
    """Decide about a claim by the notes that are nearest in meaning."""
    described, nearest, invented = signs(quote, notes)
    true, false, _ = probabilities(described[None, :], weights)[0].tolist()
    if false >= FALSE_FROM:
        told = f"against the brief ({false:.0%}); nearest: {invented or nearest}"
        return Verdict("false", told, nearest, open=True, lean=true - false)
    if true >= TRUE_FROM and not _contradicted(described):
        told = f"true in its words ({true:.0%}); nearest: {nearest}"
        return Verdict("true", told, nearest, open=True, lean=true - false)
    told = f"neither the brief nor the payoff says; nearest: {nearest}"
    return Verdict("unverifiable", told, open=True, lean=true - false)


def _contradicted(described: NDArray[np.float64]) -> bool:
    """Return whether a number is another than the nearest notes have, or what they affirm is negated."""
    found = dict(zip(SIGNS, described.tolist(), strict=True))
    return bool(found["number_other"] > found["number_same"] or found["negated"])


def probabilities(
    described: NDArray[np.float64], weights: Sequence[Sequence[float]] = WEIGHTS
) -> NDArray[np.float64]:
    """Return, for each row of signs, how likely each class is."""
    table = np.asarray(weights)
    scores = described @ table[:, 1:].T + table[:, 0]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found


def signs(quote: str, notes: Notes) -> tuple[NDArray[np.float64], str, str | None]:
    """Return a claim's signs, the note nearest to it, and the made-up one where that is nearer."""
    claim = embed((quote,))[0]
    true, made_up = embed(notes.true) @ claim, embed(notes.made_up) @ claim
    order = np.argsort(-true)
    near, near_made_up = float(true[order[0]]), float(made_up.max(initial=0.0))
    nearest = [notes.true[i] for i in order[:_NEAREST] if true[i] > max(_NEAR_ENOUGH, near - _SPREAD)]
    close = [
        notes.true[i] for i in order[:_CLOSE_NOTES] if true[i] >= max(_CLOSE_ENOUGH, near - _CLOSE_SPREAD)
    ]
    best, small = notes.true[order[0]], quote.casefold()
    same, other = _numbers(quote, nearest)
    named, known = moments(quote, notes.today), moments(" ".join(notes.true), notes.today)
    found = {
        "near": near,
        "near_made_up": near_made_up,
        "number_same": same,
        "number_other": other,
        "negated": near * (near > _CLOSE_ENOUGH and _odd(small) != _odd(best.casefold())),
        "opposite": near * _opposed(small, close),
        "moment_new": bool(named - known),
        "moment_same": bool(named & moments(" ".join(nearest[:_CLOSE_NOTES]), notes.today)),
        "all_or_none": bool(_ALL_OR_NONE.search(small)),
    }
    invented = notes.made_up[int(made_up.argmax())] if near_made_up > near else None
    return np.array([float(found[name]) for name in SIGNS]), best, invented


def _odd(text: str) -> bool:
    """Return whether a text negates; two negations make an affirmation."""
    return len(_NEGATION.findall(text)) % 2 == 1


def _opposed(claim: str, notes: Sequence[str]) -> bool:
    words = set(_WORD.findall(claim))
    opposites = {other for word in words for other in _OPPOSITE.get(word, ())} - words
    return any(
        _OPPOSITE[word] & words - said
        for said in (set(_WORD.findall(note.casefold())) for note in notes)
        for word in opposites & said
    )


def _numbers(claim: str, notes: Sequence[str]) -> tuple[bool, bool]:
    """Return whether a number of a claim is in the notes, and whether one stands against others there."""
    tolerance = _ROUND if _HEDGE.search(claim.casefold()) else _EXACT
    known = [number for note in notes for number in quantities(note)]
    same = other = False
    for number in quantities(claim):
        if not number.kind and number.value == 1:
            continue
        compared = [one for one in known if _comparable(number, one)]
        fits = [abs(one.value - number.value) <= tolerance * max(one.value, number.value) for one in compared]
        same, other = same or any(fits), other or bool(compared and not any(fits))
    return same, other


def _comparable(one: Quantity, other: Quantity) -> bool:
    if one.kind == other.kind:
        alike = one.thing == other.thing or min(one.value, other.value) >= _LARGE
        return bool(one.kind) or (alike and other.value != 1)
    return {one.kind, other.kind} == {"", "money"} and max(one.value, other.value) >= _LARGE
