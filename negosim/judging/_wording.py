"""Claims in words, held against the notes of the brief by meaning: likeness, and checks by rule.

Each claim is described by a few signs (`signs`): how much of it the nearest notes say, and how much of it
the scenario gives the role to lie with; whether its numbers and moments are those of the notes; whether it
negates what they affirm; how it is put (all or none, a word that plays down, a condition); what it is about.
A linear model of three classes weighs them; `benchmarks/lie_check_fit.py` fits it to the committed claims
and `benchmarks/lie_check.py` measures it on scenarios it was not fitted to. "misleading" is never its
answer: a statement that is true in its words may still be chosen to mislead, and words alone do not show
that.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from negosim._quantities import Quantity, majorities_as_shares, quantities
from negosim.judging._embedding import content_words, coverage, embed
from negosim.judging._moments import OPEN, moments
from negosim.judging._notes import Notes, read_aloud
from negosim.judging._statement import Verdict
from negosim.records import Subject

SIGNS = (
    *("said", "said_made_up", "near_made_up", "polarity", "polarity_made_up"),
    *("number_same", "number_other", "number_made_up", "moment_same", "moment_other", "moment_made_up"),
    *("negates", "all_or_none", "plays_down", "conditional", "alternative", "deadline"),
)
"""In the order of `WEIGHTS`."""
WEIGHTS: tuple[tuple[float, ...], ...] = (
    (
        -2.48, 5.68, -2.28, 1.99, 0.36, -0.11, 1.55, -1.41, -0.63, 1.27,
        -1.36, -1.25, 0.73, 0.50, 1.35, 0.85, 0.44, 0.63,
    ),
    (
        -1.71, -1.19, 5.92, 1.83, -0.39, 0.37, -1.12, 2.06, 1.39, -1.06,
        1.52, 1.30, 0.05, 0.77, -0.31, 0.38, 0.62, 0.30,
    ),
    (
        4.19, -4.49, -3.64, -3.81, 0.04, -0.26, -0.44, -0.65, -0.76, -0.21,
        -0.16, -0.05, -0.78, -1.27, -1.05, -1.23, -1.06, -0.93,
    ),
)  # fmt: skip
"""By class (true, false, unknown): an intercept, then a weight for each sign."""
FALSE_FROM, TRUE_FROM = 0.65, 0.45
"""Least probabilities of a verdict; accusing an honest speaker is the worse mistake, and needs a
ground besides (`_ground`)."""

FEWEST_WORDS = 3
"""Words that say something, below which a claim is not compared, and never false (`_says_little`)."""

_NEAREST, _NEAR_ENOUGH, _SPREAD = 6, 0.3, 0.2
_COMPARED, _COMPARED_MADE_UP, _WITH_NUMBERS, _REACH = 8, 5, 4, 0.28
"""Notes whose words are compared, those of them made up, those whose numbers are; how near these must be."""
_SURE = 0.7
"""How near a note must be for a claim of the other polarity to be never true; and a made-up one, for the
claim not to repeat it."""
_EXACT, _ABOUT, _OTHER_UNIT, _ROUND, _LARGE = 0.03, 0.05, 0.1, 0.15, 1000
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")
"""A word with a capital inside a sentence."""
_HEDGE = re.compile(
    r"\b(?:about|around|some|close to|nearly|almost|roughly|better than|more than|over|under|less than|"
    r"not even|at most|at least|a little|up to|approximately|or so)\b"
)
_UNDER = re.compile(
    r"\b(?:under|less than|fewer than|within|below|not even|at most|up to|no more than|short of)\b"
)
_OVER = re.compile(r"\b(?:over|more than|above|at least|better than|no less than|no fewer than|upwards of)\b")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|no one|\w+n't)\b"
)
_ALL_OR_NONE = re.compile(
    r"\b(?:never|none|nobody|nothing|no one|not one|not a single|all|every|everybody|everyone|everything|"
    r"entire|always|at all)\b"
)
_PLAYS_DOWN = re.compile(
    r"\b(?:lack(?:s|ing)?|lapsed|refus\w+|denied|turned down|stopped|gave up|forbid\w*|banned|fail\w*|unable|"
    r"instead of|rather than|free of|rid of|stranger|far from|anything but|too \w+ to|least|fewer|less|only|"
    r"just|barely|scarcely)\b"
)
_CONDITIONAL = re.compile(r"\b(?:could|might|may|would|if|perhaps|possibly)\b")


def by_meaning(
    quote: str, subject: Subject, notes: Notes, weights: Sequence[Sequence[float]] = WEIGHTS
) -> Verdict:
    """Decide about a claim by the notes that are nearest in meaning."""
    described, close = signs(quote, subject, notes)
    true, false, _ = probabilities(described[None, :], weights)[0].tolist()
    little = _says_little(quote, described)
    if little and not _recognised(quote, close):
        told = f"too short to be compared; nearest: {read_aloud(close.nearest)}"
        return Verdict("unverifiable", told, open=True, lean=true - false)
    if false >= FALSE_FROM and not little and _ground(described, close):
        told = f"against the brief ({false:.0%}); nearest: {read_aloud(close.nearest_of_all)}"
        return Verdict("false", told, read_aloud(close.nearest), open=True, lean=true - false)
    if true >= max(TRUE_FROM, false) and not _contradicted(described, close):
        told = f"true in its words ({true:.0%}); nearest: {read_aloud(close.nearest)}"
        return Verdict("true", told, read_aloud(close.nearest), open=True, lean=true - false)
    told = f"neither the brief nor the payoff says; nearest: {read_aloud(close.nearest)}"
    return Verdict("unverifiable", told, open=True, lean=true - false)


def _says_little(quote: str, described: NDArray[np.float64]) -> bool:
    """Return whether a claim has fewer than `FEWEST_WORDS` words that say something: "We ship."

    A number or moment that is compared says enough.
    """
    found = dict(zip(SIGNS, described.tolist(), strict=True))
    compared = any(value for name, value in found.items() if name.startswith(("number_", "moment_")))
    return not compared and len(content_words(quote)) < FEWEST_WORDS


def _recognised(quote: str, close: "_Close") -> bool:
    """Return whether a note says nearly what a short claim says, or has a name that it has."""
    named = any(name in note for name in _NAME.findall(quote) for note in close.true)
    return named or close.likeness[:1] >= (_SURE,)


def _contradicted(described: NDArray[np.float64], close: "_Close") -> bool:
    """Return whether a number is another than the nearest notes have, or what they affirm is negated."""
    found = dict(zip(SIGNS, described.tolist(), strict=True))
    turned = found["polarity"] < 0 and close.likeness[0] >= _SURE
    other = any(found[f"{kind}_other"] > found[f"{kind}_same"] for kind in ("number", "moment"))
    return other or turned


def _ground(described: NDArray[np.float64], close: "_Close") -> bool:
    """Return whether something can be named that speaks against a claim.

    That is what contradicts it, a number or moment that is made up, or a made-up note as the nearest of all
    that it does not deny.
    """
    found = dict(zip(SIGNS, described.tolist(), strict=True))
    made_up = found["number_made_up"] or found["moment_made_up"]
    repeats = close.nearest_of_all != close.nearest and found["polarity_made_up"] > -_SURE
    return bool(made_up) or repeats or _contradicted(described, close)


def probabilities(
    described: NDArray[np.float64], weights: Sequence[Sequence[float]] = WEIGHTS
) -> NDArray[np.float64]:
    """Return, for each row of signs, how likely each class is."""
    table = np.asarray(weights)
    scores = described @ table[:, 1:].T + table[:, 0]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found


@dataclass(frozen=True)
class _Close:
    """Notes by their likeness to a claim, the nearest first."""

    true: tuple[str, ...]
    likeness: tuple[float, ...]
    made_up: tuple[str, ...]
    likeness_made_up: tuple[float, ...]

    @classmethod
    def to(cls, quote: str, notes: Notes) -> "_Close":
        claim = embed((quote,))[0]
        return cls(*_ordered(notes.true, claim), *_ordered(notes.made_up, claim))

    @property
    def nearest(self) -> str:
        return self.true[0] if self.true else ""

    @property
    def nearest_of_all(self) -> str:
        made_up = self.made_up and (not self.true or self.likeness_made_up[0] > self.likeness[0])
        return self.made_up[0] if made_up else self.nearest


def _ordered(notes: tuple[str, ...], claim: NDArray[np.float32]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    likeness = embed(notes) @ claim
    order = np.argsort(-likeness, kind="stable")
    return tuple(notes[i] for i in order), tuple(float(likeness[i]) for i in order)


def signs(quote: str, subject: Subject, notes: Notes) -> tuple[NDArray[np.float64], _Close]:
    """Return a claim's signs, and the notes by how near they are to it."""
    close, small = _Close.to(quote, notes), quote.casefold()
    found = {
        "said": coverage(quote, close.true[:_COMPARED]),
        "said_made_up": coverage(quote, close.made_up[:_COMPARED_MADE_UP]),
        "near_made_up": float(np.mean(close.likeness_made_up[:3] or (0.0,))),
        "polarity": _polarity(small, close.true, close.likeness),
        "polarity_made_up": _polarity(small, close.made_up, close.likeness_made_up),
        **_numbers(quote, close),
        **_moments(quote, notes, close),
        "negates": _odd(small),
        "all_or_none": bool(_ALL_OR_NONE.search(small)),
        "plays_down": bool(_PLAYS_DOWN.search(small)),
        "conditional": bool(_CONDITIONAL.search(small)),
        "alternative": subject == "alternative",
        "deadline": subject == "deadline",
    }
    return np.array([float(found[name]) for name in SIGNS]), close


