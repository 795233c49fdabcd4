"""Numbers in what people say: "$160,000", "fifty-eight percent", "twenty-seven and a half", "six in ten".

Each is read as a `Quantity`, a value with the kind of thing it counts, so that "a fifth" and "22 per cent"
can be compared. Durations are in days, shares in per cent; a bare number has no kind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS: dict[str, float] = {
    **{word: float(number) for number, word in enumerate(_UNITS)},
    **{word: 10.0 * number for number, word in enumerate(_TENS, 2)},
    "dozen": 12.0,
}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "m": 1e6}
_PARTS = {
    "half": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4, "fifth": 1 / 5,
    "fifths": 1 / 5, "sixth": 1 / 6, "tenth": 1 / 10, "tenths": 1 / 10,
}  # fmt: skip
_KINDS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("percent", "%", "percents"), ("share", 1.0)),
    **dict.fromkeys(("day", "days"), ("time", 1.0)),
    **dict.fromkeys(("week", "weeks"), ("time", 7.0)),
    **dict.fromkeys(("month", "months"), ("time", 30.4)),
    **dict.fromkeys(("year", "years"), ("time", 365.0)),
    **dict.fromkeys(("hour", "hours"), ("time", 1 / 24)),
    **dict.fromkeys(("dollar", "dollars", "$"), ("money", 1.0)),
    **dict.fromkeys(("cent", "cents"), ("money", 0.01)),
}
_TOKEN = re.compile(r"\$|%|\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+|[a-z]+|[^\w\s]", re.IGNORECASE)
_EVEN = re.compile(
    r"\bfifty[- ]fifty\b|\b50[-/ ]50\b|\beven (?:odds|chances?)\b|"
    r"\b(?:odds|chances?) (?:are|at) (?:about |roughly )?even\b",
    re.IGNORECASE,
)
"""Words for one half, of chances."""
_COUPLE = re.compile(r"\ba couple(?: of)?\b", re.IGNORECASE)
_FORTNIGHT = re.compile(r"\b(?:a|one) fortnight\b", re.IGNORECASE)
_BEFORE_PARTS = {"by", "about", "nearly", "almost", "roughly", "than", "over", "under", "another"}
_TIMES = {"last", "this", "since", "within", "over", "every", "each", "during"}
"""What may follow a part that such a word goes before: "fell by a fifth last year"."""
_GAPS = {"more", "less", "of", "full", "whole", "good", "working", "straight", "long", "short"}
"""Words that may stand between a number and what it counts."""


_AFTER_PARTS = {
    "of",
    "less",
    "more",
    "fewer",
    "off",
    "lower",
    "higher",
    "below",
    "above",
    "and",
    "or",
    "to",
    "in",
}


@dataclass(frozen=True)
class Quantity:
    """A number and the kind of thing it counts."""

    value: float
    kind: str = ""
    """"share" (per cent), "time" (days), "money" (dollars); empty where the words do not say."""
    count: float = 0.0
    """The number as it was said: 7 of "seven weeks"."""
    thing: str = ""
    """The word after it, of a bare number: "seats"."""


def quantities(text: str) -> list[Quantity]:
    """Return the numbers of a text in order, written in digits or in words."""
    text = _FORTNIGHT.sub(
        "two weeks", _COUPLE.sub("two", _EVEN.sub("50 percent", text.replace("per cent", "percent")))
    )
    return list(_read([token.casefold() for token in _TOKEN.findall(text.replace("-", " "))]))


def _read(tokens: list[str]) -> Iterator[Quantity]:
    at = 0
    while at < len(tokens):
        found = _number(tokens, at)
        if found is None and (halves := _unit_and_a_half(tokens, at)) is not None:
            yield halves
            at += _LENGTH_AND_A_HALF
            continue
        if found is None:
            at += 1
            continue
        value, end, part = found
        dollars = at > 0 and tokens[at - 1] == "$"
        ratio = _ratio(tokens, end)
        after = end + (part and tokens[end : end + 1] in (["a"], ["an"]))  # half a year
        while after < len(tokens) and tokens[after] in _GAPS and after - end < 2:
            after += 1
        unit = tokens[after] if after < len(tokens) else ""
        if ratio is not None and 0 < value < ratio[0] <= 100:
            yield Quantity(100 * value / ratio[0], "share", value)
            end = ratio[1]
        elif dollars:
            yield Quantity(value, "money", value)
        elif unit in _KINDS:
            kind, factor = _KINDS[unit]
            yield Quantity(value * factor, kind, value)
        elif part:
            yield Quantity(100 * value, "share", value)
        else:
            yield Quantity(value, "", value, unit if unit.isalpha() and len(unit) > 3 else "")
        at = max(end, at + 1)


def _ratio(tokens: list[str], end: int) -> tuple[float, int, bool] | None:
    """Return the whole that a number stands against: "six seats in ten", "nine times out of ten"."""
    for at in (end, end + 1):
        of = 2 if tokens[at : at + 2] == ["out", "of"] else 1 if tokens[at : at + 1] == ["in"] else 0
        if of:
            return _number(tokens, at + of)
    return None


_SMALL = "(?:" + "|".join(_UNITS) + r"|\d{1,2})"
_NO_UNIT = (
    r"(?![-\w])(?!\s*%|\s+(?:percent|per cent|hundred|thousand|million|hours?|days?|weeks?|months?|years?)\b)"
)
_PART = re.compile(rf"\b({_SMALL}) (?:out )?of (?:(?:the|my|our|its|those|these) )?({_SMALL}){_NO_UNIT}")
_VOTES = re.compile(rf"(?<!from )(?<![$.\d])\b({_SMALL}) (?:to|against) ({_SMALL}){_NO_UNIT}")


def majorities_as_shares(text: str) -> str:
    """Write parts of small wholes, and votes, as per cent: "three of the five", "three to two".

    "One of the three" names a member and no share, "two to three" is a range, and what is counted in days
    and the like is no whole of people or things.

    Examples:
        >>> majorities_as_shares("three of my five members; it leans three to two")
        '60 percent members; it leans 60 percent'

    """

    def part(match: re.Match[str]) -> str:
        some, whole = map(_small, match.groups())
        return f"{100 * some / whole:g} percent" if 1 < some < whole else match[0]

    def votes(match: re.Match[str]) -> str:
        ayes, noes = map(_small, match.groups())
        return f"{100 * ayes / (ayes + noes):g} percent" if ayes > noes > 0 else match[0]

    return _VOTES.sub(votes, _PART.sub(part, text.casefold()))


def _small(number: str) -> float:
    return float(number) if number.isdigit() else _WORDS[number]


_LENGTH_AND_A_HALF = 5


def _unit_and_a_half(tokens: list[str], at: int) -> Quantity | None:
    """Read "a month and a half"."""
    match tokens[at : at + _LENGTH_AND_A_HALF]:
        case ["a" | "an", unit, "and", "a", "half"] if unit in _KINDS:
            kind, factor = _KINDS[unit]
            return Quantity(1.5 * factor, kind, 1.5)
    return None


def _number(tokens: list[str], at: int) -> tuple[float, int, bool] | None:
    """Return the number that begins at a token, where it ends, and whether it is a part of one."""
    total, current, end, seen = 0.0, 0.0, at, False
    article = tokens[at] in ("a", "an") if at < len(tokens) else False
    if article:
        end += 1
    while end < len(tokens):
        word = tokens[end]
        if word[0].isdigit() or (word[0] == "." and len(word) > 1):
            if seen:
                break
            current, seen = float(word.replace(",", "")), True
        elif word in _WORDS:
            if (
                seen
                and not (current % 100 >= 20 and current % 10 == 0 and _WORDS[word] < 10)
                and current % 100
            ):
                break
            current, seen, article = current + _WORDS[word], True, False
        elif word in _SCALES and (seen or article):
            if word in ("k", "m") and not tokens[end - 1][0].isdigit():
                break
            scale = _SCALES[word]
            if scale == 1e2:
                current = (current or 1) * scale
            else:
                total, current = total + (current or 1) * scale, 0.0
            seen = True
        elif word == "and" and seen and end + 1 < len(tokens):
            if tokens[end + 1 : end + 3] == ["a", "half"]:
                scale = _SCALES.get(tokens[end + 3], 0.0) if end + 3 < len(tokens) else 0.0
                if scale >= 1e3:
                    return ((total + current + 0.5) * scale, end + 4, False)
                return (total + current + _half(total), end + 3, False)
            if tokens[end + 1] not in _WORDS or not (total or current >= 100):
                break
        elif word in _PARTS and (seen or word == "half" or (article and _is_part(tokens, end))):
            return ((total + current or 1) * _PARTS[word], end + 1, True)
        else:
            break
        end += 1
    return (total + current, end, False) if seen else None


def _is_part(tokens: list[str], at: int) -> bool:
    """Return whether "a third" is a part of something, and not one after a second: "a third party"."""
    if at > 1 and tokens[at - 2] in _BEFORE_PARTS and at + 2 < len(tokens) and tokens[at + 1] in _TIMES:
        return True
    return at + 1 >= len(tokens) or not tokens[at + 1].isalpha() or tokens[at + 1] in _AFTER_PARTS


def _half(total: float) -> float:
    """Return what "and a half" adds to a number: half of its last scale."""
    return next((scale / 2 for scale in (1e9, 1e6, 1e3) if total >= scale), 0.5)
