"""Moments in what people say: "tomorrow", "by Friday", "tonight", as days from a day that is known."""

import re
from datetime import date

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEAR = {
    "yesterday": -1, "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
    "midnight": 0, "within the hour": 0, "within hours": 0, "tomorrow": 1,
}  # fmt: skip
_LOOSE = ("this week", "this weekend", "next week", "within days")
_MOMENT = re.compile(rf"\b(?:{'|'.join((*_NEAR, *_LOOSE, *_DAYS))})\b")


def moments(text: str, today: date | None) -> set[int | str]:
    """Return the moments a text names: days from `today`, or their words where that is not known.

    A weekday is the next one; "next week" and its like stay words.
    """
    return {_moment(word, today) for word in _MOMENT.findall(text.casefold())}


def _moment(word: str, today: date | None) -> int | str:
    if word in _NEAR:
        return _NEAR[word]
    if word in _DAYS and today is not None:
        return (_DAYS.index(word) - today.weekday()) % 7
    return word