def _polarity(claim: str, notes: Sequence[str], likeness: Sequence[float]) -> float:
    """Return how near the nearest note is, negative where one of the two negates and the other does not."""
    if not notes:
        return 0.0
    return likeness[0] if _odd(notes[0].casefold()) == _odd(claim) else -likeness[0]


def _moments(claim: str, notes: Notes, close: "_Close") -> dict[str, bool]:
    """Return whether a moment of a claim is one of a near note, another, or one that is made up."""
    named = moments(claim, notes.today)
    near = max(_NEAR_ENOUGH, close.likeness[0] - _SPREAD) if named and close.likeness else 0.0
    beside = zip(close.true[:_NEAREST], close.likeness, strict=False)
    holds = [one for note, alike in beside if alike > near for one in _dated(note, notes.today)]
    nearest = moments(" ".join(close.true[:_WITH_NUMBERS]), notes.today)
    true, made_up = moments(" ".join(notes.true), notes.today), moments(" ".join(notes.made_up), notes.today)
    other = bool(holds) and not named & nearest and not named & set(holds)
    return {
        "moment_same": bool(named & nearest),
        "moment_other": bool(_dated(claim, notes.today)) and other,
        "moment_made_up": bool(named & (made_up - true)),
    }


def _dated(text: str, today: date | None) -> set[int | str]:
    """Return the moments that a text affirms: "not this week" is no date."""
    named = moments(text, today)
    return named & {OPEN} if _odd(text.casefold()) else named


def _odd(text: str) -> bool:
    """Return whether a text negates; two negations make an affirmation."""
    return len(_NEGATION.findall(text)) % 2 == 1


def _numbers(claim: str, close: _Close) -> dict[str, bool]:
    """Return whether a number of a claim is in the notes, stands against others there, or is made up."""
    near = max(_NEAR_ENOUGH, close.likeness[0] - _SPREAD) if close.likeness else 0.0
    known = _numbers_of(close.true[:_NEAREST], close.likeness, near)
    said = [number for number in _quantities(claim) if number.kind or number.value != 1]
    tolerance, bound = _ROUND if _HEDGE.search(claim.casefold()) else _EXACT, _bound(claim.casefold())
    same = other = False
    for number in said:
        compared = [one for one in known if _comparable(number, one)]
        fits = any(_alike(one, number, tolerance) or bound(one.value, number.value) for one in compared)
        same, other = same or fits, other or bool(compared and not fits)
    around = _numbers_of(close.true[:_COMPARED], close.likeness, _REACH)
    invented = _numbers_of(close.made_up[:_WITH_NUMBERS], close.likeness_made_up, _REACH)
    return {
        "number_same": same,
        "number_other": other,
        "number_made_up": _any_alike(said, invented) and not _any_alike(said, around),
    }


def _bound(claim: str) -> Callable[[float, float], bool]:
    """Return whether a number fits one that a claim says things are under, or over: up to a factor of two."""
    under, over = bool(_UNDER.search(claim)), bool(_OVER.search(claim))
    if under == over:
        return lambda real, said: False
    return lambda real, said: said / 2 <= real <= said if under else said <= real <= 2 * said


def _numbers_of(notes: Sequence[str], likeness: Sequence[float], near: float) -> list[Quantity]:
    close = (note for note, alike in zip(notes, likeness, strict=False) if alike > near)
    return [number for note in close for number in _quantities(note)]


def _quantities(text: str) -> list[Quantity]:
    return quantities(majorities_as_shares(text))


def _any_alike(some: Sequence[Quantity], others: Sequence[Quantity]) -> bool:
    return any(one.kind == other.kind and _alike(one, other, _ABOUT) for one in some for other in others)


def _alike(one: Quantity, other: Quantity, tolerance: float) -> bool:
    """Return whether two numbers say the same; six weeks are a month and a half."""
    if one.kind == "time" == other.kind and one.value * other.count != other.value * one.count:
        tolerance = max(tolerance, _OTHER_UNIT)
    return abs(one.value - other.value) <= tolerance * max(one.value, other.value)


def _comparable(one: Quantity, other: Quantity) -> bool:
    if one.kind == other.kind:
        alike = one.thing == other.thing or min(one.value, other.value) >= _LARGE
        return bool(one.kind) or (alike and other.value != 1)
    return {one.kind, other.kind} == {"", "money"} and max(one.value, other.value) >= _LARGE
